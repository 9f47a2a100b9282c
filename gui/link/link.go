// Package link keeps the desktop in touch with the service: one stream of snapshots, begun anew whenever it breaks.
package link

import (
	"context"
	"errors"
	"time"

	"ezvpn/client/status"
	"ezvpn/service/ipc"
)

// News is what is known now. Snapshot is nil while no service answers; Trouble says why.
type News struct {
	Snapshot *status.Snapshot
	Trouble  *ipc.Error
	Profiles []ipc.ProfileInfo // nil if the user may not know them
}

// The pauses between tries to reach the service: short at first, since it may be starting.
const (
	firstPause = 250 * time.Millisecond
	lastPause  = 5 * time.Second
	askTime    = 10 * time.Second // for a verb
)

// Follow tells each news until ctx ends. It blocks.
func Follow(ctx context.Context, c *ipc.Client, tell func(News)) {
	pause := firstPause
	for ctx.Err() == nil {
		heard, err := stream(ctx, c, tell)
		if ctx.Err() != nil {
			return
		}
		if heard {
			pause = firstPause
		}
		tell(News{Trouble: trouble(err)})
		select {
		case <-ctx.Done():
		case <-time.After(pause):
		}
		pause = min(2*pause, lastPause)
	}
}

// stream follows one connection to its end.
func stream(ctx context.Context, c *ipc.Client, tell func(News)) (heard bool, err error) {
	s, err := c.Watch(ctx)
	if err != nil {
		return false, err
	}
	defer s.Close()
	n := News{}
	for serial := uint64(0); ; {
		snap, err := s.Next()
		if err != nil {
			return heard, err
		}
		if !heard || snap.Profiles != serial {
			n.Profiles = profiles(ctx, c)
			serial = snap.Profiles
		}
		heard = true
		n.Snapshot = &snap
		tell(n)
	}
}

func profiles(ctx context.Context, c *ipc.Client) []ipc.ProfileInfo {
	ctx, cancel := context.WithTimeout(ctx, askTime)
	defer cancel()
	list, err := c.Profiles(ctx)
	if err != nil {
		return nil // who may not use the service may look at it
	}
	if list == nil {
		list = []ipc.ProfileInfo{}
	}
	return list
}

func trouble(err error) *ipc.Error {
	var e *ipc.Error
	if errors.As(err, &e) {
		return e
	}
	return &ipc.Error{Code: ipc.Unreachable}
}
