package client

import (
	"context"
	"slices"
	"time"

	"ezvpn/client/status"
)

// snapshot is the state now; after the end it is the last one.
func (s *session) snapshot() status.Snapshot {
	var snap status.Snapshot
	if !s.do(func(now time.Time) { snap = s.view(now) }) {
		snap = s.last // the loop has ended; nobody writes any more
	}
	return snap
}

func (s *session) view(now time.Time) status.Snapshot {
	c := counters{heard: s.activity().Heard, events: s.timeline.list(), local: s.local, totals: s.totals}
	if s.tunnel != nil {
		c.stats, c.sas = s.tunnel.Stats(), s.tunnel.SAStats()
	}
	if a := s.main(); a != nil {
		c.ike, c.watch = a.conn.Stats(), a.detector
	}
	s.serial++
	snap := snapshotOf(now, s.m, c)
	snap.Serial = s.serial
	if s.kit != nil {
		snap.Warnings = append(slices.Clone(snap.Warnings), keysWarning)
	}
	return snap
}

// publish gives the newest snapshot to all who watch; one that was not yet read is replaced.
func (s *session) publish(now time.Time) {
	if len(s.watchers) == 0 {
		return
	}
	snap := s.view(now)
	for w := range s.watchers {
		select {
		case <-w:
		default:
		}
		w <- snap // room for one, and only the loop writes
	}
}

func (s *session) watch(ctx context.Context) <-chan status.Snapshot {
	w := make(chan status.Snapshot, 1)
	if !s.do(func(now time.Time) {
		s.watchers[w] = struct{}{}
		w <- s.view(now)
	}) {
		close(w)
		return w
	}
	go func() {
		select {
		case <-ctx.Done():
			s.do(func(time.Time) {
				if _, ok := s.watchers[w]; ok {
					delete(s.watchers, w)
					close(w)
				}
			})
		case <-s.done:
		}
	}()
	return w
}

// Debug gives the debug lines from since on, and the channel on which those after them come until ctx ends. A reader
// that takes none for a while loses some: the serials tell.
func (c *Client) Debug(ctx context.Context, since time.Time) ([]status.DebugLine, <-chan status.DebugLine) {
	s := c.s
	live := make(chan status.DebugLine, debugLag)
	var past []status.DebugLine
	if !s.do(func(time.Time) {
		past = s.debugLog.since(since)
		if s.debugLog.follow == nil {
			s.debugLog.follow = map[chan status.DebugLine]struct{}{}
		}
		s.debugLog.follow[live] = struct{}{}
	}) {
		close(live)
		return nil, live
	}
	go func() {
		select {
		case <-ctx.Done():
			s.do(func(time.Time) {
				if _, ok := s.debugLog.follow[live]; ok {
					delete(s.debugLog.follow, live)
					close(live)
				}
			})
		case <-s.done:
		}
	}()
	return past, live
}
