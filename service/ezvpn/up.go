package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"ezvpn/client/status"
	"ezvpn/service/ipc"
)

type upOptions struct {
	wait   time.Duration
	noWait bool
	stdin  bool

	remember bool
}

func (a *app) upCommand() *cobra.Command {
	var o upOptions
	var profile string
	wait := waitValue(defaultWait)
	c := &cobra.Command{
		Use:   "up [PROFILE]",
		Short: "Connect, and wait until the tunnel is up",
		Long: `Connect with a profile; without a name, with the only one there is.

What the gateway asks (user name, password, passcode) is asked on the terminal. With --stdin each
answer is one line of standard input, in the order in which the gateway asks; lines that nobody asks
for are left alone. Secrets are never taken from the command line or the environment.

A session of this profile that is up already is joined: what the gateway asks meanwhile, as when it
wants a code to renew a tunnel, is answered in the same way.

Ctrl-C while connecting gives the connect up; a tunnel that is up stays.`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			if o.noWait && (c.Flags().Changed("wait") || o.stdin) {
				return errors.New("--no-wait does not go with --wait or --stdin")
			}
			name := strings.Join(args, "")
			switch {
			case name != "" && profile != "" && name != profile:
				return errors.New("two profiles are named; one session is up at a time")
			case c.Flags().Changed("wait") && looksLikeWait(name):
				return fmt.Errorf("write --wait=%s", name)
			case name == "":
				name = profile
			}
			o.wait = time.Duration(wait)
			return a.up(c.Context(), name, o)
		},
		ValidArgsFunction: a.completeProfile,
	}
	c.Flags().Var(&wait, "wait", "how long to wait for the tunnel: `SECONDS`, or a time such as 5m; 0 is for ever")
	c.Flags().Lookup("wait").NoOptDefVal = defaultWait.String()
	c.Flags().StringVar(&profile, "profile", "", "the profile to connect with, as the argument")
	c.RegisterFlagCompletionFunc("profile", a.completeProfile)
	c.Flags().BoolVar(&o.noWait, "no-wait", false, "ask for the connect and return; somebody must answer what the gateway asks")
	c.Flags().BoolVar(&o.remember, "remember", false, "have the service keep the password, sealed, if profile and gateway allow it")
	c.Flags().BoolVar(&o.stdin, "stdin", false, "read answers from standard input, one a line")
	return c
}

func (a *app) up(ctx context.Context, name string, o upOptions) error {
	cl := a.client()
	defer cl.Close()
	if name == "" {
		var err error
		if name, err = onlyProfile(ctx, cl); err != nil {
			return err
		}
	}
	if err := connect(ctx, cl, name); err != nil {
		return err
	}
	if o.noWait {
		fmt.Fprintf(a.out, "%s is connecting; see how it goes: ezvpn status\n", name)
		return nil
	}
	return a.follow(ctx, cl, name, o)
}

// connect asks for the session. One with this profile that is up, or on its way, is what was wanted.
func connect(ctx context.Context, cl *ipc.Client, name string) error {
	tctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	_, err := cl.Up(tctx, ipc.Up{Profile: name})
	var e *ipc.Error
	if errors.As(err, &e) && e.Code == ipc.Busy {
		if s, serr := cl.Status(tctx); serr == nil && s.Profile == name && s.State != status.Disconnecting {
			return nil
		}
	}
	return err
}

func onlyProfile(ctx context.Context, cl *ipc.Client) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	list, err := cl.Profiles(ctx)
	if err != nil {
		return "", err
	}
	var names []string
	for _, p := range list {
		names = append(names, p.Name)
	}
	switch len(names) {
	case 0:
		return "", &failure{code: exitProfile, sentence: "there is no profile yet",
			next: "put one, as root, into " + ipc.DefaultProfiles + ", for example office.toml"}
	case 1:
		return names[0], nil
	}
	return "", &failure{code: exitUsage, sentence: "there are several profiles: " + strings.Join(names, ", "),
		next: "name one: ezvpn up " + names[0]}
}

func (a *app) completeProfile(c *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	ctx, cancel := context.WithTimeout(c.Context(), 2*time.Second)
	defer cancel()
	cl := a.client()
	defer cl.Close()
	list, err := cl.Profiles(ctx)
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	var names []string
	for _, p := range list {
		names = append(names, p.Name+"\t"+p.Summary)
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}
