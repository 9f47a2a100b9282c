package main

import (
	"context"
	"io"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"ezvpn/client/importer"
	"ezvpn/client/profile"
)

func (a *app) profileExportCommand() *cobra.Command {
	var format string
	c := &cobra.Command{
		Use:   "export NAME|FILE",
		Short: "Write a profile as Cisco .pcf or as the Easy VPN block of an IOS router",
		Long: "Print a profile of the service, without its secrets, or a file (PATH or *.toml), with those it holds, in the words\n" +
			"of another client. What those cannot say is listed on standard error.",
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			write := map[string]func(*profile.Profile) ([]byte, importer.Report){"pcf": importer.ExportPCF, "ios": importer.ExportIOS}[format]
			if write == nil {
				return &failure{code: exitUsage, sentence: "no such format: " + format, next: "give --format pcf or --format ios"}
			}
			p, err := a.toExport(c.Context(), args[0])
			if err != nil {
				return err
			}
			text, report := write(p)
			io.WriteString(a.err, report.String())
			_, err = a.out.Write(text)
			return err
		},
		ValidArgsFunction: a.completeProfile,
	}
	c.Flags().StringVar(&format, "format", "pcf", "`format`: pcf or ios")
	c.RegisterFlagCompletionFunc("format", cobra.FixedCompletions([]string{"pcf", "ios"}, cobra.ShellCompDirectiveNoFileComp))
	return c
}

// toExport reads a file, or asks the service, which keeps the secrets to itself.
func (a *app) toExport(ctx context.Context, name string) (*profile.Profile, error) {
	if strings.HasSuffix(name, ".toml") || filepath.Base(name) != name {
		return readProfile(name)
	}
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	cl := a.client()
	defer cl.Close()
	shown, err := cl.ShowProfile(ctx, name)
	if err != nil {
		return nil, err
	}
	p, err := profile.Parse(name+".toml", []byte(shown.Text))
	if err != nil {
		return nil, &failure{code: exitBug, sentence: "the service showed a profile that cannot be read:\n" + err.Error()}
	}
	p.Group.Key, p.XAUTH.Password = "", "" // redacted
	return p, nil
}
