//go:build linux || darwin

package install

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	manager "github.com/kardianos/service"
)

// fakeManager keeps the file as the library does, and notes what it was asked.
type fakeManager struct {
	manager.Service
	unit    string
	text    string
	running bool
	broken  error
	asked   []string
}

func (f *fakeManager) note(what string) error { f.asked = append(f.asked, what); return f.broken }

func (f *fakeManager) Install() error {
	if _, err := os.Stat(f.unit); err == nil {
		return errors.New("Init already exists: " + f.unit)
	}
	if err := os.WriteFile(f.unit, []byte(f.text), 0o644); err != nil {
		return err
	}
	return f.note("install")
}
func (f *fakeManager) Uninstall() error { return errors.Join(f.note("uninstall"), os.Remove(f.unit)) }
func (f *fakeManager) Start() error     { f.running = true; return f.note("start") }
func (f *fakeManager) Stop() error      { f.running = false; return f.note("stop") }
func (f *fakeManager) Restart() error   { f.running = true; return f.note("restart") }

func (f *fakeManager) Status() (manager.Status, error) {
	if _, err := os.Stat(f.unit); err != nil {
		return manager.StatusUnknown, manager.ErrNotInstalled
	}
	if f.running {
		return manager.StatusRunning, nil
	}
	return manager.StatusStopped, nil
}

// world is a machine in a directory: unpacked programs, and a place for each thing.
func world(t *testing.T) (s *Service, f *fakeManager, executable string, said *[]string) {
	t.Helper()
	dir := t.TempDir()
	at := func(p ...string) string { return filepath.Join(append([]string{dir}, p...)...) }
	must(t, os.Mkdir(at("unpacked"), 0o777))
	must(t, os.Chmod(at("unpacked"), 0o777)) // a download: others may write there
	must(t, os.WriteFile(at("unpacked", "ezvpn"), []byte("command 1"), 0o755))
	must(t, os.WriteFile(at("unpacked", "ezvpnd"), []byte("daemon 1"), 0o755))
	said = &[]string{}
	f = &fakeManager{unit: at("ezvpnd.service")}
	s = &Service{Manager: "linux-systemd", refresh: refresh, version: func() string { return "" },
		Places: Places{Daemon: at("local", "sbin", "ezvpnd"), Command: at("local", "bin", "ezvpn"), Unit: f.unit,
			Packaged: []string{at("packaged.service")}, Sysusers: at("sysusers.d", "ezvpn.conf"),
			Profiles: at("etc", "profiles.d"), Managed: at("etc", "managed.d"), State: at("state"), Config: at("etc")},
		say: func(l string) { *said = append(*said, l) },
		control: func(c *manager.Config) (manager.Service, error) {
			f.text, _ = c.Option["SystemdScript"].(string)
			return f, nil
		}}
	return s, f, at("unpacked", "ezvpn"), said
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func content(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	must(t, err)
	return string(b)
}

// TestInstallTwiceAndUpgrade: the second time changes nothing; other programs are put in place, and what runs is
// started again.
func TestInstallTwiceAndUpgrade(t *testing.T) {
	s, f, executable, _ := world(t)
	must(t, s.Install(executable))
	if !slices.Equal(f.asked, []string{"install"}) {
		t.Errorf("asked %v", f.asked)
	}
	if !strings.Contains(content(t, f.unit), "\nExecStart="+s.Places.Daemon+" run\n") || content(t, s.Places.Daemon) != "daemon 1" {
		t.Errorf("unit:\n%s", content(t, f.unit))
	}
	if fi, err := os.Stat(s.Places.State); err != nil || fi.Mode().Perm() != 0o700 {
		t.Errorf("state: %v, %v", fi, err)
	}
	must(t, s.Install(executable))
	if !slices.Equal(f.asked, []string{"install"}) {
		t.Errorf("the second time: asked %v", f.asked)
	}
	must(t, s.Start())
	must(t, os.WriteFile(filepath.Join(filepath.Dir(executable), "ezvpnd"), []byte("daemon 2"), 0o755))
	must(t, s.Install(executable))
	if !slices.Equal(f.asked, []string{"install", "start", "restart"}) || content(t, s.Places.Daemon) != "daemon 2" {
		t.Errorf("upgrade: asked %v", f.asked)
	}
	must(t, os.WriteFile(f.unit, []byte("an older unit"), 0o644))
	must(t, s.Install(executable))
	if want := []string{"install", "start", "restart", "uninstall", "install", "restart"}; !slices.Equal(f.asked, want) {
		t.Errorf("an older unit: asked %v", f.asked)
	}
}

// TestHalfAPair: a command without its daemon changes nothing.
func TestHalfAPair(t *testing.T) {
	s, f, executable, _ := world(t)
	must(t, os.Remove(filepath.Join(filepath.Dir(executable), "ezvpnd")))
	if err := s.Install(executable); err == nil || !strings.Contains(err.Error(), "keep the two programs") {
		t.Errorf("%v", err)
	}
	if len(f.asked) != 0 || there(s.Places.Config) {
		t.Errorf("asked %v", f.asked)
	}
}

// TestPackaged: the package's service is neither installed over nor removed, but started and stopped.
func TestPackaged(t *testing.T) {
	s, f, executable, _ := world(t)
	must(t, os.WriteFile(s.Places.Packaged[0], nil, 0o644))
	if err := s.Install(executable); !errors.Is(err, ErrPackaged) {
		t.Errorf("install: %v", err)
	}
	if err := s.Uninstall(true); !errors.Is(err, ErrPackaged) {
		t.Errorf("uninstall: %v", err)
	}
	if len(f.asked) != 0 {
		t.Errorf("asked %v", f.asked)
	}
}

// TestProtected: whoever can write a directory above the daemon could replace it, so it is not run from there.
func TestProtected(t *testing.T) {
	if os.Geteuid() != 0 {
		return // only root's files can be
	}
	dir, err := os.MkdirTemp("/root", "ezvpn")
	must(t, err)
	defer os.RemoveAll(dir)
	must(t, os.MkdirAll(dir+"/a/b", 0o755))
	must(t, os.WriteFile(dir+"/a/b/ezvpnd", nil, 0o755))
	must(t, os.Symlink("b", dir+"/a/link"))
	if !protected(dir + "/a/b/ezvpnd") {
		t.Error("root's own is not taken")
	}
	if protected(dir + "/a/link/ezvpnd") {
		t.Error("a link is taken")
	}
	for _, spoil := range []func() error{
		func() error { return os.Chmod(dir+"/a", 0o775) },
		func() error { return os.Chmod(dir+"/a/b/ezvpnd", 0o757) },
		func() error { return os.Chown(dir+"/a", 1000, 0) },
	} {
		must(t, spoil())
		if protected(dir + "/a/b/ezvpnd") {
			t.Error("what others can write is taken")
		}
		must(t, os.Chown(dir+"/a", 0, 0))
		must(t, os.Chmod(dir+"/a", 0o755))
		must(t, os.Chmod(dir+"/a/b/ezvpnd", 0o755))
	}
}

func TestUninstall(t *testing.T) {
	s, f, executable, said := world(t)
	must(t, s.Install(executable))
	must(t, os.WriteFile(filepath.Join(s.Places.Profiles, "office.toml"), nil, 0o600))
	must(t, s.Start())
	f.asked, *said = nil, nil
	must(t, s.Uninstall(false))
	if !slices.Equal(f.asked, []string{"stop", "uninstall"}) || there(s.Places.Sysusers) {
		t.Errorf("asked %v", f.asked)
	}
	for _, left := range s.Places.leftovers() {
		if !there(left) || !slices.Contains(*said, "left "+left) {
			t.Errorf("%s is gone, or not named in %q", left, *said)
		}
	}
	must(t, os.WriteFile(filepath.Join(s.Places.State, "undo.json"), nil, 0o600))
	if err := s.Uninstall(true); err == nil || !strings.Contains(err.Error(), "ezvpn repair") || !there(s.Places.Profiles) {
		t.Errorf("with an undo journal: %v", err)
	}
	must(t, os.Remove(filepath.Join(s.Places.State, "undo.json")))
	must(t, s.Uninstall(true))
	for _, left := range s.Places.leftovers() {
		if there(left) {
			t.Errorf("%s is left", left)
		}
	}
}

func TestState(t *testing.T) {
	s, _, executable, _ := world(t)
	if st, err := s.State(); err != nil || st.Installed || st.Running || st.Unit != "" {
		t.Errorf("%+v, %v", st, err)
	}
	if err := s.Start(); !errors.Is(err, ErrNotInstalled) {
		t.Errorf("start: %v", err)
	}
	must(t, s.Install(executable))
	must(t, s.Start())
	if st, err := s.State(); err != nil || !st.Installed || !st.Running || st.Unit != s.Places.Unit {
		t.Errorf("%+v, %v", st, err)
	}
}

// TestRecovery: the first restart is within the 5 s that a killed daemon may be away, and the pauses grow.
func TestRecovery(t *testing.T) {
	if pauses[0] > 5*time.Second || !slices.IsSorted(pauses) || forgiven <= pauses[len(pauses)-1] {
		t.Errorf("%v, forgiven after %v", pauses, forgiven)
	}
}
