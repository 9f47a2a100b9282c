package host

import (
	"context"
	"os"
	"runtime"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// setClock moves the machine's clock by a nanosecond, and back at the end of the test: to the kernel it was set.
func setClock(t *testing.T, by int64) error {
	t.Helper()
	x := unix.Timex{Modes: unix.ADJ_SETOFFSET | unix.ADJ_NANO}
	x.Time.Usec = by // nanoseconds with ADJ_NANO, never negative: adjtimex(2)
	if by < 0 {
		x.Time.Sec, x.Time.Usec = -1, 1e9+by
	}
	_, err := unix.ClockAdjtime(unix.CLOCK_REALTIME, &x)
	return err
}

func TestWatchClockTellsThatTheClockWasSet(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	events := WatchClock(ctx)
	for _, by := range []int64{1, -1} {
		if err := setClock(t, by); err != nil {
			t.Logf("NOT ALLOWED TO SET THE CLOCK (%v): the kernel's word on it was NOT tested", err)
			break
		}
		if _, ok := <-events; !ok {
			t.Fatal("the watch ended by itself")
		}
	}
	cancel()
	for range events {
	}
}

// Watches leave neither a descriptor nor a goroutine.
func TestWatchClockLeavesNothing(t *testing.T) {
	before := runtime.NumGoroutine()
	for range 50 {
		ctx, cancel := context.WithCancel(t.Context())
		events := WatchClock(ctx)
		cancel()
		for range events {
		}
	}
	for runtime.NumGoroutine() > before { // one that stays lets the test run out of time
		runtime.Gosched()
	}
	open, err := os.ReadDir("/proc/self/fd")
	must(t, err)
	for _, e := range open {
		if to, _ := os.Readlink("/proc/self/fd/" + e.Name()); strings.Contains(to, "timerfd") {
			t.Errorf("descriptor %s is open: %s", e.Name(), to)
		}
	}
}
