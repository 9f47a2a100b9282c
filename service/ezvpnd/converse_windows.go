package main

import (
	"context"

	"golang.org/x/sys/windows/svc"
)

// conversing says whether the service manager started this process.
func conversing() bool {
	is, err := svc.IsWindowsService()
	return err == nil && is
}

func converse(ctx context.Context, open func() (daemon, error)) error {
	c := &conversation{ctx: ctx, open: open}
	if err := svc.Run("ezvpnd", c); err != nil {
		return err
	}
	return c.err
}

// conversation is the daemon as the service manager sees it.
type conversation struct {
	ctx  context.Context
	open func() (daemon, error)
	err  error
}

// phases in the words of the service manager. It hears of a shutdown before the network goes down, so that gateways
// can be told.
var phases = map[phase]svc.Status{
	starting: {State: svc.StartPending, WaitHint: 60_000},
	running:  {State: svc.Running, Accepts: svc.AcceptStop | svc.AcceptPreShutdown},
	stopping: {State: svc.StopPending, WaitHint: 15_000},
}

// Execute is called on a thread of the service manager. A code other than 0 makes it start the service again.
func (c *conversation) Execute(_ []string, requests <-chan svc.ChangeRequest, changes chan<- svc.Status) (bool, uint32) {
	orders, over := make(chan order), make(chan struct{})
	go func() {
		for {
			select {
			case r := <-requests:
				select {
				case orders <- orderOf(r.Cmd):
				case <-over:
					return
				}
			case <-over:
				return
			}
		}
	}()
	defer close(over)
	c.err = managed(c.ctx, c.open, orders, func(p phase) { changes <- phases[p] })
	if c.err != nil {
		return true, 1
	}
	return false, 0
}

func orderOf(c svc.Cmd) order {
	switch c {
	case svc.Stop, svc.Shutdown, svc.PreShutdown:
		return end
	}
	return tell
}
