package checkup

import (
	"os"

	"golang.org/x/sys/unix"

	"ezvpn/client/doctor"
)

// clockKept asks the kernel whether a time service disciplines the clock: adjtimex(2).
func clockKept() doctor.Kept {
	var t unix.Timex
	if _, err := unix.Adjtimex(&t); err != nil {
		return ""
	}
	if t.Status&unix.STA_UNSYNC != 0 {
		return doctor.Unsynced
	}
	return doctor.Synced
}

func tunMissing() string {
	if _, err := os.Stat("/dev/net/tun"); err != nil {
		return err.Error()
	}
	return ""
}
