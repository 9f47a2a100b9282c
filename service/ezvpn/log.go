package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"ezvpn/client/status"
	"ezvpn/service/ipc"
)

// logOptions are the flags of log.
type logOptions struct {
	since  time.Duration
	follow bool
	level  string
	asJSON bool
}

func (a *app) logCommand() *cobra.Command {
	o := logOptions{level: "info"}
	c := &cobra.Command{
		Use:   "log",
		Short: "Show the service's log, live or since a moment",
		Long: `Show the latest lines of the service's log. The service keeps the last two thousand in memory, whatever
the system's own log keeps; without flags all of them are printed, with --follow those that come too.
Only an administrator may read them: they name users and addresses.`,
		Example: `  sudo ezvpn log --since 10m
  sudo ezvpn log --follow --level warn
  sudo ezvpn log level debug --for 10m`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if !slices.Contains(ipc.LogLevels, o.level) {
				return fmt.Errorf("--level %.20q is not known; one of %s", o.level, strings.Join(ipc.LogLevels, ", "))
			}
			if o.since < 0 {
				return fmt.Errorf("--since %v is negative; 10m means the last ten minutes", o.since)
			}
			return a.log(c.Context(), o)
		},
	}
	c.Flags().DurationVar(&o.since, "since", 0, "only lines of the last `TIME`, such as 10m or 1h30m")
	c.Flags().BoolVarP(&o.follow, "follow", "f", false, "go on with new lines until Ctrl-C")
	c.Flags().StringVar(&o.level, "level", "info", "the least `level`: debug, info, warn, error")
	c.Flags().BoolVar(&o.asJSON, "json", false, "print each line as JSON: serial, time, level, text")
	c.RegisterFlagCompletionFunc("level", cobra.FixedCompletions(ipc.LogLevels, cobra.ShellCompDirectiveNoFileComp))
	c.AddCommand(a.logLevelCommand())
	return c
}

// everything is longer than any daemon runs.
const everything = 10 * 365 * 24 * time.Hour

func (a *app) log(ctx context.Context, o logOptions) error {
	cl := a.client()
	defer cl.Close()
	if o.since == 0 {
		o.since = everything
	}
	stream, err := cl.Log(ctx, ipc.Log{SinceSeconds: int64((o.since + time.Second - 1) / time.Second), Follow: o.follow, Level: o.level})
	if err != nil {
		return err
	}
	defer stream.Close()
	for {
		l, err := stream.Next()
		switch {
		case ctx.Err() != nil, err == io.EOF && !o.follow:
			return nil
		case err == io.EOF:
			return &failure{code: exitUnreachable, sentence: "the service ended the output", next: "look whether it is up: ezvpn status"}
		case err != nil:
			return err
		}
		if o.asJSON {
			err = json.NewEncoder(a.out).Encode(l)
		} else {
			_, err = fmt.Fprintf(a.out, "%s %-5s %s\n", l.Time.Local().Format("2006-01-02 15:04:05.000"), l.Level, status.FilterLine(l.Text))
		}
		if err != nil {
			return &failure{code: exitBug, sentence: "a line could not be printed: " + err.Error()}
		}
	}
}

func (a *app) logLevelCommand() *cobra.Command {
	var length time.Duration
	c := &cobra.Command{
		Use:   "level [LEVEL]",
		Short: "Show or change what the service logs, while it runs",
		Long: `Show the level of the service's log, or change it: debug, info, warn, error. With --for it falls back by
itself; else it stays until the service stops. Only an administrator may.`,
		Example:           "  sudo ezvpn log level\n  sudo ezvpn log level debug --for 10m",
		Args:              cobra.MaximumNArgs(1),
		ValidArgsFunction: cobra.FixedCompletions(ipc.LogLevels, cobra.ShellCompDirectiveNoFileComp),
		RunE: func(c *cobra.Command, args []string) error {
			level := strings.Join(args, "")
			if level != "" && !slices.Contains(ipc.LogLevels, level) {
				return fmt.Errorf("%.20q is no level; one of %s", level, strings.Join(ipc.LogLevels, ", "))
			}
			if length < 0 || length > ipc.MaxLogSeconds*time.Second || length > 0 && level == "" {
				return fmt.Errorf("--for goes with a level, and is a day at most")
			}
			return a.logLevel(c.Context(), level, length)
		},
	}
	c.Flags().DurationVar(&length, "for", 0, "fall back after this `TIME`, such as 10m")
	return c
}

func (a *app) logLevel(ctx context.Context, level string, length time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	cl := a.client()
	defer cl.Close()
	now, err := cl.SetLogLevel(ctx, ipc.LogLevel{Level: level, Seconds: int64((length + time.Second - 1) / time.Second)})
	if err != nil {
		return err
	}
	fmt.Fprintf(a.out, "the service logs %s and above", now.Level)
	if !now.Until.IsZero() {
		fmt.Fprintf(a.out, ", until %s, then %s", now.Until.Local().Format("15:04:05"), now.Default)
	}
	fmt.Fprintln(a.out)
	return nil
}
