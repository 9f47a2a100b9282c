package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"ezvpn/service/ipc"
	"ezvpn/service/kit"
)

type keysOptions struct {
	dir  string
	long time.Duration
	yes  bool
}

func (a *app) debugKeysCommand() *cobra.Command {
	var o keysOptions
	c := &cobra.Command{
		Use:   "keys",
		Short: "Write what decrypts the session into a directory, for a while",
		Long: `Write Wireshark's two key tables and the ISAKMP messages in clear into a directory, until the time is
over or Ctrl-C. Whoever has these files, and captured the traffic, can read it, the user's password
included: it is for an administrator who looks for a fault, with the consent of the user. While it is
on, the status says so to everybody. Only root may do it.

Keys of IPsec SAs that are up already cannot be had: connect, or clear the session, after it began.`,
		Example: "  sudo ezvpn debug keys --for 10m -o /root/kit\n  sudo tcpdump -i any -w /root/kit.pcap udp port 500 or udp port 4500",
		Args:    cobra.NoArgs,
		RunE:    func(c *cobra.Command, _ []string) error { return a.debugKeys(c.Context(), o) },
	}
	c.Flags().StringVarP(&o.dir, "output", "o", "", "`directory` to make; required")
	c.Flags().DurationVar(&o.long, "for", 10*time.Minute, "how long, at most an hour")
	c.Flags().BoolVar(&o.yes, "yes", false, "begin without a question")
	return c
}

func (a *app) debugKeys(ctx context.Context, o keysOptions) error {
	if o.dir == "" {
		return errors.New("name a directory with -o")
	}
	if o.long < time.Second || o.long > ipc.MaxKeySeconds*time.Second {
		return errors.New("--for is 1s to 1h")
	}
	if !o.yes {
		ok, err := a.agrees(ctx, "whoever has these files can read the session's traffic; write them to "+o.dir+"?")
		if err != nil {
			return err
		}
		if !ok {
			return &failure{code: exitInterrupted, sentence: "nothing was written"}
		}
	}
	cl := a.client()
	defer cl.Close()
	s, err := cl.Keys(ctx, ipc.Keys{Seconds: int64(o.long / time.Second)})
	if err != nil {
		return err
	}
	defer s.Close()
	k, err := kit.Create(o.dir)
	if err != nil {
		return &failure{code: exitFailed, sentence: "the kit cannot be written: " + err.Error(), next: "name a directory that is not there yet"}
	}
	defer k.Close()
	fmt.Fprintf(a.out, "writing to %s until %s; Ctrl-C ends it\n", o.dir, time.Now().Add(o.long).Format("15:04:05"))
	for {
		d, err := s.Next()
		if errors.Is(err, io.EOF) || ctx.Err() != nil {
			break
		}
		if err != nil {
			return err
		}
		if err := k.Add(d); err != nil {
			return &failure{code: exitFailed, sentence: "the kit cannot be written: " + err.Error(), next: "make room, or name another directory"}
		}
	}
	fmt.Fprintf(a.out, "%s: keys of %d ISAKMP SAs and of %d directions of IPsec SAs, %d messages; %s says how to use them\n", o.dir, k.ISAKMP, k.ESP, k.Messages, kit.ReadMe)
	return nil
}
