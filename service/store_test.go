//go:build linux || darwin

package service

import (
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"ezvpn/service/ipc"
)

const goodProfile = `name    = "office"
connect = "manual"
mode    = "client"
peers   = ["192.0.2.1", "vpn2.example.com"]

[group]
name = "unity"
key  = "preshared"

[dpd]
interval = 30
`

func writeProfile(t *testing.T, dir, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name+".toml"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// testStore is a store in directories of its own.
func testStore(t *testing.T) *store {
	t.Helper()
	return newStore(t.TempDir(), t.TempDir(), t.TempDir(), slog.New(slog.DiscardHandler))
}

func inList(s *store) ([]ipc.ProfileInfo, error) {
	l, err := s.list("")
	return l.Profiles, err
}

func TestStoreLoads(t *testing.T) {
	s := testStore(t)
	writeProfile(t, s.machine.dir, "office", goodProfile)
	p, err := s.load("office", "")
	if err != nil {
		t.Fatal(err)
	}
	if p.Name != "office" || len(p.Peers) != 2 || p.Group.Key != "preshared" {
		t.Errorf("read %+v", p)
	}
	list, err := inList(s)
	if err != nil || len(list) != 1 || list[0].Summary != "192.0.2.1 and 1 more, group unity, client mode" {
		t.Errorf("list %+v, %v", list, err)
	}
}

// TestStoreRefuses names each way in which a file is not root's word alone.
func TestStoreRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		spoil func(t *testing.T, path string)
		says  string
	}{
		"writable by others": {func(t *testing.T, p string) { must(t, os.Chmod(p, 0o602)) }, "chmod go-w"},
		"writable by group":  {func(t *testing.T, p string) { must(t, os.Chmod(p, 0o620)) }, "chmod go-w"},
		"link": {func(t *testing.T, p string) {
			must(t, os.Rename(p, p+".real"))
			must(t, os.Symlink(filepath.Base(p)+".real", p))
		}, "not a regular file"},
		"pipe": {func(t *testing.T, p string) {
			must(t, os.Remove(p))
			must(t, syscall.Mkfifo(p, 0o600))
		}, "not a regular file"},
		"directory": {func(t *testing.T, p string) {
			must(t, os.Remove(p))
			must(t, os.Mkdir(p, 0o700))
		}, "not a regular file"},
		"too large": {func(t *testing.T, p string) {
			must(t, os.WriteFile(p, []byte(goodProfile+strings.Repeat("#", maxProfile)), 0o600))
		}, "larger than"},
		"other name": {func(t *testing.T, p string) {
			must(t, os.WriteFile(p, []byte(strings.Replace(goodProfile, `"office"`, `"home"`, 1)), 0o600))
		}, "make them the same"},
		"unknown key": {func(t *testing.T, p string) {
			must(t, os.WriteFile(p, []byte("up_script = \"/bin/sh\"\n"+goodProfile), 0o600))
		}, "up_script"},
		"other owner": {func(t *testing.T, p string) {
			if os.Geteuid() != 0 {
				t.Skip("NOT ROOT: that a file of another user is refused was not tested")
			}
			must(t, os.Chown(p, 12345, 0))
		}, "belongs to user 12345"},
	} {
		t.Run(name, func(t *testing.T) {
			s := testStore(t)
			writeProfile(t, s.machine.dir, "good", strings.Replace(goodProfile, `"office"`, `"good"`, 1))
			writeProfile(t, s.machine.dir, "office", goodProfile)
			c.spoil(t, filepath.Join(s.machine.dir, "office.toml"))
			_, err := s.load("office", "")
			if err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("load: %v, which does not say %q", err, c.says)
			}
			if err != nil && strings.Contains(err.Error(), "preshared") {
				t.Errorf("the error tells the key: %v", err)
			}
			list, err := inList(s)
			if err != nil || len(list) != 2 || len(list[0].Errors) != 0 || len(list[1].Errors) == 0 {
				t.Errorf("the broken file hides the good one: %+v, %v", list, err)
			}
		})
	}
}

func TestStoreDirectory(t *testing.T) {
	s := testStore(t)
	s.machine.dir = filepath.Join(t.TempDir(), "none")
	if list, err := inList(s); err != nil || len(list) != 0 {
		t.Errorf("a directory that is not there: %v, %v", list, err)
	}
	if _, err := s.load("office", ""); !errors.Is(err, errNoProfile) {
		t.Errorf("load from a directory that is not there: %v", err)
	}
	must(t, os.Mkdir(s.machine.dir, 0o700))
	writeProfile(t, s.machine.dir, "office", goodProfile)
	must(t, os.Chmod(s.machine.dir, 0o777))
	if _, err := s.load("office", ""); err == nil || !strings.Contains(err.Error(), "written by others") {
		t.Errorf("a directory that all may write: %v", err)
	}
}

// TestStoreNames: a name is looked up, never walked.
func TestStoreNames(t *testing.T) {
	dir := t.TempDir()
	writeProfile(t, dir, "office", goodProfile)
	s := testStore(t)
	s.machine.dir = filepath.Join(dir, "profiles.d")
	must(t, os.Mkdir(s.machine.dir, 0o700))
	for _, name := range []string{"", ".", "..", "../office", "/etc/passwd", "office.toml", "Office", "-x", "a/b", "a\x00b",
		"../profiles.d/../office", strings.Repeat("a", 65), "\x1b[2J"} {
		if _, err := s.load(name, ""); !errors.Is(err, errNoProfile) {
			t.Errorf("%q: %v", name, err)
		}
	}
}

func TestKeyFile(t *testing.T) {
	s := testStore(t)
	path := filepath.Join(t.TempDir(), "office.key")
	writeProfile(t, s.machine.dir, "office", strings.Replace(goodProfile, `key  = "preshared"`, `key_file = "`+path+`"`, 1))
	for text, want := range map[string]string{"from a file": "from a file", "with a newline\n": "with a newline", " a b \r\n": " a b "} {
		must(t, os.WriteFile(path, []byte(text), 0o600))
		p, err := s.load("office", "")
		if err != nil {
			t.Fatal(err)
		}
		if string(p.Group.Key) != want {
			t.Errorf("%q gives another key than %q", text, want)
		}
	}
	for name, c := range map[string]struct {
		text string
		mode os.FileMode
		says string
	}{
		"readable": {"secret", 0o644, "chmod 600"}, "writable": {"secret", 0o622, "chmod go-w"},
		"empty": {"\n", 0o600, "on one line"}, "two lines": {"a\nb\n", 0o600, "on one line"},
		"large": {strings.Repeat("x", maxKey+1), 0o600, "larger than"},
	} {
		must(t, os.WriteFile(path, []byte(c.text), 0o600))
		must(t, os.Chmod(path, c.mode))
		if _, err := s.load("office", ""); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
