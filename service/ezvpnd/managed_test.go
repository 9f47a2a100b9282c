package main

import (
	"context"
	"errors"
	"slices"
	"testing"

	"ezvpn/service/ipc"
)

type fakeDaemon struct {
	err   error // that it ends with by itself; nil for one that runs until it is told
	after error // that it ends with when it was told
}

func (f fakeDaemon) Run(ctx context.Context) error {
	if f.err != nil {
		return f.err
	}
	<-ctx.Done()
	return f.after
}

func TestManaged(t *testing.T) {
	broken, late := errors.New("the socket broke"), errors.New("late")
	for _, c := range []struct {
		name   string
		daemon fakeDaemon
		open   error
		orders []order
		want   error
		said   []phase
	}{
		{"told to end", fakeDaemon{}, nil, []order{end}, nil, []phase{starting, running, stopping}},
		{"asked before", fakeDaemon{}, nil, []order{tell, tell, end}, nil, []phase{starting, running, running, running, stopping}},
		{"ends badly", fakeDaemon{after: late}, nil, []order{end}, late, []phase{starting, running, stopping}},
		{"ends by itself", fakeDaemon{err: broken}, nil, nil, broken, []phase{starting, running}},
		{"does not open", fakeDaemon{}, broken, nil, broken, []phase{starting}},
	} {
		t.Run(c.name, func(t *testing.T) {
			orders := make(chan order, len(c.orders))
			for _, o := range c.orders {
				orders <- o
			}
			var said []phase
			err := managed(t.Context(), func() (daemon, error) { return c.daemon, c.open }, orders,
				func(p phase) { said = append(said, p) })
			if !errors.Is(err, c.want) || !slices.Equal(said, c.said) {
				t.Errorf("ended with %v, said %v", err, said)
			}
		})
	}
}

// TestExitCode: scripts can tell a second daemon from one that failed.
func TestExitCode(t *testing.T) {
	if a, b := exitCode(errors.Join(ipc.ErrRunning)), exitCode(errors.New("no")); a != 3 || b != 1 {
		t.Errorf("%d, %d", a, b)
	}
}
