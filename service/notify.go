package service

import (
	"context"
	"net"
	"os"
	"strconv"
	"time"
)

// notify tells systemd how the daemon does, sd_notify(3). Elsewhere NOTIFY_SOCKET is not set, and nothing happens.
func notify(state string) {
	path := os.Getenv("NOTIFY_SOCKET")
	if path == "" {
		return
	}
	c, err := net.DialUnix("unixgram", nil, &net.UnixAddr{Name: path, Net: "unixgram"}) // "@…" is an abstract name
	if err != nil {
		return
	}
	defer c.Close()
	c.Write([]byte(state))
}

// watchdog tells systemd that the daemon lives, as long as alive returns: twice in each interval that the unit asks
// for, sd_watchdog_enabled(3).
func watchdog(ctx context.Context, alive func()) {
	usec, err := strconv.ParseInt(os.Getenv("WATCHDOG_USEC"), 10, 64)
	if err != nil || usec < 2 {
		return
	}
	t := time.NewTicker(time.Duration(usec) * time.Microsecond / 2)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
			alive()
			notify("WATCHDOG=1")
		}
	}
}
