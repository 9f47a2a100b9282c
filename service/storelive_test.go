//go:build linux || darwin

package service

import (
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"ezvpn/client/status"
	"ezvpn/service/ipc"
)

// named is a good profile of this name, with these words in place of its first ones.
func named(name string, change ...string) string {
	text := strings.Replace(goodProfile, `"office"`, `"`+name+`"`, 1)
	return strings.NewReplacer(change...).Replace(text)
}

// watched is a served API whose log can be read.
func watched(t *testing.T) (*served, *lockedBuffer) {
	t.Helper()
	var log lockedBuffer
	return serveLogging(t, slog.New(slog.NewTextHandler(&log, nil))), &log
}

// TestLastGood: a bad file changes nothing of what is in use, and list, show and status say so with all its errors;
// the next good one is taken.
func TestLastGood(t *testing.T) {
	s, log := watched(t)
	writeProfile(t, s.dir, "office", named("office"))
	s.api.start()
	cl := s.client(t, alice)
	if _, err := cl.Up(t.Context(), ipc.Up{Profile: "office"}); err != nil {
		t.Fatal(err)
	}
	good, err := os.Stat(filepath.Join(s.dir, "office.toml"))
	must(t, err)
	for _, bad := range []string{"peers = 7\nconect = \"auto\"\n", "", "[[", "\x00", strings.Repeat("#", maxProfile+1)} {
		writeProfile(t, s.dir, "office", bad)
		s.api.apply("")
		list, err := cl.Profiles(t.Context())
		if err != nil || len(list) != 1 || len(list[0].Errors) == 0 || list[0].Using == "" || list[0].Summary == "" {
			t.Fatalf("%.20q: the list is %+v, %v", bad, list, err)
		}
		if want := good.ModTime().Format("2006-01-02T15:04:05"); !strings.HasPrefix(list[0].Using, want) {
			t.Errorf("%.20q: the version in use is of %s, not of %s", bad, list[0].Using, want)
		}
		snap, err := cl.Status(t.Context())
		must(t, err)
		if said := strings.Join(snap.Warnings, "\n"); !strings.Contains(said, "changed, but wrong") || !strings.Contains(said, list[0].Using) ||
			!strings.Contains(said, list[0].Errors[0]) {
			t.Errorf("%.20q: the status says %q", bad, said)
		}
		if shown, err := cl.ShowProfile(t.Context(), "office"); err != nil || len(shown.Errors) != len(list[0].Errors) || !strings.Contains(shown.Text, "192.0.2.1") {
			t.Errorf("%.20q: show gives %+v, %v", bad, shown, err)
		}
	}
	writeProfile(t, s.dir, "office", "peers = 7\nconect = \"auto\"\n")
	list, err := cl.Profiles(t.Context())
	must(t, err)
	if said := strings.Join(list[0].Errors, "\n"); !strings.Contains(said, "office.toml:1: peers") || !strings.Contains(said, "office.toml:2: conect") {
		t.Errorf("not all errors are told: %q", said)
	}
	if calls := s.done(); !slices.Equal(calls, []string{"connect office"}) {
		t.Errorf("bad files touched the session: %v", calls)
	}
	s.set(func(n *status.Snapshot) { n.State = status.ConnectRequired })
	if _, err := cl.Up(t.Context(), ipc.Up{Profile: "office"}); err != nil {
		t.Errorf("the last good version cannot be connected: %v", err)
	}
	writeProfile(t, s.dir, "office", named("office", "interval = 30", "interval = 40"))
	s.api.apply("")
	if list, err := cl.Profiles(t.Context()); err != nil || len(list[0].Errors) != 0 || list[0].Using != "" {
		t.Errorf("after the repair: %+v, %v", list, err)
	}
	if snap, err := cl.Status(t.Context()); err != nil || len(snap.Warnings) != 0 {
		t.Errorf("after the repair: %v, %v", snap.Warnings, err)
	}
	if calls := s.done(); calls[len(calls)-1] != "set profile office" {
		t.Errorf("the repaired profile was not taken over: %v", calls)
	}
	if text := log.String(); !strings.Contains(text, "the profile of the session changed") || !strings.Contains(text, "dpd.interval") || !strings.Contains(text, "effect=") {
		t.Errorf("the log is\n%s", text)
	}
}

// TestRemovedProfile: the session of a profile that is gone stays, and says so.
func TestRemovedProfile(t *testing.T) {
	s, log := watched(t)
	writeProfile(t, s.dir, "office", named("office"))
	cl := s.client(t, alice)
	_, err := cl.Up(t.Context(), ipc.Up{Profile: "office"})
	must(t, err)
	must(t, os.Remove(filepath.Join(s.dir, "office.toml")))
	s.api.apply("")
	snap, err := cl.Status(t.Context())
	must(t, err)
	if said := strings.Join(snap.Warnings, "\n"); !strings.Contains(said, "removed") || !strings.Contains(log.String(), "removed") {
		t.Errorf("the status says %q, the log\n%s", said, log.String())
	}
	if calls := s.done(); !slices.Equal(calls, []string{"connect office"}) {
		t.Errorf("the session was touched: %v", calls)
	}
	s.set(func(n *status.Snapshot) { n.State = status.ConnectRequired })
	if _, err := cl.Up(t.Context(), ipc.Up{Profile: "office"}); code(err) != ipc.ProfileUnknown {
		t.Errorf("up again: %v", err)
	}
}

// TestNewAuto: a profile that comes to connect by itself does so if nothing is up; one that somebody took down stays
// down when it is edited.
func TestNewAuto(t *testing.T) {
	s, _ := watched(t)
	auto := func(name, interval string) {
		writeProfile(t, s.dir, name, named(name, `"manual"`, `"auto"`, "interval = 30", "interval = "+interval))
		s.api.apply("")
	}
	s.api.start()
	auto("office", "30")
	if calls := s.done(); !slices.Equal(calls, []string{"connect office"}) || s.options.Owner != MachineOwner {
		t.Fatalf("the new profile: %v", calls)
	}
	auto("second", "30")
	if _, err := s.client(t, root).Down(t.Context()); err != nil {
		t.Fatal(err)
	}
	auto("office", "40")
	if calls := s.done(); !slices.Equal(calls, []string{"connect office", "disconnect"}) {
		t.Errorf("only one session at a time, and none that was taken down: %v", calls)
	}
	writeProfile(t, s.dir, "office", "connect = \"auto\"\n")
	s.api.apply("")
	writeProfile(t, s.dir, "office", named("office"))
	s.api.apply("")
	auto("office", "50")
	if calls := s.done(); calls[len(calls)-1] != "connect office" {
		t.Errorf("manual, then auto: %v", calls)
	}
}

// TestFolderLost: a directory that cannot be read any more, or that others could have written, loses no profile.
func TestFolderLost(t *testing.T) {
	for name, spoil := range map[string]func(dir string) error{
		"open to others": func(dir string) error { return os.Chmod(dir, 0o777) },
		"a file":         func(dir string) error { return fs.ErrExist },
	} {
		t.Run(name, func(t *testing.T) {
			s := testStore(t)
			writeProfile(t, s.machine.dir, "office", named("office"))
			s.refresh()
			if err := spoil(s.machine.dir); err != nil {
				must(t, os.Rename(s.machine.dir, s.machine.dir+".old"))
				must(t, os.WriteFile(s.machine.dir, nil, 0o600))
			}
			list, err := s.list("")
			if err != nil || len(list.Profiles) != 1 || len(list.Problems) != 1 || !strings.Contains(list.Problems[0], s.machine.dir) {
				t.Errorf("the list is %+v, %v", list, err)
			}
			if _, err := s.load("office", ""); err != nil {
				t.Errorf("the profile is lost: %v", err)
			}
		})
	}
}

// TestOddFiles: what is no profile is told, each by its name, and hides no other.
func TestOddFiles(t *testing.T) {
	s := testStore(t)
	dir := s.machine.dir
	writeProfile(t, dir, "good", named("good"))
	path := func(name string) string { return filepath.Join(dir, name) }
	must(t, syscall.Mkfifo(path("pipe.toml"), 0o600))
	must(t, os.Symlink("good.toml", path("link.toml")))
	must(t, os.Symlink("/dev/zero", path("zero.toml")))
	must(t, os.Mkdir(path("dir.toml"), 0o700))
	must(t, os.WriteFile(path("large.toml"), make([]byte, maxProfile+1), 0o600))
	must(t, os.WriteFile(path("Upper.toml"), nil, 0o600))
	must(t, os.WriteFile(path("evil\x1b[2J\nname.toml"), nil, 0o600))
	must(t, os.WriteFile(path(".hidden.toml"), nil, 0o600))
	must(t, os.WriteFile(path("office.toml~"), nil, 0o600))
	odd := []string{"pipe", "link", "zero", "dir", "large"}
	if os.Geteuid() == 0 {
		must(t, syscall.Mknod(path("device.toml"), syscall.S_IFCHR|0o600, 1<<8|5)) // /dev/zero
		odd = append(odd, "device")
	}
	list, err := s.list("")
	must(t, err)
	wrong := map[string]bool{}
	for _, p := range list.Profiles {
		wrong[p.Name] = len(p.Errors) > 0 && strings.Contains(p.Errors[0], p.Name+".toml")
	}
	for _, name := range odd {
		if !wrong[name] {
			t.Errorf("%s is not told", name)
		}
	}
	if len(list.Profiles) != len(odd)+1 || wrong["good"] {
		t.Errorf("the profiles are %+v", list.Profiles)
	}
	if said := strings.Join(list.Problems, "|"); len(list.Problems) != 2 || !strings.Contains(said, "Upper.toml") || strings.ContainsAny(said, "\x1b\n") {
		t.Errorf("the problems are %q", list.Problems)
	}
}

// TestTooManyProfiles: the ones over the bound are told, and the others count.
func TestTooManyProfiles(t *testing.T) {
	s := testStore(t)
	for i := range maxProfiles + 3 {
		must(t, os.WriteFile(filepath.Join(s.machine.dir, fmt.Sprintf("p%04d.toml", i)), nil, 0o600))
	}
	list, err := s.list("")
	must(t, err)
	if len(list.Profiles) != maxProfiles || len(list.Problems) != 1 || !strings.Contains(list.Problems[0], "3 profiles more") {
		t.Errorf("%d profiles, problems %q", len(list.Profiles), list.Problems)
	}
}

// TestWrongElsewhere: what is wrong beside the files is told once, and mended without a change of them.
func TestWrongElsewhere(t *testing.T) {
	s, log := watched(t)
	writeProfile(t, s.dir, "office", strings.Replace(named("office"), `key  = "preshared"`, `key_file = "office.key"`, 1))
	for range 3 {
		s.api.apply("")
	}
	if n := strings.Count(log.String(), "a profile is wrong"); n != 1 || !strings.Contains(log.String(), "office.key") {
		t.Errorf("the log says it %d times:\n%s", n, log.String())
	}
	must(t, os.WriteFile(filepath.Join(s.dir, "office.key"), []byte("preshared\n"), 0o600))
	if list, err := inList(s.api.store); err != nil || len(list[0].Errors) != 0 {
		t.Errorf("with the key: %+v, %v", list, err)
	}
}

// TestBlockedAuto: a session of the machine that stopped for good is tried again when its profile changes.
func TestBlockedAuto(t *testing.T) {
	s, _ := watched(t)
	writeProfile(t, s.dir, "office", named("office", `"manual"`, `"auto"`))
	s.api.start()
	s.set(func(n *status.Snapshot) { n.State = status.Blocked })
	writeProfile(t, s.dir, "office", named("office", `"manual"`, `"auto"`, "preshared", "the right one"))
	s.api.apply("")
	if calls := s.done(); !slices.Equal(calls, []string{"connect office", "connect office"}) || s.profile.Group.Key != "the right one" {
		t.Errorf("the session was asked: %v", calls)
	}
}

// TestWatchTellsOfProfiles: who watches hears that profiles changed, with nothing else new.
func TestWatchTellsOfProfiles(t *testing.T) {
	s := serve(t)
	s.api.start()
	stream, err := s.client(t, alice).Watch(t.Context())
	must(t, err)
	defer stream.Close()
	first, err := stream.Next()
	must(t, err)
	writeProfile(t, s.dir, "office", named("office"))
	s.api.apply("")
	next, err := stream.Next()
	must(t, err)
	if next.Profiles <= first.Profiles {
		t.Errorf("%d, then %d", first.Profiles, next.Profiles)
	}
}
