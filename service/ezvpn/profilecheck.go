package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"ezvpn/client/profile"
)

// checked is what check says of one file.
type checked struct {
	File   string  `json:"file"`
	Layer  string  `json:"layer,omitempty"`
	OK     bool    `json:"ok"`
	Errors []fault `json:"errors,omitempty"`
}

type fault struct {
	Line    int    `json:"line,omitempty"`
	Key     string `json:"key,omitempty"`
	Why     string `json:"why"`
	Allowed string `json:"allowed,omitempty"`
	text    string
}

func (a *app) profileCheckCommand() *cobra.Command {
	var layer string
	var asJSON, sealed bool
	c := &cobra.Command{
		Use:   "check FILE|DIR…",
		Short: "Check profiles before they are used; needs no service",
		Long: "Check files, and the *.toml files of directories, as the service would, but for the rights on them. Everything\n" +
			"that is wrong is said at once: file, line, key, what is allowed. The exit code is 5 if anything is wrong, so a\n" +
			"pipeline can depend on it.\n\n" +
			"A file with a [managed] table is checked as one of management: it need not be a whole profile. Files whose keys\n" +
			"the service has sealed, and taken out, are whole with --sealed.",
		Example: "  ezvpn profile check office.toml\n  ezvpn profile check --json profiles/ | jq '.files[] | select(.ok | not)'",
		Args:    cobra.MinimumNArgs(1),
		RunE:    func(_ *cobra.Command, args []string) error { return a.checkProfiles(args, layer, sealed, asJSON) },
	}
	c.Flags().StringVar(&layer, "layer", "", "what the files are: machine, user or managed (default: machine, or managed with a [managed] table)")
	c.Flags().BoolVar(&sealed, "sealed", false, "the service holds the group keys sealed: they need not be in the files")
	c.Flags().BoolVar(&asJSON, "json", false, "print a document for programs")
	c.RegisterFlagCompletionFunc("layer", cobra.FixedCompletions([]string{profile.Machine, profile.User, profile.Managed}, cobra.ShellCompDirectiveNoFileComp))
	return c
}

func (a *app) checkProfiles(args []string, layer string, sealed, asJSON bool) error {
	if layer != "" && !slices.Contains([]string{profile.Machine, profile.User, profile.Managed}, layer) {
		return &failure{code: exitUsage, sentence: fmt.Sprintf("--layer %q is not known", layer), next: "one of machine, user, managed"}
	}
	files, err := profileFiles(args)
	if err != nil {
		return err
	}
	doc := struct {
		Files []checked `json:"files"`
	}{make([]checked, 0, len(files))}
	wrong := 0
	for _, f := range files {
		c := checkFile(f, layer, sealed)
		if !c.OK {
			wrong++
		}
		doc.Files = append(doc.Files, c)
	}
	if asJSON {
		if err := a.json(doc); err != nil {
			return err
		}
	} else {
		a.printChecked(doc.Files, wrong)
	}
	if wrong > 0 {
		f := &failure{code: exitProfile, sentence: "the profile cannot be used", next: "correct what is listed, then check again"}
		if len(files) > 1 {
			f.sentence = fmt.Sprintf("%d of %d profiles cannot be used", wrong, len(files))
		}
		return f
	}
	return nil
}

func (a *app) printChecked(all []checked, wrong int) {
	for _, c := range all {
		if c.OK && len(all) == 1 {
			fmt.Fprintf(a.out, "%s is good\n", c.File)
		}
		for _, e := range c.Errors {
			fmt.Fprintln(a.out, e.text)
		}
	}
	if len(all) > 1 {
		fmt.Fprintf(a.out, "%d files, %d good, %d wrong\n", len(all), len(all)-wrong, wrong)
	}
}

// profileFiles are the files that were named, and those of the directories.
func profileFiles(args []string) ([]string, error) {
	var files []string
	for _, arg := range args {
		st, err := os.Stat(arg)
		if err != nil {
			return nil, &failure{code: exitProfile, sentence: err.Error(), next: "name a profile's file, or a directory of them"}
		}
		if !st.IsDir() {
			files = append(files, arg)
			continue
		}
		entries, err := os.ReadDir(arg)
		if err != nil {
			return nil, &failure{code: exitProfile, sentence: err.Error(), next: "name a directory that you may read"}
		}
		n := len(files)
		for _, e := range entries {
			if strings.HasSuffix(e.Name(), ".toml") && !e.IsDir() {
				files = append(files, filepath.Join(arg, e.Name()))
			}
		}
		if len(files) == n {
			return nil, &failure{code: exitProfile, sentence: arg + " has no *.toml files", next: "name the directory of the profiles"}
		}
	}
	return files, nil
}

func checkFile(path, layer string, sealed bool) checked {
	c := checked{File: path, Layer: layer}
	data, err := readBounded(path)
	if err != nil {
		c.Errors = []fault{{Why: err.Error(), text: err.Error()}}
		return c
	}
	if c.Layer == "" {
		c.Layer = profile.Machine
		if profile.IsManaged(data) {
			c.Layer = profile.Managed
		}
	}
	base := strings.TrimSuffix(filepath.Base(path), ".toml")
	err = profile.Check(base, profile.Layer{Kind: c.Layer, File: path, Data: data})
	var all profile.Errors
	if errors.As(err, &all) {
		for _, e := range all {
			if sealed && e.Key == "group.key" && strings.HasPrefix(e.Why, "missing: ") {
				continue
			}
			c.Errors = append(c.Errors, fault{e.Line, e.Key, e.Why, e.Allowed, e.Error()})
		}
		c.OK = len(c.Errors) == 0
		return c
	}
	if c.Layer == profile.Machine {
		if p, err := profile.Parse(path, data); err == nil && p.Name != base {
			why := fmt.Sprintf("name = %q, but the file is named for %q; make them the same", p.Name, base)
			c.Errors = []fault{{Key: "name", Why: why, text: path + ": " + why}}
			return c
		}
	}
	c.OK = true
	return c
}

// readBounded reads what may be a profile: a regular file that is not too large.
func readBounded(path string) ([]byte, error) {
	st, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	switch {
	case !st.Mode().IsRegular():
		return nil, &fs.PathError{Op: "read", Path: path, Err: errors.New("not a regular file")}
	case st.Size() > maxProfile:
		return nil, &fs.PathError{Op: "read", Path: path, Err: errors.New("larger than 64 KiB")}
	}
	return os.ReadFile(path)
}

func (a *app) profileSchemaCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "schema",
		Short: "Print the JSON Schema of a profile, for editors and pipelines",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			_, err := a.out.Write(profile.Schema())
			return err
		},
	}
}
