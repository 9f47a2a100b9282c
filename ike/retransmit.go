package ike

import (
	"errors"
	"maps"
	"slices"
	"time"

	"ezvpn/ike/isakmp"
)

// pauses between the transmissions of a message that waits for an answer (RFC 2408 §5.1). After the last one, there
// is no answer.
var pauses = [...]time.Duration{1 * time.Second, 2 * time.Second, 4 * time.Second, 8 * time.Second, 15 * time.Second}

// closer are the pauses once phase 1 is done. The peer is there, so that what is not answered was lost: with three of ten
// datagrams lost each way, five tries fail once in thirty times, and a connect has four exchanges.
var closer = [...]time.Duration{1 * time.Second, 2 * time.Second, 3 * time.Second, 4 * time.Second, 5 * time.Second, 5 * time.Second,
	5 * time.Second, 5 * time.Second}

// retry is when a message is sent again.
type retry struct {
	at     time.Time // zero: never
	tries  int
	pauses []time.Duration
}

func (r *retry) start(now time.Time)  { *r = retry{at: now.Add(pauses[0]), pauses: pauses[:]} }
func (r *retry) secure(now time.Time) { *r = retry{at: now.Add(closer[0]), pauses: closer[:]} }
func (r *retry) stop()                { *r = retry{} }

// next says whether to send again now; false after the last pause.
func (r *retry) next(now time.Time) bool {
	r.tries++
	if r.tries >= len(r.pauses) {
		r.stop()
		return false
	}
	r.at = now.Add(r.pauses[r.tries])
	return true
}

func (r *retry) reached(now time.Time) bool { return !r.at.IsZero() && !now.Before(r.at) }

// retransmit sends again, byte for byte, what was not answered in time.
func (c *Conn) retransmit(now time.Time) {
	if p := c.one; p != nil && p.again.reached(now) {
		if !p.again.next(now) {
			c.silent(now, nil)
			return
		}
		c.repeat(p.last)
	}
	for _, id := range slices.Sorted(maps.Keys(c.exchanges)) { // in one order, so that runs can be repeated
		x := c.exchanges[id]
		if c.phase == closed {
			return
		}
		if x == nil || !x.again.reached(now) {
			continue
		}
		if x.again.next(now) {
			c.repeat(x.last)
		} else {
			x.forget = now.Add(keep)
			c.silent(now, x)
		}
	}
}

// Most answers in a second to what the peer, or who recorded it, sends again; and to probes.
const (
	maxAgain  = 5
	maxProbes = 10
)

// pace counts what was answered within a second.
type pace struct {
	since time.Time
	n     int
}

func (p *pace) allows(now time.Time, most int) bool {
	if now.Sub(p.since) >= time.Second {
		*p = pace{since: now}
	}
	p.n++
	return p.n <= most
}

// answerAgain answers a duplicate with the same bytes.
func (c *Conn) answerAgain(now time.Time, b []byte) {
	c.drop("duplicate", nil)
	if b != nil && c.duplicates.allows(now, maxAgain) {
		c.send(b)
	}
}

func (c *Conn) repeat(b []byte) {
	c.stats.Retransmits++
	c.note("retransmit", "no answer yet")
	c.send(b)
}

// silent is called when an exchange got no answer; nil is phase 1.
func (c *Conn) silent(now time.Time, x *exchange) {
	switch {
	case x == nil && c.hint != nil:
		c.fail(c.hint.reason, Peer, c.hint.err)
	case x == nil:
		c.fail(NoAnswer, Local, nil)
	case x.kind == isakmp.QuickMode && (c.live() || c.client != nil && !x.ours):
		// A rekey, or the peer's own idea: the SA in use goes on, DPD decides about the peer.
		c.note("timeout", "Quick Mode was not answered")
		if ch := c.child(x.quick.spi); ch != nil && !ch.sa.Ready {
			c.keeper().dropChild(ch, "never confirmed", true)
		}
		c.quickEnded(now, x, false)
		if c.client != nil && x.ours && c.child(x.quick.replaces) == nil {
			c.later(wanted{selector: x.quick.selector}, now.Add(retryRekey))
		}
	case x.kind == isakmp.QuickMode:
		c.fail(SATimeout, Local, nil)
	case x.config != nil && x.config.xauth:
		c.fail(XAUTHTimeout, Local, nil)
	case c.phase == configured: // it pushed what we asked for; or it is a later push of ours
		c.note("timeout", "Mode Config was not answered")
	default:
		c.fail(ConfigTimeout, Local, nil)
	}
}

// waited is called when the peer did not take the step that was its own.
func (c *Conn) waited(now time.Time) {
	c.wait = time.Time{}
	switch {
	case c.server != nil:
		c.fail(NoAnswer, Local, errors.New("the client did not go on"))
	case c.phase == secured && (!c.sa.XAUTH || c.renews()) && !c.xauth.begun:
		c.pull(now) // the gateway asks for no credentials
	case c.phase == secured && c.xauth.pending != nil:
		c.fail(XAUTHTimeout, Local, nil)
	case c.phase == secured:
		c.fail(ConfigTimeout, Local, errors.New("the gateway did not go on"))
	}
}
