package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"ezvpn/client/doctor"
	"ezvpn/client/status"
	"ezvpn/service/checkup"
	"ezvpn/service/ipc"
)

func (a *app) doctorCommand() *cobra.Command {
	var o checkup.Options
	var asJSON, all bool
	c := &cobra.Command{
		Use:   "doctor",
		Short: "Find out what stands between this machine and its tunnel; needs no service",
		Long: `Look at the service, the profile, the network and the peers, and say in order what is right, what is
wrong and what to do about it. Nothing is changed.

The name servers of the machine are asked for the peers' names, and each peer gets at most two
datagrams on UDP 500 and 4500: the first message of Main Mode, with no name and no key in it. A peer
with which the tunnel is up is not asked. If no peer answers, one is asked for a web page, since a
captive portal answers in its place. Nobody else is contacted; with --offline, no peer either.

The exit code is 6 if something stands in the way, and 0 if at most warnings are left.`,
		Example: "  ezvpn doctor\n  ezvpn doctor --profile office --json",
		Args:    cobra.NoArgs,
		RunE:    func(c *cobra.Command, _ []string) error { return a.doctor(c.Context(), o, asJSON, all) },
	}
	c.Flags().StringVar(&o.Profile, "profile", "", "`name` of the profile whose peers are looked at (default: that in use, or the only one)")
	c.Flags().BoolVar(&o.Quiet, "offline", false, "send nothing to the peers")
	c.Flags().BoolVar(&all, "all", false, "print the evidence also for what is right")
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON: worst, findings with id, level, sentence, evidence, next")
	c.Flags().StringVar(&o.Profiles, "profiles", ipc.DefaultProfiles, "`directory` of the profiles, if no service answers")
	c.Flags().StringVar(&o.Managed, "managed", ipc.DefaultManaged, "`directory` of what management put over them")
	c.Flags().StringVar(&o.State, "state", ipc.DefaultState, "`directory` of the undo journal, as with ezvpnd run")
	c.RegisterFlagCompletionFunc("profile", a.completeProfile)
	return c
}

func (a *app) doctor(ctx context.Context, o checkup.Options, asJSON, all bool) error {
	o.Daemon = a.client()
	defer o.Daemon.Close()
	facts := checkup.Run(ctx, o)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	found := doctor.Examine(facts)
	worst := doctor.Worst(found)
	if asJSON {
		if err := a.json(struct {
			Worst    doctor.Level     `json:"worst"`
			Findings []doctor.Finding `json:"findings"`
		}{worst, found}); err != nil {
			return err
		}
	} else {
		a.printFindings(found, all)
	}
	if worst != doctor.Fault {
		return nil
	}
	faults := 0
	for _, f := range found {
		if f.Level == doctor.Fault {
			faults++
		}
	}
	s := "1 thing stands in the way"
	if faults > 1 {
		s = fmt.Sprintf("%d things stand in the way", faults)
	}
	return &failure{code: exitFailed, sentence: s, next: "mend the first one, then look again: ezvpn doctor"}
}

// signs are one letter wide, so that a level is told without colour too.
var signs = map[doctor.Level]struct{ sign, colour string }{
	doctor.OK: {"✓", "32"}, doctor.Unknown: {"?", "2"}, doctor.Note: {"i", "36"}, doctor.Warning: {"!", "33"}, doctor.Fault: {"✗", "31"},
}

func (a *app) printFindings(found []doctor.Finding, all bool) {
	for _, f := range found {
		s := signs[f.Level]
		fmt.Fprintf(a.out, "%s %s\n", colour(a.out, s.colour, s.sign), status.FilterLine(f.Sentence))
		if all || f.Level != doctor.OK {
			for _, e := range f.Evidence {
				fmt.Fprintf(a.out, "    - %s\n", status.FilterLine(e))
			}
		}
		if f.Next != "" {
			fmt.Fprintf(a.out, "    next: %s\n", status.FilterLine(f.Next))
		}
	}
}
