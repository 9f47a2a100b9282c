package main

import (
	"context"
	"errors"
	"fmt"
	"runtime"

	"github.com/spf13/cobra"

	"ezvpn/service/ipc"
)

// versions are of both ends.
type versions struct {
	Command string     `json:"command"`
	API     int        `json:"api"`
	Go      string     `json:"go"`
	Service *ipc.Error `json:"service_error,omitempty"`
	Daemon  string     `json:"daemon,omitempty"`
	DaemonA int        `json:"daemon_api,omitempty"`
}

func (a *app) versionCommand() *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:   "version",
		Short: "Print the release of this command and of the service",
		Long: "Print the release of this command and that of the service that answers. The exit code is 0 also if none\n" +
			"answers; it is 3 if the two do not understand each other.",
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return a.version(c.Context(), asJSON) },
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON: command, api, go, daemon, daemon_api, service_error")
	return c
}

func (a *app) version(ctx context.Context, asJSON bool) error {
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	cl := a.client()
	defer cl.Close()
	v := versions{Command: ipc.Release(), API: ipc.API, Go: runtime.Version() + " " + runtime.GOOS + "/" + runtime.GOARCH}
	d, err := cl.Version(ctx)
	v.Daemon, v.DaemonA = d.Daemon, d.API
	var refused *ipc.Error
	if errors.As(err, &refused) {
		v.Service = refused
	} else if err != nil {
		return err
	}
	if asJSON {
		if err := a.json(v); err != nil {
			return err
		}
	} else {
		fmt.Fprintf(a.out, "ezvpn   %s, interface %d, %s\n", v.Command, v.API, v.Go)
		if v.Daemon != "" {
			fmt.Fprintf(a.out, "ezvpnd  %s, interface %d\n", v.Daemon, v.DaemonA)
		} else {
			fmt.Fprintln(a.out, "ezvpnd  does not answer")
		}
	}
	if refused != nil && refused.Code == ipc.VersionMismatch {
		return refused
	}
	return nil
}
