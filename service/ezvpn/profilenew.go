package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"ezvpn/client/profile"
	"ezvpn/service/ipc"
)

// fields are the answers that make a first profile.
type fields struct {
	name, gateway, group, user, preset string
	install                            bool
}

func (a *app) profileNewCommand() *cobra.Command {
	var f fields
	c := &cobra.Command{
		Use:   "new NAME",
		Short: "Make a profile of gateway, group, group key and user",
		Long: "Ask at a terminal for what the flags do not say, and print a profile, or give it to the service. The group key is\n" +
			"never an argument: it is asked for, or is the line on standard input.",
		Example: "  ezvpn profile new office\n  sudo ezvpn profile new office --gateway vpn.example.com --group staff --install < key",
		Args:    cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			f.name = args[0]
			return a.newProfile(c.Context(), f)
		},
	}
	c.Flags().StringVar(&f.gateway, "gateway", "", "`host` name or IPv4 address of the gateway; several with commas")
	c.Flags().StringVar(&f.group, "group", "", "`name` of the group")
	c.Flags().StringVar(&f.user, "user", "", "user `name`; asked for at each connect without it")
	c.Flags().StringVar(&f.preset, "preset", "cisco", "`kind` of the gateway, such as cisco or fritzbox")
	c.Flags().BoolVar(&f.install, "install", false, "give the profile to the service, which seals the key; only an administrator may")
	return c
}

func (a *app) newProfile(ctx context.Context, f fields) error {
	if terminal(a.in) != nil {
		in := bufio.NewReader(a.in)
		for _, q := range []struct {
			what string
			to   *string
		}{{"Gateway", &f.gateway}, {"Group", &f.group}, {"User (may be empty)", &f.user}} {
			if *q.to == "" {
				fmt.Fprint(a.err, q.what+": ")
				line, _ := in.ReadString('\n')
				*q.to = strings.TrimSpace(line)
			}
		}
	}
	if f.gateway == "" || f.group == "" {
		return &failure{code: exitUsage, sentence: "a profile needs a gateway and a group", next: "give --gateway and --group"}
	}
	key, err := a.readSecret("group key")
	if err != nil {
		return err
	}
	text, err := profile.Fields{Name: f.name, Gateway: f.gateway, Group: f.group, Key: profile.Secret(key), User: f.user, Preset: f.preset}.TOML()
	if err != nil {
		return &failure{code: exitProfile, sentence: "this makes no profile:\n" + err.Error(), next: "correct it, then try again"}
	}
	if f.install {
		return a.changeProfile(ctx, f.name, "the service has it", func(ctx context.Context, cl *ipc.Client) (ipc.ProfileChanged, error) {
			return cl.PutProfile(ctx, f.name, text, false)
		})
	}
	_, err = io.WriteString(a.out, text)
	return err
}
