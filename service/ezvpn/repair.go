package main

import (
	"errors"
	"fmt"
	"runtime"

	"github.com/spf13/cobra"

	"ezvpn/service/install"
	"ezvpn/service/ipc"
	"ezvpn/service/repair"
)

func (a *app) repairCommand() *cobra.Command {
	var dry, asJSON bool
	var dir string
	c := &cobra.Command{
		Use:   "repair",
		Short: "Put the machine back after a service that died; needs no service",
		Long: `Undo what a service that was killed left behind: addresses, routes, name servers, forwarding. It works
without the service, from the undo journal that the service keeps. The service does the same when it
starts; this is for a machine on which it does not start, or is not to.

It is harmless at any time: with a service that runs, or with nothing left behind, it changes nothing.`,
		Example: "  sudo ezvpn repair --dry-run\n  sudo ezvpn repair",
		Args:    cobra.NoArgs,
		RunE:    func(*cobra.Command, []string) error { return a.repair(dir, dry, asJSON) },
	}
	c.Flags().BoolVar(&dry, "dry-run", false, "only say what would be undone")
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON: found, undone, notes, corrupt")
	c.Flags().StringVar(&dir, "state", ipc.DefaultState, "`directory` of the undo journal, as with ezvpnd run")
	return c
}

func (a *app) repair(dir string, dry, asJSON bool) error {
	if !install.Privileged() {
		f := &failure{code: exitRights, sentence: "only root may repair the machine", next: "sudo ezvpn repair"}
		if runtime.GOOS == "windows" {
			f.sentence, f.next = "only an administrator may repair the machine", "run it again in an administrator's console"
		}
		return f
	}
	r, err := repair.Run(dir, dry)
	if errors.Is(err, repair.ErrAlive) {
		return &failure{code: exitFailed, sentence: err.Error(), next: "to put the machine back, end the tunnel: ezvpn down"}
	}
	if asJSON {
		if e := a.json(r); e != nil {
			return e
		}
	} else {
		a.printRepair(r, dry, err)
	}
	if err != nil {
		return &failure{code: exitFailed, sentence: err.Error(), next: "run it again; what could not be undone stays in the journal"}
	}
	return nil
}

func (a *app) printRepair(r repair.Report, dry bool, err error) {
	for _, line := range r.Found {
		fmt.Fprintf(a.out, "  %s\n", line)
	}
	for _, n := range r.Notes {
		fmt.Fprintf(a.out, "  note: %s\n", n)
	}
	switch n := len(r.Found); {
	case err != nil:
	case n == 0 && r.Kept == "":
		fmt.Fprintln(a.out, "nothing was left behind")
	case dry:
		fmt.Fprintf(a.out, "%d changes would be made; nothing was changed\n", n)
	default:
		fmt.Fprintf(a.out, "%d changes were made; the machine is as it was before the tunnel\n", n)
	}
}
