package main

import "context"

// conversing: a service of Linux is an ordinary process; signals end it, and service.Daemon notifies systemd.
func conversing() bool { return false }

func converse(context.Context, func() (daemon, error)) error { return nil }
