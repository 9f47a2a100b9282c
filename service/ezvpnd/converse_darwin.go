package main

import "context"

// conversing: launchd sends signals, as to any process.
func conversing() bool { return false }

func converse(context.Context, func() (daemon, error)) error { return nil }
