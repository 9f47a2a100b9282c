package main

import (
	"context"
	"errors"
)

// order is what a service manager wants of a running service.
type order int

const (
	tell order = iota // say again how it is
	end               // stop, or the machine goes down
)

// phase is what a service says of itself.
type phase int

const (
	starting phase = iota
	running
	stopping
)

var errEnded = errors.New("the service ended by itself")

// managed runs a daemon for a service manager that gives orders and wants to hear each phase. It returns nil only if it
// was told to end, so that a daemon that ends by itself is started again.
func managed(ctx context.Context, open func() (daemon, error), orders <-chan order, say func(phase)) error {
	say(starting)
	d, err := open()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	ended := make(chan error, 1)
	go func() { ended <- d.Run(ctx) }()
	say(running)
	for {
		select {
		case err := <-ended:
			return errors.Join(errEnded, err)
		case o := <-orders:
			if o == end {
				say(stopping)
				cancel()
				return <-ended
			}
			say(running)
		}
	}
}
