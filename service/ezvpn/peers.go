package main

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"ezvpn/client/status"
)

func (a *app) peersCommand() *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:   "peers",
		Short: "Show the gateways in order: state, since when, last reason, next try",
		Long: `Show the gateways of the session in the order in which they are tried; "*" marks the one in use.

ORIGIN says where a gateway comes from: profile, pushed (backup server of the gateway) or redirect
(load balancing). STATE is unknown (not tried yet), trying, active or down, SINCE when it became so,
HEARD when the last authentic packet came, NEXT TRY when it is tried again. On a narrow terminal
address, origin and last reason are on a line of their own.

The gateways of a session that somebody else started are not shown; root sees all. The exit code says
whether the service answered.`,
		Example: "  ezvpn peers\n  ezvpn peers --json | jq -r '.[] | select(.health == \"down\") | .reason'",
		Args:    cobra.NoArgs,
		RunE:    func(c *cobra.Command, _ []string) error { return a.peers(c.Context(), asJSON) },
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print the list as JSON, as in peers of: ezvpn status --json")
	return c
}

func (a *app) peers(ctx context.Context, asJSON bool) error {
	s, err := a.snapshot(ctx)
	if err != nil {
		return err
	}
	switch {
	case asJSON:
		if s.Peers == nil {
			s.Peers = []status.Peer{}
		}
		err = a.json(s.Peers)
	case len(s.Peers) > 0:
		err = status.PeerTable(a.out, s.Peers, time.Now(), a.width())
	case s.State == status.ConnectRequired:
		_, err = fmt.Fprintln(a.out, "no session is up")
	default:
		_, err = fmt.Fprintln(a.out, "the session is somebody else's, its gateways are not shown; root sees them: sudo ezvpn peers")
	}
	if err != nil {
		return &failure{code: exitBug, sentence: "the gateways could not be printed: " + err.Error()}
	}
	return nil
}

// width is that of the terminal, 0 for a file or a pipe.
func (a *app) width() int {
	f := terminal(a.out)
	if f == nil {
		return 0
	}
	columns, _, err := term.GetSize(int(f.Fd()))
	if err != nil {
		return 0
	}
	return columns
}
