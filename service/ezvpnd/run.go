package main

import (
	"context"

	system "github.com/kardianos/service"

	"ezvpn/service"
)

// run runs the daemon: directly in the foreground, else as the service manager of the system wants it.
func run(ctx context.Context, o service.Options) error {
	harden()
	if system.Interactive() {
		d, err := service.Open(o)
		if err != nil {
			return err
		}
		return d.Run(ctx)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	p := &program{ctx: ctx, cancel: cancel, options: o, done: make(chan struct{})}
	s, err := system.New(p, &system.Config{Name: "ezvpnd", Option: system.KeyValue{"RunWait": p.wait}})
	if err != nil {
		return err
	}
	return s.Run()
}

// program is the daemon as kardianos/service sees it.
type program struct {
	ctx     context.Context
	cancel  context.CancelFunc
	options service.Options
	done    chan struct{}
	err     error // of Run; read after done
}

// Start opens everything, so that a failure to start is one for the service manager too.
func (p *program) Start(system.Service) error {
	d, err := service.Open(p.options)
	if err != nil {
		return err
	}
	go func() {
		defer close(p.done)
		p.err = d.Run(p.ctx)
	}()
	return nil
}

// wait is until a signal came, or the daemon ended by itself.
func (p *program) wait() {
	select {
	case <-p.ctx.Done():
	case <-p.done:
	}
}

func (p *program) Stop(system.Service) error {
	p.cancel()
	<-p.done
	return p.err
}
