package client

import (
	"fmt"
	"slices"
	"time"

	"ezvpn/client/status"
)

// How much of the debug output is kept, and how far a reader may lag behind before it loses lines.
const (
	debugKept = 4096
	debugLag  = 512
)

// debugLog keeps the latest lines and hands new ones to who follows. It is owned by the loop.
type debugLog struct {
	lines  []status.DebugLine // oldest first, at most debugKept
	serial uint64
	follow map[chan status.DebugLine]struct{}
}

// add keeps one line and passes it on; a reader that lags loses it, and sees the gap in the serials.
func (d *debugLog) add(now time.Time, text string) {
	d.serial++
	line := status.DebugLine{Serial: d.serial, Time: now, Text: status.FilterLine(text)}
	if len(d.lines) == debugKept {
		d.lines = slices.Delete(d.lines, 0, debugKept/8)
	}
	d.lines = append(d.lines, line)
	for f := range d.follow {
		select {
		case f <- line:
		default:
		}
	}
}

// since gives the lines from then on.
func (d *debugLog) since(then time.Time) []status.DebugLine {
	i := slices.IndexFunc(d.lines, func(l status.DebugLine) bool { return !l.Time.Before(then) })
	if i < 0 {
		return nil
	}
	return slices.Clone(d.lines[i:])
}

// debug adds one line in the wording of Cisco's debug crypto isakmp.
func (s *session) debug(now time.Time, format string, args ...any) {
	s.debugLog.add(now, fmt.Sprintf(format, args...))
}

// endFollowers closes what others read from.
func (d *debugLog) endFollowers() {
	for f := range d.follow {
		close(f)
	}
	d.follow = nil
}
