package host

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

func TestJumped(t *testing.T) {
	before := clocks{wall: 1000 * time.Hour, steady: time.Hour, asleep: time.Minute}
	for _, c := range []struct {
		name                 string
		wall, steady, asleep time.Duration
		want                 bool
	}{
		{"ten seconds later", 10 * time.Second, 10 * time.Second, 0, false},
		{"a clock that is drawn to the right time", 10*time.Second + 5*time.Millisecond, 10 * time.Second, 0, false},
		{"just not enough", 12 * time.Second, 10 * time.Second, 0, false},
		{"set forward", 12*time.Second + 1, 10 * time.Second, 0, true},
		{"set back", 8*time.Second - 1, 10 * time.Second, 0, true},
		{"slept, and the steady clock with it", time.Hour, 10 * time.Second, 0, true},
		{"slept, and the steady clock went on", time.Hour, time.Hour, 59 * time.Minute, true},
		{"the process hung, the machine did not sleep", time.Hour, time.Hour, 0, false},
		{"a coarse clock of sleep", 10 * time.Second, 10 * time.Second, -16 * time.Millisecond, false},
	} {
		now := clocks{before.wall + c.wall, before.steady + c.steady, before.asleep + c.asleep}
		if got := now.jumped(before); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
}

// A jump is told once, at the next look; not again while the clocks go on side by side.
func TestPollClocks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		start := time.Now()
		var set, told atomic.Int64
		read := func() clocks {
			return clocks{wall: time.Since(start) + time.Duration(set.Load()), steady: time.Since(start)}
		}
		ended := make(chan struct{})
		go func() {
			pollClocks(ctx, read, func() { told.Add(1) })
			close(ended)
		}()
		for i, c := range []struct{ set, sleep time.Duration }{{0, time.Hour}, {-time.Hour, pollTime}, {-time.Hour, time.Hour}, {5 * time.Second, pollTime}} {
			set.Store(int64(c.set))
			time.Sleep(c.sleep)
			synctest.Wait()
			if got, want := told.Load(), []int64{0, 1, 1, 2}[i]; got != want {
				t.Errorf("step %d: told %d times, want %d", i, got, want)
			}
		}
		cancel()
		<-ended
	})
}

// An alarm is closed when the context ends, and when it fails.
func TestWatchAlarm(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		jumps, closed, told := make(chan error), make(chan struct{}), 0
		var closes int
		alarm := clockAlarm{
			wait: func() error {
				select {
				case err := <-jumps:
					return err
				case <-closed:
					return errors.New("closed")
				}
			},
			close: func() {
				if closes++; closes == 1 {
					close(closed)
				}
			}}
		ended := make(chan struct{})
		go func() {
			watchAlarm(ctx, alarm, func() { told++ })
			close(ended)
		}()
		jumps <- nil
		jumps <- nil
		cancel()
		<-ended
		if told != 2 || closes == 0 {
			t.Errorf("told %d times, closed %d times", told, closes)
		}

		closes, closed = 0, make(chan struct{})
		go watchAlarm(t.Context(), alarm, func() {})
		jumps <- errors.New("broken")
		<-closed
	})
}

// The watch of this system ends with its context.
func TestWatchClockEnds(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	events := WatchClock(ctx)
	cancel()
	for range events {
	}
}

func TestAsleep(t *testing.T) {
	a, b := Asleep(), Asleep()
	if a < 0 || b-a > time.Minute {
		t.Errorf("asleep for %v, then %v", a, b)
	}
}
