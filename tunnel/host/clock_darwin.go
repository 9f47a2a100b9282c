package host

import (
	"time"

	"golang.org/x/sys/unix"
)

// Asleep is how long the machine was suspended since boot. It never goes back, but for some microseconds between two
// calls. CLOCK_UPTIME_RAW stops while the machine sleeps, CLOCK_MONOTONIC_RAW does not: clock_gettime(3).
func Asleep() time.Duration {
	var awake, all unix.Timespec
	if unix.ClockGettime(unix.CLOCK_UPTIME_RAW, &awake) != nil || unix.ClockGettime(unix.CLOCK_MONOTONIC_RAW, &all) != nil {
		return 0
	}
	return max(0, time.Duration(all.Nano()-awake.Nano()))
}

// openClockAlarm: this system is asked by and by.
func openClockAlarm() (clockAlarm, error) { return clockAlarm{}, ErrUnsupported }
