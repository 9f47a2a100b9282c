package ike

import (
	"bytes"
	"slices"
	"time"
)

// Some of our messages end what we have to do, and wait for nothing: message 3 of Aggressive Mode, an XAUTH answer, the
// receipt for the verdict, message 3 of Quick Mode. By the book only the peer's own repetitions would bring a lost one
// again, and strongSwan's begin after four seconds and end with a half-open SA that it drops at thirty. So they are sent
// again, byte for byte, until the peer takes its next step; for Quick Mode, where there is none, three times.
var (
	urges      = [...]time.Duration{1 * time.Second, 2 * time.Second, 3 * time.Second, 4 * time.Second, 5 * time.Second}
	quickUrges = urges[:3]
)

// urge is one such message.
type urge struct {
	at     time.Time
	pauses []time.Duration // that are left
	bytes  []byte
	step   bool // the peer's next step ends it
}

// urging begins to repeat b.
func (c *Conn) urging(now time.Time, b []byte, pauses []time.Duration, step bool) {
	if c.client == nil || c.phase == closed || b == nil {
		return
	}
	c.urges = append(c.urges, &urge{at: now.Add(pauses[0]), pauses: pauses[1:], bytes: b, step: step})
}

// urgingAnew begins the repetitions of b again, in place of what is left of them.
func (c *Conn) urgingAnew(now time.Time, b []byte, pauses []time.Duration) {
	c.urges = slices.DeleteFunc(c.urges, func(u *urge) bool { return bytes.Equal(u.bytes, b) })
	c.urging(now, b, pauses, false)
}

// stepped says that the peer went on.
func (c *Conn) stepped() {
	c.urges = slices.DeleteFunc(c.urges, func(u *urge) bool { return u.step })
}

// urgeAgain repeats what is due.
func (c *Conn) urgeAgain(now time.Time) {
	kept := c.urges[:0]
	for _, u := range c.urges {
		if now.Before(u.at) {
			kept = append(kept, u)
			continue
		}
		c.repeat(u.bytes)
		if len(u.pauses) > 0 {
			u.at, u.pauses = now.Add(u.pauses[0]), u.pauses[1:]
			kept = append(kept, u)
		}
	}
	c.urges = kept
}
