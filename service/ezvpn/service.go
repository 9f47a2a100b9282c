package main

import (
	"errors"
	"fmt"
	"os"
	"os/user"
	"runtime"

	"github.com/spf13/cobra"

	"ezvpn/service/install"
)

func (a *app) serviceCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "service",
		Short: "Install the service, remove it, start and stop it",
		Long: `Make ezvpnd a service of this machine: under systemd, OpenRC, launchd or the service manager of
Windows. All but status need root or an administrator. Where a package of the distribution brought
the service, the package installs and removes it; start, stop and status work all the same.`,
	}
	c.AddCommand(a.installCommand(), a.uninstallCommand(), a.serviceStatusCommand(),
		a.controlCommand("start", "Start the service, and wait until it is ready", (*install.Service).Start),
		a.controlCommand("stop", "Take the tunnel down, put the machine back and stop the service", (*install.Service).Stop),
		a.controlCommand("restart", "Stop the service and start it again", (*install.Service).Restart))
	return c
}

func (a *app) installCommand() *cobra.Command {
	var now bool
	c := &cobra.Command{
		Use:   "install",
		Short: "Make this pair of programs a service that starts with the machine",
		Long: `Install the ezvpnd that stands beside this ezvpn. If others than root can write where they stand, both
are copied to the place for programs first. Running it again is harmless; with the programs of a newer
release it upgrades, and a service that runs is restarted, which takes the tunnel down for a moment.`,
		Example: "  sudo ./ezvpn service install --now",
		Args:    cobra.NoArgs,
		RunE:    func(*cobra.Command, []string) error { return a.install(now) },
	}
	c.Flags().BoolVar(&now, "now", false, "also start it")
	return c
}

func (a *app) uninstallCommand() *cobra.Command {
	var purge bool
	c := &cobra.Command{
		Use:   "uninstall",
		Short: "Stop the service and remove it; profiles stay",
		Long: `Take the tunnel down, put the machine back, stop the service and remove it from the service manager.
Profiles, state and programs stay, and are named; --purge removes them too.`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			return a.privileged("uninstall", func(s *install.Service) error { return s.Uninstall(purge) })
		},
	}
	c.Flags().BoolVar(&purge, "purge", false, "also remove the profiles, the state and the programs")
	return c
}

func (a *app) controlCommand(name, short string, do func(*install.Service) error) *cobra.Command {
	return &cobra.Command{
		Use: name, Short: short, Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error { return a.privileged(name, do) },
	}
}

func (a *app) install(now bool) error {
	return a.privileged("install", func(s *install.Service) error {
		executable, err := os.Executable()
		if err != nil {
			return err
		}
		if err := s.Install(executable); err != nil {
			return err
		}
		if now {
			if err := s.Start(); err != nil {
				return err
			}
			a.done("started the service")
		}
		a.hint(s, now)
		return nil
	})
}

// hint says what is left to do.
func (a *app) hint(s *install.Service, now bool) {
	if _, err := user.LookupGroup("ezvpn"); err != nil && runtime.GOOS != "windows" {
		make := "sudo groupadd --system ezvpn"
		switch s.Manager {
		case "linux-systemd":
			make = "sudo systemd-sysusers"
		case "darwin-launchd":
			make = "sudo dseditgroup -o create ezvpn"
		}
		a.done("root, and who sits at the machine, may connect; so that others may, make the group ezvpn: " + make)
	}
	if st, err := s.State(); err == nil && !st.Running && !now {
		a.done("profiles go to " + s.Places.Profiles + "; then: sudo ezvpn service start")
	}
}

func (a *app) done(line string) { fmt.Fprintln(a.out, line) }

// privileged does something that needs root.
func (a *app) privileged(what string, do func(*install.Service) error) error {
	if !install.Privileged() {
		f := &failure{code: exitRights, sentence: "only root may " + what + " the service", next: "sudo ezvpn service " + what}
		if runtime.GOOS == "windows" {
			f.sentence, f.next = "only an administrator may "+what+" the service", "run it again in an administrator's console"
		}
		return f
	}
	s, err := install.New(a.done)
	if err == nil {
		err = do(s)
	}
	return serviceFailure(what, err)
}

func serviceFailure(what string, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, install.ErrNotInstalled):
		return &failure{code: exitUnreachable, sentence: "the service is not installed", next: "sudo ezvpn service install"}
	case errors.Is(err, install.ErrPackaged):
		return &failure{code: exitFailed, sentence: err.Error(),
			next: "use the package manager; to have it run: sudo systemctl enable --now ezvpnd"}
	}
	return &failure{code: exitFailed, sentence: what + ": " + err.Error(), next: "see: docs/service.md"}
}

func (a *app) serviceStatusCommand() *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:   "status",
		Short: "Say whether the service is installed and runs",
		Long:  "Ask the service manager. The exit code is 0 if the service runs, else 3.",
		Args:  cobra.NoArgs,
		RunE:  func(*cobra.Command, []string) error { return a.serviceStatus(asJSON) },
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON: manager, installed, running, unit, problem")
	return c
}

func (a *app) serviceStatus(asJSON bool) error {
	s, err := install.New(a.done)
	if err != nil {
		return serviceFailure("status", err)
	}
	st, err := s.State()
	if err != nil {
		return serviceFailure("status", err)
	}
	if asJSON {
		err = a.json(st)
	} else {
		a.done(serviceLine(st))
	}
	if err == nil && !st.Running {
		err = &failure{code: exitUnreachable, sentence: "the service does not run", next: "sudo ezvpn service start"}
		if !st.Installed {
			return serviceFailure("status", install.ErrNotInstalled)
		}
	}
	return err
}

// serviceLine is the state in one line.
func serviceLine(st install.State) string {
	line := "not installed"
	switch {
	case st.Running:
		line = "running"
	case st.Installed:
		line = "stopped"
	}
	line += ", " + st.Manager
	if st.Unit != "" {
		line += ", " + st.Unit
	}
	if st.Problem != "" {
		line += ": " + st.Problem
	}
	return line
}
