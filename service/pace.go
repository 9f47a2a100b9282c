package service

import (
	"context"
	"sync"
	"time"

	"ezvpn/service/ipc"
)

// connectPace is the least time between two connects: whoever connects and disconnects without end does not make the
// machine's routes flap, nor the gateway work.
const connectPace = time.Second

// pace holds connects apart. One waits for its turn, and the others are refused, so that nothing piles up.
type pace struct {
	mu      sync.Mutex // guards next and waiting
	next    time.Time  // when the next may begin
	waiting bool
}

// turn waits until it is this connect's turn. Administrators do not wait: nobody can keep them out with a flood.
func (p *pace) turn(ctx context.Context, c ipc.Caller) *ipc.Error {
	if c.Admin {
		return nil
	}
	wait, ok := p.take(time.Now())
	if !ok {
		return &ipc.Error{Code: ipc.Busy, Sentence: "connects come faster than one a second", Next: "try again in a moment"}
	}
	if wait <= 0 {
		return nil
	}
	defer p.waited()
	t := time.NewTimer(wait)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return &ipc.Error{Code: ipc.Busy, Sentence: "the caller went away", Next: "connect again"}
	}
}

// take gives the time to wait, and false if somebody waits already.
func (p *pace) take(now time.Time) (time.Duration, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.waiting {
		return 0, false
	}
	wait := p.next.Sub(now)
	if wait <= 0 {
		p.next = now.Add(connectPace)
		return 0, true
	}
	p.next, p.waiting = p.next.Add(connectPace), true
	return wait, true
}

func (p *pace) waited() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.waiting = false
}
