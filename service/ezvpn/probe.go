package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"os"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"ezvpn/client/probe"
	"ezvpn/client/status"
	"ezvpn/service/checkup"
)

type probeOptions struct {
	group, write string
	yes, json    bool
}

func (a *app) probeCommand() *cobra.Command {
	var o probeOptions
	c := &cobra.Command{
		Use:   "probe HOST[:PORT]",
		Short: "Ask your own gateway which phase 1 proposals it takes, and make a profile of the best",
		Long: fmt.Sprintf(`Ask a gateway of yours, slowly, which ciphers, hashes and Diffie-Hellman groups it takes, and rate them.
At most %d questions, one at a time, at least a second apart; it takes some minutes. The first message
of Main Mode is sent, which holds no name and no key. With --group the Aggressive Mode of that group is
asked instead, for gateways that answer nothing else: the name then goes over the network in clear, and
the gateway notes an attempt. The hash in its answer is thrown away.`, probe.MaxAsked),
		Example: "  ezvpn probe vpn.example.com\n  ezvpn probe vpn.example.com --group staff --write office.toml",
		Args:    cobra.ExactArgs(1),
		RunE:    func(c *cobra.Command, args []string) error { return a.probe(c.Context(), args[0], o) },

		ValidArgsFunction: cobra.NoFileCompletions,
	}
	c.Flags().StringVar(&o.group, "group", "", "`name` of a group: ask in Aggressive Mode")
	c.Flags().StringVar(&o.write, "write", "", "`file` for a profile of the best proposals; never over another")
	c.Flags().BoolVar(&o.yes, "yes", false, "the gateway is mine, or its administrator agrees")
	c.Flags().BoolVar(&o.json, "json", false, "print the report as JSON: accepted, groups, vendors, best, advice")
	return c
}

func (a *app) probe(ctx context.Context, host string, o probeOptions) error {
	cfg := probe.Config{Group: o.group, Port: 500}
	if p, err := netip.ParseAddrPort(host); err == nil {
		host, cfg.Port = p.Addr().String(), p.Port()
	} else if h, port, ok := strings.Cut(host, ":"); ok {
		n, err := parsePort(port)
		if err != nil {
			return err
		}
		host, cfg.Port = h, n
	}
	if o.write != "" {
		if _, err := os.Lstat(o.write); !errors.Is(err, fs.ErrNotExist) {
			return &failure{code: exitUsage, sentence: o.write + " is there already", next: "name another file"}
		}
	}
	to, err := checkup.Resolve(ctx, host)
	if err != nil {
		return &failure{code: exitFailed, sentence: "the name of the gateway has no address: " + err.Error(), next: "check the spelling and the name servers"}
	}
	if !o.yes {
		ok, err := a.agrees(ctx, fmt.Sprintf("send up to %d IKE questions to %s (%s); is it yours, or does its administrator agree?", probe.MaxAsked, host, to))
		if err != nil {
			return err
		}
		if !ok {
			return &failure{code: exitInterrupted, sentence: "nothing was sent"}
		}
	}
	r, err := checkup.Probe(ctx, to, cfg, a.progress(o.json))
	if err != nil {
		return &failure{code: exitFailed, sentence: err.Error(), next: "find out what is in the way: ezvpn doctor"}
	}
	if o.json {
		if err := a.json(r); err != nil {
			return err
		}
	} else {
		a.printProbe(host, to, r)
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return a.probed(host, o, r)
}

func parsePort(s string) (uint16, error) {
	p, err := netip.ParseAddrPort("0.0.0.0:" + s)
	if err != nil || p.Port() == 0 {
		return 0, fmt.Errorf("%q is not a port", s)
	}
	return p.Port(), nil
}

// probed writes the profile, or says why there is none.
func (a *app) probed(host string, o probeOptions, r probe.Report) error {
	switch {
	case !r.Answered:
		return &failure{code: exitFailed, sentence: "the gateway does not answer", next: "find out what is in the way: ezvpn doctor"}
	case len(r.Best) == 0:
		return &failure{code: exitFailed, sentence: "the gateway takes none of the proposals"}
	case o.write == "":
		return nil
	}
	f, err := os.OpenFile(o.write, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err == nil {
		_, err = f.WriteString(r.Profile(host, o.group))
		err = errors.Join(err, f.Close())
	}
	if err != nil {
		return &failure{code: exitFailed, sentence: "the profile was not written: " + err.Error(), next: "name a file in a directory that you may write"}
	}
	if !o.json {
		fmt.Fprintln(a.out, o.write+" is written; its group.key_file is yours to make")
	}
	return nil
}

// progress shows on a terminal that something goes on.
func (a *app) progress(quiet bool) func(probe.Report) {
	if quiet || terminal(a.out) == nil {
		return func(probe.Report) {}
	}
	return func(r probe.Report) {
		fmt.Fprintf(a.out, "\r\x1b[Kquestion %d: %d proposals taken so far", r.Asked, len(r.Accepted))
	}
}

func (a *app) printProbe(host string, to netip.Addr, r probe.Report) {
	if terminal(a.out) != nil {
		fmt.Fprint(a.out, "\r\x1b[K")
	}
	mode := "Main Mode"
	if r.Exchange == "aggressive" {
		mode = "Aggressive Mode"
	}
	fmt.Fprintf(a.out, "%s (%s) in %s on UDP %d: %d questions, %d datagrams\n", host, to, mode, r.Port, r.Asked, r.Sent)
	if !r.Complete {
		fmt.Fprintln(a.out, "not everything was asked: "+r.Why)
	}
	if len(r.Vendors) > 0 {
		fmt.Fprintln(a.out, "it says that it is, or knows: "+strings.Join(r.Vendors, ", "))
	}
	w := tabwriter.NewWriter(a.out, 0, 8, 2, ' ', 0)
	for _, x := range r.Accepted {
		fmt.Fprintf(w, "takes\t%s\t%s\t%s\n", x.Proposal, x.Grade, strings.Join(x.Reasons, "; "))
	}
	for _, g := range r.Groups {
		if g.Answer != "accepted" && r.Answered {
			fmt.Fprintf(w, "%s\tnothing of %s\t\t%s\n", g.Answer, g.Group, status.FilterLine(g.Says))
		}
	}
	w.Flush()
	if len(r.Best) > 0 {
		fmt.Fprintf(a.out, "for the profile: ike.proposals = [%s]\n", `"`+strings.Join(r.Best, `", "`)+`"`)
	}
	if len(r.Allow) > 0 {
		fmt.Fprintf(a.out, "and:             security.allow = [%s]\n", `"`+strings.Join(r.Allow, `", "`)+`"`)
	}
	for _, s := range r.Advice {
		fmt.Fprintln(a.out, "- "+s)
	}
}
