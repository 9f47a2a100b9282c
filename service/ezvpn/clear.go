package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"ezvpn/client/status"
	"ezvpn/service/ipc"
)

func (a *app) clearCommand() *cobra.Command {
	var what ipc.Clear
	c := &cobra.Command{
		Use:   "clear",
		Short: "Delete the IKE and IPsec SAs, as clear crypto session does",
		Long: `Delete the IKE and IPsec SAs of the session and tell the gateway. With connect = "manual" the session
ends; otherwise the service connects anew at once, beginning with the first gateway.

--local and --remote clear only a session with these outside addresses: that of this machine and that
of the gateway; a port is optional. The gateway's may be the one listed or the one in use (4500
behind NAT). The exit code is 6 if no session matched. Only who started the session, or root, may.`,
		Example: "  ezvpn clear\n  ezvpn clear --remote 192.0.2.1\n  ezvpn clear --local 198.51.100.7:4500 --remote 192.0.2.1:4500",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			for _, name := range []string{"local", "remote"} {
				if f := c.Flags().Lookup(name); f.Changed && f.Value.String() == "" {
					return fmt.Errorf("--%s is empty; leave it out to match every address", name)
				}
			}
			if _, _, err := what.Patterns(); err != nil {
				return fmt.Errorf("--%w", err)
			}
			return a.clear(c.Context(), what)
		},
	}
	c.Flags().StringVar(&what.Local, "local", "", "only with this outside address of the machine, `IP[:PORT]`")
	c.Flags().StringVar(&what.Remote, "remote", "", "only with this address of the gateway, `IP[:PORT]`")
	for _, name := range []string{"local", "remote"} {
		c.RegisterFlagCompletionFunc(name, a.completeEnd(name))
	}
	return c
}

func (a *app) clear(ctx context.Context, what ipc.Clear) error {
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	cl := a.client()
	defer cl.Close()
	done, err := cl.Clear(ctx, what)
	if err != nil {
		return err
	}
	if !done.Cleared {
		return unmatched(done)
	}
	line := "cleared " + status.FilterLine(done.Profile) + ends(done)
	if done.State == status.ConnectRequired || done.State == status.Disconnecting {
		line += "; the session ends"
	} else {
		line += "; connecting again, see how it goes: ezvpn peers"
	}
	fmt.Fprintln(a.out, line)
	return nil
}

// unmatched is why nothing was cleared.
func unmatched(c ipc.Cleared) error {
	at := ends(c)
	if at == "" {
		return &failure{code: exitFailed, sentence: "nothing was cleared: there are no SAs",
			next: "see what the session does: ezvpn status"}
	}
	return &failure{code: exitFailed, sentence: "nothing was cleared: the session is" + at,
		next: "give these addresses, or none"}
}

// ends says where the session leads, with a space before it; "" if that is not known.
func ends(c ipc.Cleared) string {
	var parts []string
	if c.Local != "" {
		parts = append(parts, " from "+status.FilterLine(c.Local))
	}
	if c.Remote != "" {
		parts = append(parts, " to "+status.FilterLine(c.Remote))
	}
	return strings.Join(parts, "")
}
