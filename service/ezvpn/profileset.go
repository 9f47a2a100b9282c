package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"ezvpn/service/ipc"
)

// layerOf is the layer that a command changes.
func layerOf(machine bool) string {
	if machine {
		return ipc.LayerMachine
	}
	return ipc.LayerUser
}

func (a *app) profileSetCommand() *cobra.Command {
	var machine bool
	c := &cobra.Command{
		Use:   "set NAME KEY VALUE",
		Short: "Change a key of a profile: for yourself, or with --machine for all",
		Long: `Change one key of a profile of the service, such as dpd.interval. Without --machine the change counts for the
sessions that you start, and only keys that a user may have are taken; with it, for the machine, and only
an administrator may. What management locks nobody can change.

VALUE is a number, true, false, a text without quotes, or a list with commas. Secrets are not taken from the
command line: see ezvpn profile secret.`,
		Example: "  ezvpn profile set office dpd.interval 30\n  sudo ezvpn profile set --machine office connect auto",
		Args:    cobra.ExactArgs(3),
		RunE: func(c *cobra.Command, args []string) error {
			if ipc.SecretKey(args[1]) {
				return noSecretHere(args[0], args[1])
			}
			return a.changeProfile(c.Context(), args[0], args[1]+" is set", func(ctx context.Context, cl *ipc.Client) (ipc.ProfileChanged, error) {
				return cl.SetProfile(ctx, ipc.ProfileSet{Profile: args[0], Key: args[1], Value: args[2], Layer: layerOf(machine)})
			})
		},
		ValidArgsFunction: a.completeProfile,
	}
	c.Flags().BoolVar(&machine, "machine", false, "change it for all users of this machine")
	return c
}

func noSecretHere(name, key string) error {
	return &failure{code: exitUsage, sentence: key + " is a secret: others can read a command line",
		next: "give it on standard input: sudo ezvpn profile secret " + name + " " + strings.ReplaceAll(key, ".", "-")}
}

func (a *app) profileUnsetCommand() *cobra.Command {
	var machine bool
	c := &cobra.Command{
		Use:   "unset NAME KEY",
		Short: "Take a key out again, so that the layer below or the default counts",
		Args:  cobra.ExactArgs(2),
		RunE: func(c *cobra.Command, args []string) error {
			return a.changeProfile(c.Context(), args[0], args[1]+" is taken out", func(ctx context.Context, cl *ipc.Client) (ipc.ProfileChanged, error) {
				return cl.UnsetProfile(ctx, ipc.ProfileUnset{Profile: args[0], Key: args[1], Layer: layerOf(machine)})
			})
		},
		ValidArgsFunction: a.completeProfile,
	}
	c.Flags().BoolVar(&machine, "machine", false, "from the file of the machine")
	return c
}

// changeProfile carries out one change and says what it did.
func (a *app) changeProfile(ctx context.Context, name, what string, do func(context.Context, *ipc.Client) (ipc.ProfileChanged, error)) error {
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	cl := a.client()
	defer cl.Close()
	done, err := do(ctx, cl)
	if err != nil {
		return err
	}
	a.printChanged(name+": "+what, done)
	return nil
}

func (a *app) profileSecretCommand() *cobra.Command {
	var forget bool
	c := &cobra.Command{
		Use:   "secret NAME group-key|xauth-password",
		Short: "Give the group key or the XAUTH password of a profile, to be sealed",
		Long: "Read a secret from the terminal, or one line from standard input, and have the service seal it: on Linux and\n" +
			"macOS in a file that only root can read, on Windows with DPAPI for this machine. It is in no profile then.",
		Args: cobra.ExactArgs(2),
		RunE: func(c *cobra.Command, args []string) error {
			key := strings.Replace(args[1], "-", ".", 1)
			if !ipc.SecretKey(key) {
				return &failure{code: exitUsage, sentence: args[1] + " is no secret of a profile", next: "give group-key or xauth-password"}
			}
			s := ipc.ProfileSecret{Profile: args[0], Key: key}
			what := args[1] + " is forgotten"
			if !forget {
				text, err := a.readSecret(args[1])
				if err != nil {
					return err
				}
				s.Value, what = ipc.Secret(text), args[1]+" is sealed"
			}
			return a.changeProfile(c.Context(), args[0], what, func(ctx context.Context, cl *ipc.Client) (ipc.ProfileChanged, error) {
				return cl.SealSecret(ctx, s)
			})
		},
		ValidArgsFunction: a.completeProfile,
	}
	c.Flags().BoolVar(&forget, "forget", false, "forget the secret that is sealed")
	return c
}

// readSecret takes one line, without an echo where somebody types it.
func (a *app) readSecret(what string) (string, error) {
	var line string
	if tty := terminal(a.in); tty != nil {
		fmt.Fprint(a.err, what+": ")
		b, err := term.ReadPassword(int(tty.Fd()))
		fmt.Fprintln(a.err)
		if err != nil {
			return "", &failure{code: exitInterrupted, sentence: "nothing was typed"}
		}
		line = string(b)
	} else {
		var err error
		if line, err = bufio.NewReader(io.LimitReader(a.in, 4<<10)).ReadString('\n'); err != nil && !errors.Is(err, io.EOF) {
			return "", &failure{code: exitUsage, sentence: "standard input cannot be read: " + err.Error()}
		}
	}
	if line = strings.TrimRight(line, "\r\n"); line == "" {
		return "", &failure{code: exitUsage, sentence: "no " + what + " came", next: "type it, or give it as one line on standard input"}
	}
	return line, nil
}
