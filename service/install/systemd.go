package install

import (
	"strconv"
	"strings"

	"github.com/godbus/dbus/v5"
)

// growing is the first systemd whose pauses between restarts grow; an older one warns of the keys at each boot.
const growing = 254

// systemdVersion asks the systemd that runs; "" where none does, as in a tree that is being built.
func systemdVersion() string {
	c, err := dbus.ConnectSystemBus()
	if err != nil {
		return ""
	}
	defer c.Close()
	v, err := c.Object("org.freedesktop.systemd1", "/org/freedesktop/systemd1").GetProperty("org.freedesktop.systemd1.Manager.Version")
	if err != nil {
		return ""
	}
	s, _ := v.Value().(string)
	return s
}

// unitFor is the unit without the keys that a systemd of this version does not know. Versions look like 252.39-1~deb12u1.
func unitFor(version, unit string) string {
	end := strings.IndexFunc(version, func(r rune) bool { return r < '0' || r > '9' })
	if end < 0 {
		end = len(version)
	}
	if n, err := strconv.Atoi(version[:end]); err != nil || n >= growing {
		return unit
	}
	var b strings.Builder
	for line := range strings.Lines(unit) {
		if !strings.HasPrefix(line, "RestartSteps=") && !strings.HasPrefix(line, "RestartMaxDelaySec=") {
			b.WriteString(line)
		}
	}
	return b.String()
}
