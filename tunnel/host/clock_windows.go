package host

import (
	"time"
	"unsafe"

	"golang.org/x/sys/windows"
)

// queryUnbiasedInterruptTime gives the time since boot without sleep, in units of 100 ns.
var queryUnbiasedInterruptTime = windows.NewLazySystemDLL("kernel32.dll").NewProc("QueryUnbiasedInterruptTime")

// Asleep is how long the machine was suspended since boot. It never goes back, but for the 16 ms between two ticks of
// the clock that counts on while the machine sleeps.
func Asleep() time.Duration {
	if queryUnbiasedInterruptTime.Find() != nil {
		return 0
	}
	var awake uint64
	if ok, _, _ := queryUnbiasedInterruptTime.Call(uintptr(unsafe.Pointer(&awake))); ok == 0 {
		return 0
	}
	return max(0, windows.DurationSinceBoot()-time.Duration(awake)*100)
}

// openClockAlarm: this system is asked by and by.
func openClockAlarm() (clockAlarm, error) { return clockAlarm{}, ErrUnsupported }
