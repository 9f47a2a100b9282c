package ike

import "time"

// replaced begins the end of the SA that ch follows, and of a double: when both ends rekey at once, two SAs follow one.
func (c *Conn) replaced(now time.Time, ch *child) {
	twin := c.twin(ch)
	if twin != nil && yields(ch, twin) {
		ch.yield(now)
	}
	for _, x := range c.children {
		switch {
		case x == ch:
		case x == twin && !ch.yields:
			x.yield(now)
		case x.sa.Selector == ch.sa.Selector && x != twin:
			x.sa.Rekey = time.Time{} // it ends by itself, or by the peer's Delete
		}
	}
	if old := c.child(ch.sa.Replaces); old != nil && old != ch && old.retire.IsZero() {
		old.retire, old.sa.Rekey = now.Add(overlap), time.Time{}
	}
}

// twin is the SA in use that follows the same one as ch, and that the other end began. The client alone looks for it,
// so that one end decides.
func (c *Conn) twin(ch *child) *child {
	if c.client == nil {
		return nil
	}
	for _, x := range c.children {
		if x != ch && x.sa.Ready && x.retire.IsZero() && x.sa.Replaces == ch.sa.Replaces && x.sa.Initiated != ch.sa.Initiated &&
			(within(x.sa.Selector, ch.sa.Selector) || within(ch.sa.Selector, x.sa.Selector)) {
			return x
		}
	}
	return nil
}

// yields says which of two twins goes: the one that carries less, else the gateway's. When both Quick Modes cross on
// the way, ours is the later one at the gateway, and the one that it sends on.
func yields(ch, twin *child) bool {
	if ch.sa.Selector != twin.sa.Selector {
		return within(ch.sa.Selector, twin.sa.Selector)
	}
	return !ch.sa.Initiated
}

func (ch *child) yield(now time.Time) {
	ch.yields, ch.retire, ch.sa.Rekey = true, now.Add(overlap), time.Time{}
}

// rescue keeps a twin that was to go when the other one went before.
func (c *Conn) rescue(now time.Time, gone *child) bool {
	for _, x := range c.children {
		if x.yields && x.sa.Ready && within(gone.sa.Selector, x.sa.Selector) {
			life := x.sa.Expires.Sub(x.sa.Since)
			x.yields, x.retire, x.sa.Rekey = false, time.Time{}, x.sa.Expires.Add(-c.margin(life))
			return true
		}
	}
	return false
}

// pending says whether the peer is about to replace an SA.
func (c *Conn) pending(ch *child) bool {
	for _, x := range c.children {
		if !x.sa.Ready && !x.sa.Initiated && x.sa.Replaces == ch.sa.In.SPI {
			return true
		}
	}
	return false
}
