//go:build linux || darwin

package service

import (
	"bytes"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"ezvpn/client/profile"
)

// canary is a secret that would be found wherever it leaked to.
const canary = "c4n4ry-gr0up-k3y"

// pushed is a profile as somebody would push it, with its secret.
const pushed = "# of the branch office\r\nname  = \"office\"\r\npeers = [\"192.0.2.1\"] # one\r\n\r\n[group]\r\nname = \"unity\"\r\n" +
	"key  = \"" + canary + "\" # to be sealed\r\n[dpd]\r\ninterval = 30\r\n"

// TestSealing: the secret goes to the store and out of the file; every other byte, the owner and the rights stay.
func TestSealing(t *testing.T) {
	for _, mode := range []fs.FileMode{0o600, 0o640, 0o644} {
		s := testStore(t)
		path := filepath.Join(s.machine.dir, "office.toml")
		must(t, os.WriteFile(path, []byte(pushed), mode))
		must(t, os.Chmod(path, mode))
		if os.Geteuid() == 0 {
			must(t, os.Chown(path, 0, 7))
		}
		before, err := os.Stat(path)
		must(t, err)
		for range 2 { // the second time from the store alone
			p, err := s.load("office", "")
			if err != nil || string(p.Group.Key) != canary {
				t.Fatalf("mode %o: the profile does not have its key: %v", mode, err)
			}
			s.settle(t.Context())
			s = newStore(s.machine.dir, s.managed.dir, filepath.Dir(s.secrets.dir), s.log)
		}
		got, err := os.ReadFile(path)
		must(t, err)
		head, rest, _ := strings.Cut(pushed, "key  = ")
		_, tail, _ := strings.Cut(rest, "\r\n")
		line, ok := strings.CutPrefix(string(got), head)
		if !ok || !strings.HasSuffix(line, tail) {
			t.Fatalf("mode %o: the file is now\n%s", mode, got)
		}
		line = strings.TrimSuffix(line, tail)
		if !strings.HasPrefix(line, "# ") || !strings.Contains(line, "sealed") || strings.Count(line, "\n") != 1 || !strings.HasSuffix(line, "\r\n") {
			t.Errorf("mode %o: in place of the key is %q", mode, line)
		}
		after, err := os.Stat(path)
		must(t, err)
		b, a := before.Sys().(*syscall.Stat_t), after.Sys().(*syscall.Stat_t)
		if after.Mode() != before.Mode() || a.Uid != b.Uid || a.Gid != b.Gid {
			t.Errorf("mode %o: %v of %d:%d is now %v of %d:%d", mode, before.Mode(), b.Uid, b.Gid, after.Mode(), a.Uid, a.Gid)
		}
		if st, err := os.Stat(filepath.Join(s.secrets.dir, "office@group.key")); err != nil || st.Mode().Perm() != 0o600 {
			t.Errorf("mode %o: the store has %v, %v", mode, st, err)
		}
	}
}

// TestSealingFails: what cannot be sealed is used if it is private, and refused if others can read it. The log says so
// once.
func TestSealingFails(t *testing.T) {
	for _, c := range []struct {
		mode  fs.FileMode
		fails bool
	}{{0o600, false}, {0o640, true}, {0o604, true}} {
		var log lockedBuffer
		s := testStore(t)
		s.log = slog.New(slog.NewTextHandler(&log, nil))
		s.secrets.protect = func([]byte, string) ([]byte, error) { return nil, errors.New("no space left on device") }
		path := filepath.Join(s.machine.dir, "office.toml")
		must(t, os.WriteFile(path, []byte(pushed), 0o600))
		must(t, os.Chmod(path, c.mode))
		for range 3 {
			p, err := s.load("office", "")
			s.settle(t.Context())
			if c.fails && (err == nil || !strings.Contains(err.Error(), "chmod 600") || !strings.Contains(err.Error(), "no space left")) {
				t.Errorf("mode %o: %v", c.mode, err)
			}
			if !c.fails && (err != nil || string(p.Group.Key) != canary) {
				t.Errorf("mode %o: %v", c.mode, err)
			}
		}
		if n := strings.Count(log.String(), "cannot be sealed"); !c.fails && n != 1 {
			t.Errorf("mode %o: the log says it %d times:\n%s", c.mode, n, log.String())
		}
		list, err := inList(s)
		must(t, err)
		if said := strings.Join(append(list[0].Errors, list[0].Notices...), "\n"); !strings.Contains(said, "cannot be sealed") {
			t.Errorf("mode %o: the list says %q", c.mode, said)
		}
		if got, err := os.ReadFile(path); err != nil || string(got) != pushed {
			t.Errorf("mode %o: the file was changed: %v", c.mode, err)
		}
	}
}

// TestSealedBelongs: a sealed key is not used for another group, and a new key in the file takes the place of the old.
func TestSealedBelongs(t *testing.T) {
	s := testStore(t)
	path := filepath.Join(s.machine.dir, "office.toml")
	must(t, os.WriteFile(path, []byte(pushed), 0o600))
	_, err := s.load("office", "")
	must(t, err)
	s.settle(t.Context())
	other := strings.Replace(strings.Replace(pushed, "unity", "others", 1), "key  = \""+canary+"\" ", "", 1)
	writeProfile(t, s.machine.dir, "office", other)
	if c := s.take(); len(c) != 1 || c[0].use == nil || len(c[0].wrong) != 1 || !strings.Contains(c[0].wrong[0], `"unity"`) || !strings.Contains(c[0].wrong[0], "profile secret office group-key") {
		t.Errorf("with another group: %+v", c)
	}
	must(t, s.secret("office", groupKey, "of others"))
	if p, err := s.load("office", ""); err != nil || p.Group.Name != "others" || string(p.Group.Key) != "of others" {
		t.Errorf("with the key of the other group: %v", err)
	}
	writeProfile(t, s.machine.dir, "office", strings.Replace(pushed, canary, "another", 1))
	if p, err := s.load("office", ""); err != nil || string(p.Group.Key) != "another" || p.Group.Name != "unity" {
		t.Errorf("with a new key in the file: %v", err)
	}
}

// TestSecretsStore: what the store keeps is what was put there, under the protection of the system; what was damaged,
// exchanged or laid open is refused, and the refusal tells no secret.
func TestSecretsStore(t *testing.T) {
	s := newSecrets(t.TempDir())
	flip := func(b []byte, purpose string) ([]byte, error) {
		out := []byte(purpose + ":")
		for _, c := range b {
			out = append(out, ^c)
		}
		return out, nil
	}
	s.protect = flip
	s.unprotect = func(b []byte, purpose string) ([]byte, error) {
		b, ok := bytes.CutPrefix(b, []byte(purpose+":"))
		if !ok {
			return nil, errors.New("for another purpose")
		}
		out, _ := flip(b, "")
		return out[1:], nil
	}
	k := secretKey{"office", xauthPassword, "1001"}
	if _, err := s.get(k); !errors.Is(err, errNoSecret) {
		t.Errorf("before anything was put there: %v", err)
	}
	for _, v := range []string{canary, "\"\\\n\x00\xff" + canary} {
		must(t, s.put(k, sealed{For: "alice", Value: []byte(v)}))
		if got, err := s.get(k); err != nil || string(got.Value) != v || got.For != "alice" {
			t.Errorf("%q comes back as %q, %v", v, got.Value, err)
		}
	}
	path := filepath.Join(s.dir, k.file())
	b, err := os.ReadFile(path)
	must(t, err)
	if bytes.Contains(b, []byte(canary)) || bytes.Contains(b, []byte("alice")) {
		t.Error("the store did not use the protection")
	}
	must(t, os.WriteFile(filepath.Join(s.dir, secretKey{"office", groupKey, ""}.file()), b, 0o600))
	for name, c := range map[string]struct {
		spoil func() error
		key   secretKey
		says  string
	}{
		"exchanged":       {func() error { return nil }, secretKey{"office", groupKey, ""}, "another purpose"},
		"cut off":         {func() error { return os.WriteFile(path, b[:len(b)-3], 0o600) }, k, "damaged"},
		"empty":           {func() error { return os.WriteFile(path, nil, 0o600) }, k, "another purpose"},
		"open to others":  {func() error { return os.Chmod(path, 0o606) }, k, "chmod go-w"},
		"too large":       {func() error { return os.WriteFile(path, make([]byte, maxSealed+1), 0o600) }, k, "larger"},
		"a link":          {func() error { return errors.Join(os.Remove(path), os.Symlink("x", path)) }, k, "not a regular file"},
		"a store for all": {func() error { return os.Chmod(s.dir, 0o777) }, k, "written by others"},
	} {
		must(t, os.Chmod(s.dir, 0o700))
		os.Remove(path)
		must(t, os.WriteFile(path, b, 0o600))
		must(t, c.spoil())
		_, err := s.get(c.key)
		if err == nil || errors.Is(err, errNoSecret) || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v, which does not say %q", name, err, c.says)
		}
		if err != nil && strings.Contains(err.Error(), canary) {
			t.Errorf("%s: the error tells the secret", name)
		}
	}
}

// TestSecretsForget: all that was sealed for a profile goes, and nothing of another.
func TestSecretsForget(t *testing.T) {
	s := newSecrets(t.TempDir())
	all := []secretKey{{"office", groupKey, ""}, {"office", xauthPassword, ""}, {"office", xauthPassword, "1001"},
		{"office2", groupKey, ""}, {"office.group.key", groupKey, ""}}
	for _, k := range all {
		must(t, s.put(k, sealed{Value: []byte("x")}))
	}
	if any, err := s.removeAll("office"); !any || err != nil {
		t.Errorf("removing: %v, %v", any, err)
	}
	for i, k := range all {
		if _, err := s.get(k); errors.Is(err, errNoSecret) != (i < 3) {
			t.Errorf("%v: %v", k, err)
		}
	}
	if any, err := s.removeAll("office"); any || err != nil {
		t.Errorf("removing again: %v, %v", any, err)
	}
}

// TestSecretsOfUnit: a systemd credential of the profile's name, then the file that the environment names, stand in for
// a key that no file has; what is sealed comes last.
func TestSecretsOfUnit(t *testing.T) {
	dir := t.TempDir()
	without := strings.Replace(pushed, "key  = \""+canary+"\" ", "", 1)
	t.Setenv("CREDENTIALS_DIRECTORY", dir)
	t.Setenv("EZVPN_GROUP_KEY_FILE", filepath.Join(dir, "any"))
	t.Setenv("EZVPN_XAUTH_PASSWORD_FILE", "")
	s := testStore(t)
	must(t, s.secrets.put(secretKey{"office", groupKey, ""}, sealed{For: "unity", Value: []byte("sealed")}))
	writeProfile(t, s.machine.dir, "office", without)
	if _, err := s.load("office", ""); err == nil || !strings.Contains(err.Error(), "any") {
		t.Errorf("the file that the environment names is not there: %v", err)
	}
	for file, want := range map[string]string{"any": "from a file", "office.group.key": "from a credential"} {
		must(t, os.WriteFile(filepath.Join(dir, file), []byte(want+"\n"), 0o400))
	}
	must(t, os.WriteFile(filepath.Join(dir, "home.group.key"), []byte("of another"), 0o400))
	for _, want := range []string{"from a credential", "from a file"} {
		s = newStore(s.machine.dir, s.managed.dir, filepath.Dir(s.secrets.dir), s.log)
		if p, err := s.load("office", ""); err != nil || string(p.Group.Key) != want {
			t.Errorf("the key is not the one %s: %v", want, err)
		}
		os.Remove(filepath.Join(dir, "office.group.key"))
	}
	t.Setenv("EZVPN_GROUP_KEY_FILE", "")
	s = newStore(s.machine.dir, s.managed.dir, filepath.Dir(s.secrets.dir), s.log)
	if p, err := s.load("office", ""); err != nil || string(p.Group.Key) != "sealed" {
		t.Errorf("the key is not the sealed one: %v", err)
	}
	writeProfile(t, s.machine.dir, "office", pushed)
	if p, err := s.load("office", ""); err != nil || string(p.Group.Key) != canary {
		t.Errorf("the key is not the one of the profile: %v", err)
	}
}

// TestSealedPassword: a sealed XAUTH password goes to its user name only.
func TestSealedPassword(t *testing.T) {
	s := testStore(t)
	text := strings.Replace(pushed, "[dpd]", "[xauth]\r\nusername = \"till\"\r\n[dpd]", 1)
	writeProfile(t, s.machine.dir, "office", text)
	s.refresh()
	s.settle(t.Context())
	must(t, s.secret("office", xauthPassword, profile.Secret(canary+"2")))
	if p, err := s.load("office", ""); err != nil || string(p.XAUTH.Password) != canary+"2" {
		t.Errorf("the password is not there: %v", err)
	}
	writeProfile(t, s.machine.dir, "office", strings.Replace(text, `"till"`, `"desk"`, 1))
	if p, err := s.load("office", ""); err != nil || p.XAUTH.Password != "" {
		t.Errorf("another user gets the password: %v", err)
	}
	must(t, s.secret("office", xauthPassword, ""))
	writeProfile(t, s.machine.dir, "office", text)
	if p, err := s.load("office", ""); err != nil || p.XAUTH.Password != "" {
		t.Errorf("it was to be forgotten: %v", err)
	}
}
