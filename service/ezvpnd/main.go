// Ezvpnd is the service: it keeps the tunnel, and answers the ezvpn command on a local socket.
package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"github.com/spf13/cobra"

	"ezvpn/service"
	"ezvpn/service/demo"
	"ezvpn/service/ipc"
)

func main() {
	if err := root().ExecuteContext(untilSignal()); err != nil {
		fmt.Fprintln(os.Stderr, "ezvpnd:", err)
		os.Exit(exitCode(err))
	}
}

// exitCode is 3 where another daemon is at work, so that scripts can tell, else 1.
func exitCode(err error) int {
	if errors.Is(err, ipc.ErrRunning) {
		return 3
	}
	return 1
}

// untilSignal ends with the first signal, which asks for a clean end. The second ends the process where it stands; the
// undo journal brings the machine back at the next start.
func untilSignal() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		<-signals
		cancel()
		<-signals
		os.Exit(1)
	}()
	return ctx
}

func root() *cobra.Command {
	c := &cobra.Command{
		Use:   "ezvpnd",
		Short: "The service of the Easy VPN client",
		Long: "ezvpnd keeps the tunnel to a Cisco Easy VPN (IKEv1) gateway. It runs as root, under systemd or in the\n" +
			"foreground, and is commanded with ezvpn.",
		Version:      ipc.Release(),
		SilenceUsage: true, SilenceErrors: true,
	}
	c.AddCommand(runCommand(), demoCommand())
	return c
}

func runCommand() *cobra.Command {
	var o service.Options
	var logFile string
	var systemLog bool
	level := slog.LevelInfo
	c := &cobra.Command{
		Use:   "run",
		Short: "Run in the foreground, or under the system's service manager",
		Long: "Run until SIGTERM or SIGINT; then the tunnel is taken down and the machine put back. At the start it puts\n" +
			"back what an ezvpnd that was killed left, and connects the profile that says connect = \"auto\".",
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			o.Socket = ipc.Address(o.Socket)
			if logFile == "" && conversing() {
				logFile = filepath.Join(o.State, "ezvpnd.log") // a service of Windows has no output that anybody sees
			}
			if logFile == "" {
				o.Book = service.NewLogbook(os.Stderr, level, os.Getenv("JOURNAL_STREAM") != "")
			} else {
				file := service.LogFile(logFile)
				defer file.Close()
				o.Book = service.NewLogbook(file, level, false)
			}
			o.Log = o.Book.Logger
			if systemLog || conversing() {
				if s, err := service.SystemLog(); err != nil {
					o.Log.Warn("the log of the system is not used", "err", err)
				} else {
					o.Book.Also(s)
				}
			}
			o.Platform = service.Platform(o.State, o.Log)
			return run(c.Context(), o)
		},
	}
	f := c.Flags()
	f.StringVar(&o.Profiles, "profiles", ipc.DefaultProfiles, "`directory` of the profiles; root owns it and its files")
	f.StringVar(&o.Managed, "managed", ipc.DefaultManaged, "`directory` of what management puts over the profiles, and locks")
	f.StringVar(&o.Socket, "socket", "", "`address` to listen on (default $EZVPN_SOCKET, else "+ipc.DefaultAddress+")")
	f.StringVar(&o.State, "state", ipc.DefaultState, "`directory` of the undo journal, sealed secrets and what users set")
	f.StringVar(&o.Metrics, "metrics", os.Getenv("EZVPND_METRICS"), "loopback `address` at which Prometheus reads metrics, such as 127.0.0.1:9475 (default $EZVPND_METRICS, else none)")
	f.StringVar(&logFile, "log-file", "", "log to this `file`, five of 10 MiB at most (default: standard error, which systemd keeps; as a service of Windows ezvpnd.log in the state directory)")
	f.BoolVar(&systemLog, "system-log", false, "log also to the syslog, or to the event log of Windows (default: on as a service of Windows)")
	f.TextVar(&level, "log-level", slog.LevelInfo, "least `level` to log: debug, info, warn, error")
	return c
}

func demoCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "demo",
		Short: "Show the product at work on this machine, without privileges",
		Long: "Start two gateways of our own and the client on loopback, connect, fetch a page from the inside, silence\n" +
			"the first gateway, fail over to the second, disconnect. It takes under half a minute and changes nothing.",
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return demo.Run(c.Context(), c.OutOrStdout()) },
	}
}
