//go:build linux || darwin

package service

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"ezvpn/client/status"
	"ezvpn/service/ipc"
)

const managedPolicy = "[dpd]\ninterval = 20\n[managed]\nby = \"Example IT\"\nlocked = [\"peers\", \"dpd\"]\n"

// TestManagedLocks: where management locks dpd and peers, no verb, layer or caller changes them, whoever asks is told
// who manages them, and a file that sets them all the same is not used for them.
func TestManagedLocks(t *testing.T) {
	s := serve(t)
	writeProfile(t, s.dir, "office", named("office"))
	writeProfile(t, s.managed, "office", managedPolicy)
	must(t, os.MkdirAll(filepath.Join(s.state, "users", alice.User), 0o700))
	writeProfile(t, filepath.Join(s.state, "users", alice.User), "office",
		"peers = [\"198.51.100.66\"]\nconnect = \"traffic\"\n[dpd]\ninterval = 3600\n[group]\nname = \"mine\"\n")
	locked := func(what string, err error) {
		t.Helper()
		e, ok := err.(*ipc.Error)
		if !ok || e.Code != ipc.KeyLocked || !strings.Contains(e.Sentence, "managed by Example IT") {
			t.Errorf("%s: %v", what, err)
		}
	}
	for _, c := range []ipc.Caller{root, alice, sitter} {
		cl := s.client(t, c)
		for key, value := range map[string]string{"peers": "198.51.100.66", "dpd.interval": "30", "dpd.retry": "30", "dpd.mode": "periodic"} {
			_, err := cl.SetProfile(t.Context(), ipc.ProfileSet{Profile: "office", Key: key, Value: value})
			locked(c.Name+" sets "+key, err)
			_, err = cl.UnsetProfile(t.Context(), ipc.ProfileUnset{Profile: "office", Key: key})
			locked(c.Name+" unsets "+key, err)
			if !c.Admin {
				continue
			}
			_, err = cl.SetProfile(t.Context(), ipc.ProfileSet{Profile: "office", Key: key, Value: value, Layer: ipc.LayerMachine})
			locked("the machine's layer, "+key, err)
			_, err = cl.UnsetProfile(t.Context(), ipc.ProfileUnset{Profile: "office", Key: key, Layer: ipc.LayerMachine})
			locked("out of the machine's layer, "+key, err)
		}
	}
	_, err := s.client(t, root).PutProfile(t.Context(), "office", named("office", "192.0.2.1", "198.51.100.66"), true)
	locked("a whole file", err)
	for name, user := range map[string]string{"alice": alice.User, "the machine": ""} {
		p, err := s.api.store.load("office", user)
		if err != nil || p.Peers[0].Host != "192.0.2.1" || len(p.Peers) != 2 || p.DPD.Interval.Seconds() != 20 || p.DPD.Mode != "on-demand" || p.Group.Name != "unity" {
			t.Errorf("for %s the profile is %+v, %v", name, p, err)
		}
	}
	shown, err := s.client(t, alice).ShowProfile(t.Context(), "office")
	must(t, err)
	for _, set := range shown.Settings {
		want := set.Key == "peers" || strings.HasPrefix(set.Key, "dpd.")
		if set.Locked != want || want && set.By != "Example IT" {
			t.Errorf("%s: locked %v by %q", set.Key, set.Locked, set.By)
		}
	}
	if said := strings.Join(shown.Notices, "\n"); strings.Count(said, "managed by Example IT") != 3 {
		t.Errorf("what is not used of the files below is not told: %q", shown.Notices) // interval of both, peers of alice
	}
	_, err = s.client(t, root).SetProfile(t.Context(), ipc.ProfileSet{Profile: "office", Key: "dpd.interval", Value: "30", Layer: ipc.LayerManaged})
	if code(err) != ipc.NotAllowed {
		t.Errorf("the managed layer itself: %v", err)
	}
	if _, err := s.client(t, root).RemoveProfile(t.Context(), "office"); err != nil {
		t.Errorf("the machine's file is the administrator's: %v", err)
	}
	writeProfile(t, s.managed, "whole", named("whole"))
	if _, err := s.client(t, root).RemoveProfile(t.Context(), "whole"); code(err) != ipc.KeyLocked {
		t.Errorf("removing what management put: %v", err)
	}
}

// TestUserLayer: what a user sets counts for the sessions that this user starts, and for nobody else.
func TestUserLayer(t *testing.T) {
	s := serve(t)
	writeProfile(t, s.dir, "office", named("office"))
	set := ipc.ProfileSet{Profile: "office", Key: "xauth.username", Value: "al\"ice"}
	if _, err := s.client(t, alice).SetProfile(t.Context(), set); err != nil {
		t.Fatal(err)
	}
	for _, c := range []ipc.Caller{bob, alice, root} {
		want := map[string]string{alice.User: "al\"ice"}[c.User]
		s.set(func(n *status.Snapshot) { *n = status.Snapshot{Version: 1, State: status.ConnectRequired} })
		if _, err := s.client(t, c).Up(t.Context(), ipc.Up{Profile: "office"}); err != nil {
			t.Fatal(err)
		}
		if s.profile.XAUTH.Username != want {
			t.Errorf("%s connects as %q", c.Name, s.profile.XAUTH.Username)
		}
	}
	for _, bad := range []ipc.ProfileSet{{Profile: "office", Key: "xauth.usrname", Value: "x"}, {Profile: "office", Key: "connect", Value: "always"},
		{Profile: "office", Key: "peers", Value: "198.51.100.66"}, {Profile: "office", Key: "group.name", Value: "x"},
		{Profile: "office", Key: "group.key", Value: "x"}, {Profile: "office", Key: "group.key_file", Value: "/etc/shadow"},
		{Profile: "office", Key: "routes.local_lan", Value: "true"}, {Profile: "office", Key: "", Value: ""}} {
		if _, err := s.client(t, alice).SetProfile(t.Context(), bad); code(err) != ipc.KeyUnknown {
			t.Errorf("alice sets %s = %s: %v", bad.Key, bad.Value, err)
		}
	}
	if _, err := s.client(t, alice).SetProfile(t.Context(), ipc.ProfileSet{Profile: "office", Key: "connect", Value: "auto", Layer: ipc.LayerMachine}); code(err) != ipc.NotAllowed {
		t.Errorf("alice sets the machine's layer: %v", err)
	}
	must(t, os.Chmod(filepath.Join(s.state, "users", alice.User, "office.toml"), 0o666))
	if p, err := s.api.store.load("office", alice.User); err != nil || p.XAUTH.Username != "" {
		t.Errorf("settings that others could write are used: %v", err)
	}
	s.set(func(n *status.Snapshot) { n.State = status.ConnectRequired })
	if _, err := s.client(t, root).RemoveProfile(t.Context(), "office"); err != nil {
		t.Fatal(err)
	}
	if _, err := s.client(t, root).RemoveProfile(t.Context(), "office"); code(err) != ipc.ProfileUnknown {
		t.Errorf("removed twice: %v", err)
	}
	if _, err := os.Stat(filepath.Join(s.state, "users", alice.User, "office.toml")); !os.IsNotExist(err) {
		t.Errorf("what alice set stays behind: %v", err)
	}
}

// TestPutProfile: a whole profile is checked, its secrets sealed, and no other profile replaced by accident.
func TestPutProfile(t *testing.T) {
	s := serve(t)
	cl := s.client(t, root)
	path := filepath.Join(s.dir, "office.toml")
	for name, text := range map[string]string{"office": "peers = 7\n", "../office": goodProfile, "Office": goodProfile, "": goodProfile, "home": goodProfile} {
		if _, err := cl.PutProfile(t.Context(), name, text, true); err == nil {
			t.Errorf("%q is taken", name)
		}
	}
	if left, err := os.ReadDir(s.dir); err != nil || len(left) != 0 {
		t.Errorf("what was refused left %v, %v", left, err)
	}
	_, err := cl.PutProfile(t.Context(), "office", pushed, false)
	must(t, err)
	b, err := os.ReadFile(path)
	must(t, err)
	st, err := os.Stat(path)
	must(t, err)
	if strings.Contains(string(b), canary) || !strings.Contains(string(b), "sealed") || st.Mode().Perm() != 0o600 {
		t.Errorf("mode %v:\n%s", st.Mode(), b)
	}
	if _, err := cl.PutProfile(t.Context(), "office", pushed, false); code(err) != ipc.ProfileExists {
		t.Errorf("put again: %v", err)
	}
	if _, err := cl.Up(t.Context(), ipc.Up{Profile: "office"}); err != nil || string(s.profile.Group.Key) != canary {
		t.Fatalf("up: %v", err)
	}
	done, err := cl.PutProfile(t.Context(), "office", strings.Replace(pushed, "= 30", "= 40", 1), true)
	if err != nil || done.Effect != "live" || len(done.Keys) != 1 || done.Keys[0] != "dpd.interval" {
		t.Errorf("replaced while it is up: %+v, %v", done, err)
	}
	if _, err := cl.RemoveProfile(t.Context(), "office"); code(err) != ipc.Busy {
		t.Errorf("removed while it is up: %v", err)
	}
}

// TestDiskFull: what cannot be kept is refused as such, and nothing of it is half there.
func TestDiskFull(t *testing.T) {
	s := serve(t)
	writeProfile(t, s.dir, "office", named("office"))
	s.api.start()
	s.api.store.settle(t.Context())
	s.api.store.secrets.protect = func([]byte, string) ([]byte, error) { return nil, errWrite{syscall.ENOSPC} }
	must(t, os.WriteFile(filepath.Join(s.state, "users"), nil, 0o600)) // no directory can be made there
	cl := s.client(t, root)
	_, put := cl.PutProfile(t.Context(), "home", named("home"), false)
	_, seal := cl.SealSecret(t.Context(), ipc.ProfileSecret{Profile: "office", Key: "group.key", Value: "x"})
	for what, err := range map[string]error{"put": put, "secret": seal} {
		if code(err) != ipc.NotReady || !strings.Contains(err.Error(), "no space left") {
			t.Errorf("%s: %v", what, err)
		}
	}
	if _, err := cl.SetProfile(t.Context(), ipc.ProfileSet{Profile: "office", Key: "connect", Value: "auto"}); err == nil {
		t.Error("a setting was kept where nothing can be")
	}
	left, err := os.ReadDir(s.dir)
	if err != nil || len(left) != 1 {
		t.Errorf("what was refused left %v, %v", left, err)
	}
	if p, err := s.api.store.load("office", root.User); err != nil || p.Group.Key != "preshared" || p.Connect != "manual" {
		t.Errorf("the profile changed: %v", err)
	}
}

// TestWrongUserLayer: what a user set, and a change of the product or of the profile made wrong, is left out and named;
// the machine's profile stays usable.
func TestWrongUserLayer(t *testing.T) {
	s := serve(t)
	writeProfile(t, s.dir, "office", named("office"))
	dir := filepath.Join(s.state, "users", alice.User)
	must(t, os.MkdirAll(dir, 0o700))
	for _, text := range []string{"connect = \"sometimes\"\n", "conect = \"auto\"\n", "[dpd\n"} {
		writeProfile(t, dir, "office", text)
		p, err := s.api.store.load("office", alice.User)
		if err != nil || p.Connect != "manual" {
			t.Errorf("%q: %+v, %v", text, p, err)
		}
		e, err := s.api.store.effective("office", alice.User)
		if err != nil || len(e.Notes) == 0 {
			t.Errorf("%q is left out without a word: %v", text, err)
		}
	}
}
