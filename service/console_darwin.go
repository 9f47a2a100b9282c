package service

import (
	"os"
	"strconv"
	"syscall"
)

// atConsole compares with the owner of the console: whoever is logged in at the screen.
func atConsole(uid string) bool {
	st, err := os.Stat("/dev/console")
	if err != nil {
		return false
	}
	return strconv.FormatUint(uint64(st.Sys().(*syscall.Stat_t).Uid), 10) == uid
}
