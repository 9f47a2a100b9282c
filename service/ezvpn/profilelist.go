package main

import (
	"context"
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"ezvpn/client/status"
	"ezvpn/service/ipc"
)

func (a *app) profileListCommand() *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:   "list",
		Short: "List the profiles of the service, also those with errors",
		Long: "List the profiles: name, when it connects, where it leads, and whose files it has (machine, managed, user).\n" +
			"One whose files were changed and are wrong now stays in use as it was when it last was good.",
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return a.listProfiles(c.Context(), asJSON) },
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print the list as JSON")
	return c
}

func (a *app) listProfiles(ctx context.Context, asJSON bool) error {
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	cl := a.client()
	defer cl.Close()
	list, err := cl.ListProfiles(ctx)
	if err != nil {
		return err
	}
	if asJSON {
		return a.json(list)
	}
	w := tabwriter.NewWriter(a.out, 0, 8, 2, ' ', 0)
	for _, p := range list.Profiles {
		listed(w, p)
	}
	if len(list.Profiles) == 0 {
		fmt.Fprintln(w, "no profiles")
	}
	if err := w.Flush(); err != nil {
		return err
	}
	for _, p := range list.Problems {
		fmt.Fprintf(a.err, "ezvpn: %s\n", a.red(status.FilterLine(p)))
	}
	return nil
}

func listed(w *tabwriter.Writer, p ipc.ProfileInfo) {
	layers := strings.Join(p.Layers, "+")
	if p.Connect == "" {
		fmt.Fprintf(w, "%s\terror\tcannot be used:\t%s\n", p.Name, layers)
	} else {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", p.Name, p.Connect, status.FilterLine(p.Summary), layers)
	}
	if p.Using != "" {
		fmt.Fprintf(w, "\t\tchanged, but wrong; the version of %s is used:\n", p.Using)
	}
	for _, e := range append(p.Errors, p.Notices...) {
		fmt.Fprintf(w, "\t\t  %s\n", status.FilterLine(e))
	}
}
