package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"ezvpn/client/status"
	"ezvpn/service/ipc"
)

const debugTopics = `What can be debugged:
  isakmp   IKE and dead peer detection, as debug crypto isakmp shows them: ezvpn debug isakmp
  keys     what decrypts a capture of the session, for an administrator: sudo ezvpn debug keys -o DIR
`

func (a *app) debugCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "debug",
		Short: "Show what the service does, in the words of Cisco's debug output",
		Long:  "Show what the service does, in the words of Cisco's debug output.\n\n" + debugTopics,
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			_, err := io.WriteString(a.out, debugTopics)
			return err
		},
	}
	c.AddCommand(a.debugISAKMPCommand(), a.debugKeysCommand())
	return c
}

// debugOptions are the flags of debug isakmp.
type debugOptions struct {
	since  string
	follow bool
	asJSON bool
}

func (a *app) debugISAKMPCommand() *cobra.Command {
	var o debugOptions
	c := &cobra.Command{
		Use:   "isakmp",
		Short: "Show IKE and dead peer detection, live or since a moment",
		Long: `Show what IKE and dead peer detection do, in the words of Cisco's debug crypto isakmp.

Without flags, lines are shown as they come, until Ctrl-C, as on a router. The service keeps the last
few thousand lines whether somebody looks or not: --since prints those since a moment (a length of
time before now, or an RFC 3339 time) and ends; with --follow it goes on with what comes.
--follow=false alone prints all that is kept.

If lines come faster than they are taken, "N lines lost" stands where they are missing. The lines
name users and addresses: only who started the session, or root, may read them. Ctrl-C ends the
command with exit code 0.`,
		Example: `  ezvpn debug isakmp
  ezvpn debug isakmp --since 10m
  ezvpn debug isakmp --since 2026-03-25T15:47:00Z --follow
  ezvpn debug isakmp --follow=false | grep DPD`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			asked, err := o.request(c.Flags().Changed("since"), c.Flags().Changed("follow"))
			if err != nil {
				return err
			}
			return a.debug(c.Context(), asked, o.asJSON)
		},
	}
	c.Flags().StringVar(&o.since, "since", "", "also lines since then: a `TIME` such as 10m, 1h30m or 2026-03-25T15:47:00Z")
	c.Flags().BoolVar(&o.follow, "follow", false, "go on with new lines; the default without --since")
	c.Flags().BoolVar(&o.asJSON, "json", false, "print each line as JSON: serial, time, text")
	c.RegisterFlagCompletionFunc("since", cobra.FixedCompletions([]string{"1m", "10m", "1h", "24h"}, cobra.ShellCompDirectiveNoFileComp))
	return c
}

// request makes the request of the flags.
func (o debugOptions) request(since, follow bool) (ipc.Debug, error) {
	switch {
	case !since && !follow:
		return ipc.Debug{Follow: true}, nil
	case !since && !o.follow:
		return ipc.Debug{Since: time.Unix(0, 0).UTC().Format(time.RFC3339)}, nil
	case !since:
		return ipc.Debug{Follow: true}, nil
	}
	d := ipc.Debug{Follow: o.follow}
	if length, err := time.ParseDuration(o.since); err == nil {
		d.SinceSeconds = int64((length + time.Second - 1) / time.Second)
		if length < 0 {
			return d, fmt.Errorf("--since %s is negative; 10m means the last ten minutes", o.since)
		}
	} else {
		d.Since = o.since
	}
	if _, err := d.From(time.Unix(0, 0)); err != nil || o.since == "" {
		return d, fmt.Errorf("--since %.60q is neither a length of time such as 10m nor a time such as 2026-03-25T15:47:00Z", o.since)
	}
	return d, nil
}

// debug prints lines until there are no more, or ctx ends.
func (a *app) debug(ctx context.Context, asked ipc.Debug, asJSON bool) error {
	cl := a.client()
	defer cl.Close()
	stream, err := cl.Debug(ctx, asked)
	if err != nil {
		return err
	}
	defer stream.Close()
	print := a.debugText
	if asJSON {
		print = func(_ uint64, l status.DebugLine) error { return json.NewEncoder(a.out).Encode(l) }
	}
	var last uint64
	for {
		l, err := stream.Next()
		switch {
		case ctx.Err() != nil, err == io.EOF && !asked.Follow:
			return nil
		case err == io.EOF:
			return &failure{code: exitUnreachable, sentence: "the service ended the output",
				next: "look whether it is up: ezvpn status"}
		case err != nil:
			return err
		}
		lost := uint64(0)
		if last > 0 && l.Serial > last+1 {
			lost = l.Serial - last - 1
		}
		last = l.Serial
		if err := print(lost, l); err != nil {
			return &failure{code: exitBug, sentence: "a line could not be printed: " + err.Error()}
		}
	}
}

func (a *app) debugText(lost uint64, l status.DebugLine) error {
	var err error
	if lost > 0 {
		_, err = fmt.Fprintf(a.out, "(%s)\n", lines(lost))
	}
	_, errLine := io.WriteString(a.out, status.CiscoTime(l.Time.Local())+status.FilterLine(l.Text)+"\n")
	return errors.Join(err, errLine)
}

func lines(n uint64) string {
	if n == 1 {
		return "1 line lost"
	}
	return fmt.Sprintf("%d lines lost", n)
}
