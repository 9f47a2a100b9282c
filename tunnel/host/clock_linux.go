package host

import (
	"errors"
	"fmt"
	"math"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// Asleep is how long the machine was suspended since boot. It never goes back, but for some microseconds between two
// calls, and knows nothing of a virtual machine that its host paused.
func Asleep() time.Duration {
	var awake, all unix.Timespec
	if unix.ClockGettime(unix.CLOCK_MONOTONIC, &awake) != nil || unix.ClockGettime(unix.CLOCK_BOOTTIME, &all) != nil {
		return 0
	}
	return max(0, time.Duration(all.Nano()-awake.Nano()))
}

// openClockAlarm sets a timer for a day that never comes. The kernel cancels it when the clock is set, and when the
// machine wakes up: timerfd_create(2).
func openClockAlarm() (clockAlarm, error) {
	fd, err := unix.TimerfdCreate(unix.CLOCK_REALTIME, unix.TFD_CLOEXEC|unix.TFD_NONBLOCK)
	if err != nil {
		return clockAlarm{}, fmt.Errorf("watch the clock: %w", err)
	}
	f := os.NewFile(uintptr(fd), "timerfd")
	never := &unix.ItimerSpec{Value: unix.NsecToTimespec(math.MaxInt64)}
	if err := unix.TimerfdSettime(fd, unix.TFD_TIMER_ABSTIME|unix.TFD_TIMER_CANCEL_ON_SET, never, nil); err != nil {
		f.Close()
		return clockAlarm{}, fmt.Errorf("watch the clock: %w", err)
	}
	wait := func() error {
		_, err := f.Read(make([]byte, 8))
		if errors.Is(err, unix.ECANCELED) {
			return nil
		}
		if err == nil {
			return errors.New("the timer of the clock's watch expired")
		}
		return err
	}
	return clockAlarm{wait, func() { f.Close() }}, nil
}
