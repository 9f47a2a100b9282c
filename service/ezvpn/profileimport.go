package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"ezvpn/client/importer"
	"ezvpn/service/ipc"
)

// maxImport is the largest file that an importer reads.
const maxImport = 1 << 20

// importing is what the flags of import say.
type importing struct {
	dryRun, asJSON, install, replace bool
	output                           string
}

func (a *app) profileImportCommand() *cobra.Command {
	var do importing
	c := &cobra.Command{
		Use:   "import FILE…",
		Short: "Make profiles of the files of other clients and of routers; needs no service",
		Long: "Read Cisco .pcf, Shrew .vpn, vpnc.conf, NetworkManager keyfiles, Apple .mobileconfig, and running configurations\n" +
			"of IOS and ASA; the content says which it is. The profiles are printed, or written to --output, or given to the\n" +
			"service with --install. The report says what became of each entry; it goes to standard error and holds no secret.\n" +
			"The profiles hold the secrets that the files held.",
		Example: "  ezvpn profile import --dry-run office.pcf\n  sudo ezvpn profile import --install office.pcf",
		Args:    cobra.MinimumNArgs(1),
		RunE:    func(c *cobra.Command, args []string) error { return a.importFiles(c.Context(), args, do) },
	}
	c.Flags().BoolVar(&do.dryRun, "dry-run", false, "print the reports alone, on standard output")
	c.Flags().BoolVar(&do.asJSON, "json", false, "print the reports as JSON, and no profiles unless --output or --install says where to")
	c.Flags().StringVar(&do.output, "output", "-", "`directory` to write NAME.toml to; - is standard output")
	c.Flags().BoolVar(&do.install, "install", false, "give the profiles to the service, which seals their secrets; only an administrator may")
	c.Flags().BoolVar(&do.replace, "replace", false, "with --install: take the place of profiles of the same names")
	c.MarkFlagsMutuallyExclusive("dry-run", "install")
	c.MarkFlagsMutuallyExclusive("output", "install")
	return c
}

func (a *app) importFiles(ctx context.Context, files []string, do importing) error {
	var all []importer.Result
	for _, path := range files {
		data, err := a.readForeign(path)
		if err != nil {
			return err
		}
		got, err := importer.Read(filepath.Base(path), data)
		if err != nil {
			return &failure{code: exitProfile, sentence: err.Error(), next: "see docs/import.md for what is read"}
		}
		all = append(all, got...)
	}
	if err := a.printReports(all, do); err != nil || do.dryRun {
		return err
	}
	for _, r := range all {
		if err := a.deliver(ctx, r, do); err != nil {
			return err
		}
	}
	return nil
}

func (a *app) readForeign(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, &failure{code: exitProfile, sentence: err.Error(), next: "name a file to import"}
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxImport+1))
	if err != nil {
		return nil, &failure{code: exitProfile, sentence: err.Error(), next: "name a file to import"}
	}
	return data, nil
}

func (a *app) printReports(all []importer.Result, do importing) error {
	if do.asJSON {
		doc := struct {
			Reports []importer.Report `json:"reports"`
		}{[]importer.Report{}}
		for _, r := range all {
			doc.Reports = append(doc.Reports, r.Report)
		}
		return a.json(doc)
	}
	to := a.err
	if do.dryRun {
		to = a.out
	}
	for _, r := range all {
		io.WriteString(to, r.Report.String())
	}
	return nil
}

func (a *app) deliver(ctx context.Context, r importer.Result, do importing) error {
	switch {
	case do.install && r.Report.Count(importer.Missing) > 0:
		return &failure{code: exitProfile, sentence: r.Name + " is not complete; the report says what is missing",
			next: "write it to a file with --output DIR, fill it in, then: ezvpn profile put FILE"}
	case do.install:
		return a.changeProfile(ctx, r.Name, "the service has it", func(ctx context.Context, cl *ipc.Client) (ipc.ProfileChanged, error) {
			return cl.PutProfile(ctx, r.Name, r.TOML, do.replace)
		})
	case do.output != "-":
		return a.writeNew(filepath.Join(do.output, r.Name+".toml"), r.TOML)
	case !do.asJSON:
		_, err := io.WriteString(a.out, r.TOML)
		return err
	}
	return nil
}

// writeNew writes a file that only its owner can read, and none over another.
func (a *app) writeNew(path, text string) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err == nil {
		_, err = io.WriteString(f, text)
		err = errors.Join(err, f.Close())
	}
	if err != nil {
		return &failure{code: exitProfile, sentence: err.Error(), next: "name a directory that you may write to, without a file of that name"}
	}
	fmt.Fprintf(a.err, "wrote %s\n", path)
	return nil
}
