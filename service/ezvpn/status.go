package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"ezvpn/client/status"
	"ezvpn/service/ipc"
)

func (a *app) statusCommand() *cobra.Command {
	var asJSON bool
	var check string
	c := &cobra.Command{
		Use:   "status",
		Short: "Show the session: state, gateways, addresses, SAs, DPD, traffic",
		Long: `Show the session. A session that somebody else started shows its state and no more; root sees all. The
exit code says whether the service answered, not whether the tunnel is up.

With --check nothing is shown but a word, and the exit code is the answer, for probes and systemd:
live is 0 if the service answers, else 3; ready is 0 if the tunnel is up, 6 if it is not, 3 if the
service does not answer.`,
		Example: "  ezvpn status --json | jq .state\n  ezvpn status --check ready && echo the tunnel is up",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			switch check {
			case "":
				return a.status(c.Context(), asJSON)
			case "live", "ready":
				return a.check(c.Context(), check)
			}
			return fmt.Errorf("--check %.20q is not known; one of live, ready", check)
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print the whole snapshot as JSON")
	c.Flags().StringVar(&check, "check", "", "only say by the exit code whether the service is `live` or the tunnel ready")
	c.RegisterFlagCompletionFunc("check", cobra.FixedCompletions([]string{"live", "ready"}, cobra.ShellCompDirectiveNoFileComp))
	c.MarkFlagsMutuallyExclusive("json", "check")
	return c
}

// check answers a probe.
func (a *app) check(ctx context.Context, what string) error {
	s, err := a.snapshot(ctx)
	switch {
	case err != nil:
		return err
	case what == "live":
		_, err = fmt.Fprintln(a.out, "live")
	case s.State == status.Active:
		_, err = fmt.Fprintln(a.out, "ready")
	default:
		return diagnosed(exitFailed, "not ready: "+string(s.State), s.Diagnosis)
	}
	return err
}

func (a *app) status(ctx context.Context, asJSON bool) error {
	s, err := a.snapshot(ctx)
	if err != nil {
		return err
	}
	if asJSON {
		err = a.json(s)
	} else {
		err = status.Text(a.out, s, time.Now())
	}
	if err != nil {
		return &failure{code: exitBug, sentence: "the status could not be printed: " + err.Error()}
	}
	return nil
}

// snapshot asks the service how the session is.
func (a *app) snapshot(ctx context.Context) (status.Snapshot, error) {
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	cl := a.client()
	defer cl.Close()
	return cl.Status(ctx)
}

// json prints a document for programs.
func (a *app) json(v any) error {
	e := json.NewEncoder(a.out)
	e.SetIndent("", "  ")
	return e.Encode(v)
}

func (a *app) downCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "down",
		Short: "Disconnect, and put the machine back",
		Long:  "End the session: the gateway is told, routes and DNS are put back. Only who started the session, or root, may.",
		Args:  cobra.NoArgs,
		RunE:  func(c *cobra.Command, _ []string) error { return a.down(c.Context()) },
	}
}

func (a *app) down(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	cl := a.client()
	defer cl.Close()
	s, err := cl.Down(ctx)
	var e *ipc.Error
	if errors.As(err, &e) && e.Code == ipc.NoSession {
		fmt.Fprintln(a.out, "no session is up")
		return nil
	}
	if err != nil {
		return err
	}
	if s.Profile == "" {
		fmt.Fprintln(a.out, "disconnected")
		return nil
	}
	fmt.Fprintf(a.out, "%s is disconnected\n", s.Profile)
	return nil
}
