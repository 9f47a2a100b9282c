package main

import (
	"context"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"ezvpn/service/ipc"
)

// askTimeout is for verbs that are answered at once.
const askTimeout = 20 * time.Second

// app is one run of the command.
type app struct {
	in       io.Reader
	out, err io.Writer
	socket   string
}

// run carries out the command line and gives the exit code.
func (a *app) run(ctx context.Context, args []string) int {
	root := a.root()
	root.SetArgs(args)
	if err := root.ExecuteContext(ctx); err != nil {
		f := failed(err)
		a.print(f)
		return f.code
	}
	return 0
}

func (a *app) root() *cobra.Command {
	c := &cobra.Command{
		Use:   "ezvpn",
		Short: "Connect to a Cisco Easy VPN gateway",
		Long: "ezvpn commands the service ezvpnd, which keeps the tunnel to a Cisco Easy VPN (IKEv1) gateway.\n" +
			"Profiles are TOML files in the directory of the service, " + ipc.DefaultProfiles + ";\nonly root writes them.\n\n" + exitHelp,
		Version:       ipc.Release(),
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	c.SetIn(a.in)
	c.SetOut(a.out)
	c.SetErr(a.err)
	c.PersistentFlags().StringVar(&a.socket, "socket", "", "`address` of the service (default $EZVPN_SOCKET, else "+ipc.DefaultAddress+")")
	c.AddCommand(a.upCommand(), a.downCommand(), a.statusCommand(), a.peersCommand(), a.clearCommand(),
		a.debugCommand(), a.profileCommand(), a.serviceCommand(), a.proxyCommand(), a.doctorCommand(), a.probeCommand(), a.bundleCommand(), a.repairCommand(), a.logCommand(), a.versionCommand(), a.manCommand())
	return c
}

func (a *app) client() *ipc.Client { return ipc.NewClient(ipc.Address(a.socket)) }

// terminal is v as a file that is a terminal, or nil.
func terminal(v any) *os.File {
	if f, ok := v.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		return f
	}
	return nil
}

func colour(w io.Writer, code, s string) string {
	if terminal(w) == nil || os.Getenv("NO_COLOR") != "" || os.Getenv("TERM") == "dumb" {
		return s
	}
	return "\x1b[" + code + "m" + s + "\x1b[0m"
}

func (a *app) red(s string) string   { return colour(a.err, "31", s) }
func (a *app) green(s string) string { return colour(a.out, "32", s) }
