package main

import (
	"context"

	"ezvpn/service"
)

// daemon is the service when it is open; service.Daemon is one.
type daemon interface{ Run(context.Context) error }

// run runs the daemon until ctx ends. Under systemd, OpenRC and launchd that is as in the foreground; Windows has a
// conversation with its services.
func run(ctx context.Context, o service.Options) error {
	harden()
	open := func() (daemon, error) { return service.Open(o) }
	if conversing() {
		return converse(ctx, open)
	}
	d, err := open()
	if err != nil {
		return err
	}
	return d.Run(ctx)
}
