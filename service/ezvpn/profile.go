package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"ezvpn/client/profile"
)

// maxProfile is what the service reads of one profile.
const maxProfile = 64 << 10

func (a *app) profileCommand() *cobra.Command {
	c := &cobra.Command{Use: "profile", Short: "List, show and change the profiles; check or begin a file"}
	c.AddCommand(a.profileListCommand(), a.profileShowCommand(), a.profileSetCommand(), a.profileUnsetCommand(),
		a.profileSecretCommand(), a.profilePutCommand(), a.profileRemoveCommand(), &cobra.Command{
			Use:   "example",
			Short: "Print a first profile to start from",
			Args:  cobra.NoArgs,
			RunE: func(*cobra.Command, []string) error {
				_, err := io.WriteString(a.out, profile.Example())
				return err
			},
		}, a.profileCheckCommand(), a.profileSchemaCommand(), a.profileImportCommand(),
		a.profileExportCommand(), a.profileNewCommand())
	return c
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
