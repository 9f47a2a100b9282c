package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"ezvpn/client/profile"
)

// maxProfile is what the service reads of one profile.
const maxProfile = 64 << 10

func (a *app) profileCommand() *cobra.Command {
	c := &cobra.Command{Use: "profile", Short: "List the profiles; check, show or begin a file"}
	c.AddCommand(&cobra.Command{
		Use:   "list",
		Short: "List the profiles of the service, also those with errors",
		Args:  cobra.NoArgs,
		RunE:  func(c *cobra.Command, _ []string) error { return a.listProfiles(c.Context()) },
	}, &cobra.Command{
		Use:   "show FILE",
		Short: "Print a profile as it is used, preset and defaults filled in, secrets redacted",
		Args:  cobra.ExactArgs(1),
		RunE:  func(_ *cobra.Command, args []string) error { return a.showProfile(args[0]) },
	}, &cobra.Command{
		Use:   "example",
		Short: "Print a first profile to start from",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			_, err := io.WriteString(a.out, profile.Example())
			return err
		},
	}, a.profileCheckCommand(), a.profileSchemaCommand())
	return c
}

func (a *app) listProfiles(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	cl := a.client()
	defer cl.Close()
	list, err := cl.Profiles(ctx)
	if err != nil {
		return err
	}
	w := tabwriter.NewWriter(a.out, 0, 8, 2, ' ', 0)
	for _, p := range list {
		if len(p.Errors) == 0 {
			fmt.Fprintf(w, "%s\t%s\t%s\n", p.Name, p.Connect, p.Summary)
			continue
		}
		for _, e := range p.Errors {
			fmt.Fprintf(w, "%s\terror\t%s\n", p.Name, e)
		}
	}
	if len(list) == 0 {
		fmt.Fprintln(w, "no profiles")
	}
	return w.Flush()
}

func (a *app) showProfile(path string) error {
	p, err := readProfile(path)
	if err != nil {
		return err
	}
	_, err = io.WriteString(a.out, p.Show())
	return err
}

// readProfile reads a file as the service would, but for the rights on it.
func readProfile(path string) (*profile.Profile, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, &failure{code: exitProfile, sentence: err.Error(), next: "name a profile's file"}
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxProfile+1))
	if err != nil {
		return nil, &failure{code: exitProfile, sentence: err.Error(), next: "name a profile's file"}
	}
	if len(data) > maxProfile {
		return nil, &failure{code: exitProfile, sentence: path + " is larger than 64 KiB", next: "make it smaller"}
	}
	file := filepath.Base(path)
	p, err := profile.Parse(file, data)
	if err != nil {
		return nil, &failure{code: exitProfile, sentence: "the profile cannot be used:\n" + err.Error(),
			next: "correct it, then check again"}
	}
	if base := strings.TrimSuffix(file, ".toml"); p.Name != "" && p.Name != base {
		return nil, &failure{code: exitProfile, sentence: fmt.Sprintf("name = %q, but the file is named %s", p.Name, file),
			next: "name the file " + p.Name + ".toml"}
	}
	return p, nil
}
