package host

import (
	"context"
	"time"
)

// pollTime is how often the clocks are compared where the system does not tell; jumpTime is the difference that
// counts. Adjusting a clock by and by (NTP, at most 500 ppm) stays far below it.
const (
	pollTime = 10 * time.Second
	jumpTime = 2 * time.Second
)

// clocks are the machine's clocks at one moment. Each counts from a moment of its own.
type clocks struct {
	wall   time.Duration // what the user can set
	steady time.Duration // what nobody can set; it may stop while the machine sleeps
	asleep time.Duration // Asleep
}

// jumped says that since before the wall clock was set, or the machine slept.
func (c clocks) jumped(before clocks) bool {
	set := (c.wall - c.steady) - (before.wall - before.steady)
	return max(set, -set) > jumpTime || c.asleep-before.asleep > jumpTime
}

func readClocks(start time.Time) clocks {
	now := time.Now()
	return clocks{wall: time.Duration(now.UnixNano()), steady: now.Sub(start), asleep: Asleep()}
}

// WatchClock tells when the wall clock was set, or when the machine woke up: at once on Linux, within 10 s of being
// awake elsewhere, and there only if it is a matter of more than 2 s. Values that nobody took are one value. How long
// the machine slept, Asleep tells. The channel closes when ctx ends.
func WatchClock(ctx context.Context) <-chan struct{} {
	out := make(chan struct{}, 1)
	tell := func() {
		select {
		case out <- struct{}{}:
		default:
		}
	}
	alarm, err := openClockAlarm()
	go func() {
		defer close(out)
		if err == nil {
			watchAlarm(ctx, alarm, tell)
		}
		start := time.Now()
		pollClocks(ctx, func() clocks { return readClocks(start) }, tell)
	}()
	return out
}

// clockAlarm is a system's own word on its clock. wait blocks until the clock jumped, or returns an error; close ends
// a wait, and all that follow.
type clockAlarm struct {
	wait  func() error
	close func()
}

// watchAlarm returns when ctx ends, or when the alarm fails; the alarm is closed then.
func watchAlarm(ctx context.Context, a clockAlarm, tell func()) {
	closed := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(closed)
		a.close()
	})
	for a.wait() == nil {
		tell()
	}
	if !stop() {
		<-closed // a wait that was ended returns before the descriptor is gone
		return
	}
	a.close()
}

func pollClocks(ctx context.Context, read func() clocks, tell func()) {
	ticker := time.NewTicker(pollTime)
	defer ticker.Stop()
	before := read()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		now := read()
		if now.jumped(before) {
			tell()
		}
		before = now
	}
}
