package install

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	manager "github.com/kardianos/service"
)

// State is what the service manager says.
type State struct {
	Manager   string `json:"manager"`
	Installed bool   `json:"installed"`
	Running   bool   `json:"running"`
	Unit      string `json:"unit,omitempty"`    // file of the service manager; none on Windows
	Problem   string `json:"problem,omitempty"` // why it does not run, where the service manager knows
}

// State asks the service manager.
func (s *Service) State() (State, error) {
	m, err := s.handle()
	if err != nil {
		return State{}, err
	}
	st, err := m.Status()
	out := State{Manager: s.Manager, Installed: !errors.Is(err, ErrNotInstalled), Running: st == manager.StatusRunning}
	if out.Installed {
		out.Unit = s.unit()
		if err != nil {
			out.Problem = err.Error()
		}
	}
	return out, nil
}

// unit is the file that is in force: ours, or the package's.
func (s *Service) unit() string {
	for _, f := range append([]string{s.Places.Unit}, s.Places.Packaged...) {
		if _, err := os.Stat(f); err == nil {
			return f
		}
	}
	return ""
}

// Start, Stop and Restart wait until the service manager has done it.
func (s *Service) Start() error   { return s.ask("starting", manager.Service.Start) }
func (s *Service) Stop() error    { return s.ask("stopping", manager.Service.Stop) }
func (s *Service) Restart() error { return s.ask("restarting", manager.Service.Restart) }

func (s *Service) ask(what string, do func(manager.Service) error) error {
	m, err := s.handle()
	if err != nil {
		return err
	}
	if _, err := m.Status(); errors.Is(err, ErrNotInstalled) {
		return ErrNotInstalled
	}
	if err := do(m); err != nil {
		return fmt.Errorf("%s the service: %w", what, err)
	}
	return nil
}

// Uninstall stops the service, which puts the machine back, and makes the service manager forget it. Profiles, state
// and programs stay, and are named; with purge they go too.
func (s *Service) Uninstall(purge bool) error {
	if err := s.packaged(); err != nil {
		return err
	}
	m, err := s.handle()
	if err != nil {
		return err
	}
	if err := s.forget(m); err != nil {
		return err
	}
	if journal := filepath.Join(s.Places.State, "undo.json"); purge && there(journal) {
		return fmt.Errorf("%s is still there: the machine was not put back as it was; run: ezvpn repair, then purge again", journal)
	}
	for _, p := range s.Places.leftovers() {
		switch {
		case !there(p):
		case !purge:
			s.say("left " + p)
		case s.Places.Busy && p == s.Places.Command:
			s.say("left " + p + ", which runs; delete it yourself")
		default:
			if err := os.RemoveAll(p); err != nil {
				return fmt.Errorf("removing %s: %w", p, err)
			}
			s.say("removed " + p)
		}
	}
	return nil
}

func (s *Service) forget(m manager.Service) error {
	st, err := m.Status()
	if errors.Is(err, ErrNotInstalled) && !there(s.Places.Unit) {
		s.say("the service is not installed")
		return nil
	}
	if st == manager.StatusRunning {
		if err := m.Stop(); err != nil {
			return fmt.Errorf("stopping the service: %w", err)
		}
		s.say("stopped the service")
	}
	if err := m.Uninstall(); err != nil {
		return fmt.Errorf("taking the service away: %w", err)
	}
	s.say("the service is gone, and starts no more with the machine")
	if f := s.Places.Sysusers; f != "" && there(f) {
		return os.Remove(f)
	}
	return nil
}

func there(path string) bool {
	_, err := os.Lstat(path)
	return path != "" && err == nil
}
