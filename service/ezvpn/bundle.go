package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"strings"
	"text/tabwriter"
	"unicode"

	"github.com/spf13/cobra"

	"ezvpn/client/status"
	"ezvpn/service/bundle"
	"ezvpn/service/ipc"
)

type bundleOptions struct {
	bundle.Options
	file            string
	show, yes, json bool
}

func (a *app) bundleCommand() *cobra.Command {
	var o bundleOptions
	c := &cobra.Command{
		Use:   "bundle",
		Short: "Write diagnostics without names and secrets into a zip file, after a look at them",
		Long: `Gather what somebody who helps needs: what ezvpn doctor finds, the status, the log of the service, the
profiles without secrets, and facts about the machine. Names of gateways, groups, profiles, hosts and
persons, and public addresses, become tokens that are the same throughout the bundle. What is in it is
listed before it is written; with --show it is printed in full. Nothing is sent anywhere.

It works without the service, and names what is missing then. The log needs root.`,
		Example: "  sudo ezvpn bundle\n  ezvpn bundle --show | less\n  sudo ezvpn bundle --yes -o /tmp/ezvpn.zip",
		Args:    cobra.NoArgs,
		RunE:    func(c *cobra.Command, _ []string) error { return a.bundle(c.Context(), o) },
	}
	f := c.Flags()
	f.StringVarP(&o.file, "output", "o", "", "`file` to write (default: ezvpn-bundle-TIME.zip here)")
	f.BoolVar(&o.show, "show", false, "print everything that would be written, and write nothing")
	f.BoolVar(&o.yes, "yes", false, "write without a question")
	f.BoolVar(&o.Names, "names", false, "keep the names of gateways, groups, profiles and domains, and addresses")
	f.BoolVar(&o.json, "json", false, "print the manifest as JSON: parts, missing")
	f.BoolVar(&o.Checkup.Quiet, "offline", false, "send nothing to the peers")
	f.StringVar(&o.Checkup.Profile, "profile", "", "`name` of the profile whose peers are looked at")
	f.StringVar(&o.Checkup.Profiles, "profiles", ipc.DefaultProfiles, "`directory` of the profiles, if no service answers")
	f.StringVar(&o.Checkup.Managed, "managed", ipc.DefaultManaged, "`directory` of what management put over them")
	f.StringVar(&o.Checkup.State, "state", ipc.DefaultState, "`directory` of the undo journal, as with ezvpnd run")
	c.RegisterFlagCompletionFunc("profile", a.completeProfile)
	return c
}

func (a *app) bundle(ctx context.Context, o bundleOptions) error {
	o.Checkup.Daemon = a.client()
	defer o.Checkup.Daemon.Close()
	b, err := bundle.Gather(ctx, o.Options)
	if err != nil {
		return err
	}
	if o.show {
		return a.showBundle(b)
	}
	if !o.json {
		a.previewBundle(b)
	}
	if o.file == "" {
		o.file = "ezvpn-bundle-" + b.Manifest.Time.Format("20060102-150405") + ".zip"
	}
	if !o.yes {
		ok, err := a.agrees(ctx, "write it to "+o.file+"?")
		if err != nil {
			return err
		}
		if !ok {
			return &failure{code: exitInterrupted, sentence: "nothing was written", next: "to read all of it: ezvpn bundle --show"}
		}
	}
	switch err := b.Write(o.file); {
	case errors.Is(err, bundle.ErrExists):
		return &failure{code: exitUsage, sentence: o.file + " is there already", next: "name another with -o"}
	case err != nil:
		return &failure{code: exitFailed, sentence: "the bundle was not written: " + err.Error(), next: "name a directory that you may write, with -o"}
	}
	if o.json {
		return a.json(b.Manifest)
	}
	fmt.Fprintln(a.out, o.file+" is written; only you can read it")
	return nil
}

func (a *app) showBundle(b *bundle.Bundle) error {
	for _, p := range b.Manifest.Parts {
		fmt.Fprintf(a.out, "==> %s: %s\n%s\n", p.Name, p.About, plain(string(p.Data())))
	}
	for _, m := range b.Manifest.Missing {
		fmt.Fprintf(a.out, "==> %s is missing: %s\n", m.Name, status.FilterLine(m.Why))
	}
	return nil
}

func (a *app) previewBundle(b *bundle.Bundle) {
	w := tabwriter.NewWriter(a.out, 0, 8, 2, ' ', 0)
	fmt.Fprintln(w, "PART\tSIZE\tTAKEN OUT\tWHAT IT IS")
	for _, p := range b.Manifest.Parts {
		fmt.Fprintf(w, "%s\t%s\t%d\t%s\n", p.Name, status.Bytes(uint64(p.Bytes)), p.Replaced, p.About)
	}
	w.Flush()
	for _, m := range b.Manifest.Missing {
		fmt.Fprintf(a.out, "missing: %s: %s\n", m.Name, status.FilterLine(m.Why))
	}
	if b.Manifest.Names {
		fmt.Fprintln(a.out, "names of gateways, groups, profiles and domains, and addresses, are in it")
	}
}

// agrees asks on the terminal. Without one nobody can agree.
func (a *app) agrees(ctx context.Context, question string) (bool, error) {
	in := terminal(a.in)
	if in == nil {
		return false, &failure{code: exitUsage, sentence: "this needs a yes, and nobody can be asked", next: "add --yes"}
	}
	fmt.Fprint(a.out, question+" [y/N] ")
	type line struct {
		text string
		err  error
	}
	got := make(chan line, 1)
	go func() {
		text, err := bufio.NewReader(in).ReadString('\n')
		got <- line{text, err}
	}()
	select {
	case <-ctx.Done():
		return false, ctx.Err()
	case l := <-got:
		answer := strings.ToLower(strings.TrimSpace(l.text))
		return answer == "y" || answer == "yes", nil
	}
}

// plain takes out what a terminal would obey.
func plain(s string) string {
	return strings.Map(func(r rune) rune {
		if r != '\n' && unicode.In(r, unicode.Cc, unicode.Cf) {
			return -1
		}
		return r
	}, s)
}
