package main

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"ezvpn/service/ipc"
)

func (a *app) profilePutCommand() *cobra.Command {
	var replace bool
	var name string
	c := &cobra.Command{
		Use:   "put FILE",
		Short: "Give a profile to the service; - is standard input",
		Long: "Have the service check a file and write it to the profiles of the machine, named as the file is, or as --name\n" +
			"says. Secrets in it are sealed and taken out. Only an administrator may.",
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			text, err := a.readText(args[0])
			if err != nil {
				return err
			}
			if name == "" {
				name = strings.TrimSuffix(filepath.Base(args[0]), ".toml")
			}
			return a.changeProfile(c.Context(), name, "the service has it", func(ctx context.Context, cl *ipc.Client) (ipc.ProfileChanged, error) {
				return cl.PutProfile(ctx, name, text, replace)
			})
		},
	}
	c.Flags().BoolVar(&replace, "replace", false, "take the place of a profile of the same name")
	c.Flags().StringVar(&name, "name", "", "`name` of the profile, where the file is named otherwise")
	return c
}

// readText reads a profile that the service will check.
func (a *app) readText(path string) (string, error) {
	in := a.in
	if path != "-" {
		f, err := os.Open(path)
		if err != nil {
			return "", &failure{code: exitProfile, sentence: err.Error(), next: "name a profile's file"}
		}
		defer f.Close()
		in = f
	}
	b, err := io.ReadAll(io.LimitReader(in, maxProfile+1))
	if err == nil && len(b) > maxProfile {
		err = errors.New(path + " is larger than 64 KiB")
	}
	if err != nil {
		return "", &failure{code: exitProfile, sentence: err.Error(), next: "name a profile's file"}
	}
	return string(b), nil
}

func (a *app) profileRemoveCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "remove NAME",
		Short: "Remove a profile of the machine, and its sealed secrets",
		Long: "Remove the machine's file of a profile and what was sealed for it. What management put stays. A profile whose\n" +
			"session is up is not removed. Only an administrator may.",
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			return a.changeProfile(c.Context(), args[0], "removed", func(ctx context.Context, cl *ipc.Client) (ipc.ProfileChanged, error) {
				return cl.RemoveProfile(ctx, args[0])
			})
		},
		ValidArgsFunction: a.completeProfile,
	}
}
