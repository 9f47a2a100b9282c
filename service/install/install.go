// Package install makes ezvpnd a service of the system, and takes it away again: under systemd, OpenRC, launchd and the
// service manager of Windows. What the service manager is told is in package packaging.
package install

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	manager "github.com/kardianos/service"

	"ezvpn/packaging"
)

// ErrPackaged says that a package of the distribution brought the service, which then is the package's to change.
var ErrPackaged = errors.New("the service came with a package")

// ErrNotInstalled says that the service manager does not know the service.
var ErrNotInstalled = manager.ErrNotInstalled

// Service is ezvpnd as the service manager of this system sees it.
type Service struct {
	Manager string // "linux-systemd", "linux-openrc", "darwin-launchd", "windows-service"
	Places  Places

	control func(*manager.Config) (manager.Service, error)
	refresh func(*manager.Config) error // an installed Windows service is changed, not removed and made again
	version func() string               // of systemd
	say     func(string)
}

// New finds the service manager. Say gets one line for each thing that was done.
func New(say func(string)) (*Service, error) {
	s := &Service{Places: places(), control: control, refresh: refresh, version: systemdVersion, say: say}
	if c := manager.ChosenSystem(); c != nil {
		s.Manager = c.String()
	}
	if _, ok := texts[s.Manager]; !ok {
		return nil, fmt.Errorf("this machine runs neither systemd nor OpenRC (found: %s); let its own start scripts run: ezvpnd run", s.Manager)
	}
	return s, nil
}

// texts are the files of the service managers, by Service.Manager; the one of Windows has a database instead.
var texts = map[string]struct {
	option string // of the library
	at     func(path string) (string, error)
	file   string
}{
	"linux-systemd":   {"SystemdScript", packaging.Systemd, "/etc/systemd/system/ezvpnd.service"},
	"linux-openrc":    {"OpenRCScript", packaging.OpenRC, "/etc/init.d/ezvpnd"},
	"darwin-launchd":  {"LaunchdConfig", packaging.Launchd, "/Library/LaunchDaemons/ezvpnd.plist"},
	"windows-service": {},
}

// config is what the library is told about a daemon that stands at path.
func (s *Service) config(path string) (c *manager.Config, text string, err error) {
	c = &manager.Config{
		Name: "ezvpnd", DisplayName: "Easy VPN client service",
		Description: "Keeps the tunnel to a Cisco Easy VPN gateway",
		Executable:  path, Arguments: []string{"run"}, Option: manager.KeyValue{},
	}
	t := texts[s.Manager]
	if t.at == nil {
		c.Dependencies = []string{"Nsi", "Tcpip"}
		return c, "", nil
	}
	if text, err = t.at(path); err != nil {
		return nil, "", err
	}
	if s.Manager == "linux-systemd" {
		text = unitFor(s.version(), text)
	}
	c.Option[t.option] = text
	return c, text, nil
}

// control is the library's handle. It is never run, so nothing is behind it.
func control(c *manager.Config) (manager.Service, error) { return manager.New(nothing{}, c) }

type nothing struct{}

func (nothing) Start(manager.Service) error { return nil }
func (nothing) Stop(manager.Service) error  { return nil }

// Install makes the pair of programs that stands around executable, the running ezvpn, a service that starts with the
// machine. Programs in a place that others than root can write are copied first. A service that is there already is
// brought up to date, and started again if it runs.
func (s *Service) Install(executable string) error {
	if err := s.packaged(); err != nil {
		return err
	}
	running, err := s.stopBeforeCopy()
	if err != nil {
		return err
	}
	daemon, err := s.place(executable)
	if err != nil {
		return err
	}
	c, text, err := s.config(daemon)
	if err != nil {
		return err
	}
	m, err := s.control(c)
	if err != nil {
		return err
	}
	if err := s.register(m, c, text); err != nil {
		return err
	}
	if err := s.directories(); err != nil {
		return err
	}
	if running {
		if err := m.Restart(); err != nil {
			return fmt.Errorf("starting the service again: %w", err)
		}
		s.say("restarted the service")
	}
	return nil
}

func (s *Service) packaged() error {
	for _, f := range s.Places.Packaged {
		if _, err := os.Stat(f); err == nil {
			return fmt.Errorf("%w: %s", ErrPackaged, f)
		}
	}
	return nil
}

// stopBeforeCopy says whether the service runs. Where the file of a running program cannot be replaced, it is stopped.
func (s *Service) stopBeforeCopy() (running bool, err error) {
	m, err := s.handle()
	if err != nil {
		return false, err
	}
	st, _ := m.Status()
	if running = st == manager.StatusRunning; running && s.Places.Busy {
		if err := m.Stop(); err != nil {
			return true, fmt.Errorf("stopping the service to replace its program: %w", err)
		}
		s.say("stopped the service")
	}
	return running, nil
}

// register tells the service manager, unless it knows the same already.
func (s *Service) register(m manager.Service, c *manager.Config, text string) error {
	have, err := os.ReadFile(s.Places.Unit)
	switch {
	case s.Places.Unit == "":
		return s.registerWindows(m, c)
	case err == nil && string(have) == text:
		s.say(s.Places.Unit + " is up to date")
		return nil
	case err == nil:
		if err := m.Uninstall(); err != nil {
			return fmt.Errorf("taking the former service away: %w", err)
		}
	case !errors.Is(err, os.ErrNotExist):
		return err
	}
	if err := m.Install(); err != nil {
		return fmt.Errorf("telling %s: %w", s.Manager, err)
	}
	s.say("wrote " + s.Places.Unit + "; the service starts with the machine")
	return nil
}

func (s *Service) registerWindows(m manager.Service, c *manager.Config) error {
	if _, err := m.Status(); errors.Is(err, manager.ErrNotInstalled) {
		if err := m.Install(); err != nil {
			return fmt.Errorf("telling the service manager: %w", err)
		}
	}
	if err := s.refresh(c); err != nil {
		return fmt.Errorf("telling the service manager how to restart the service: %w", err)
	}
	s.say("the service starts with the machine")
	return nil
}

// directories are made with the rights that the daemon asks for. Those that are there stay as they are, but on Windows,
// where any user could have made them before.
func (s *Service) directories() error {
	for _, d := range []struct {
		path string
		mode os.FileMode
	}{{s.Places.Config, 0o755}, {s.Places.Profiles, 0o755}, {s.Places.Managed, 0o755}, {s.Places.State, 0o700}} {
		if err := makeDir(d.path, d.mode); err != nil {
			return fmt.Errorf("making the directory %s: %w", d.path, err)
		}
	}
	if f := s.Places.Sysusers; f != "" && s.Manager == "linux-systemd" {
		if err := os.MkdirAll(filepath.Dir(f), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(f, []byte(packaging.Sysusers), 0o644); err != nil {
			return fmt.Errorf("naming the group of the service: %w", err)
		}
	}
	return nil
}

func (s *Service) handle() (manager.Service, error) {
	c, _, err := s.config(s.Places.Daemon)
	if err != nil {
		return nil, err
	}
	return s.control(c)
}
