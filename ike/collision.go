package ike

import "time"

// Both ends may rekey one IPsec SA at once, so that two follow it. One of them goes: it still receives, since the peer
// may send on it until it is told.

// replaced begins the end of the SA that ch follows, and of a twin that gives way to ch.
func (c *Conn) replaced(now time.Time, ch *child) {
	if twin := c.twin(ch); twin != nil && ch.sa.Initiated {
		twin.yield(now)
	}
	for _, x := range c.children {
		if x != ch && x.sa.Ready && x.sa.Selector == ch.sa.Selector {
			x.sa.Rekey = time.Time{} // it ends by itself, or by the peer's Delete
		}
	}
	if old := c.child(ch.sa.Replaces); old != nil && old != ch && old.retire.IsZero() {
		old.retire, old.sa.Rekey = now.Add(overlap), time.Time{}
	}
}

// concede says that ch, which the peer began, gives way to a twin in use: it is not put in use. When both Quick Modes
// cross on the way, ours is the later one at the gateway, and the one that it sends on.
func (c *Conn) concede(now time.Time, ch *child) bool {
	if ch.sa.Initiated || c.twin(ch) == nil {
		return false
	}
	ch.yield(now)
	return true
}

// twin is the SA in use for the same selector that follows the same one as ch, and that the other end began. The client
// alone looks for it, so that one end decides.
func (c *Conn) twin(ch *child) *child {
	if c.client == nil {
		return nil
	}
	for _, x := range c.children {
		if x.sa.Ready && x.retire.IsZero() && x.sa.Selector == ch.sa.Selector && x.sa.Replaces == ch.sa.Replaces &&
			x.sa.Initiated != ch.sa.Initiated {
			return x
		}
	}
	return nil
}

func (ch *child) yield(now time.Time) {
	ch.yields, ch.retire, ch.sa.Rekey = true, now.Add(overlap), time.Time{}
}

// rescue keeps a twin that was to go when the other one went before.
func (c *Conn) rescue(now time.Time, gone *child) bool {
	for _, x := range c.children {
		if x.yields && !x.told && x.sa.Selector == gone.sa.Selector {
			life := x.sa.Expires.Sub(x.sa.Since)
			x.yields, x.retire, x.sa.Rekey = false, time.Time{}, x.sa.Expires.Add(-c.margin(life))
			c.connect(now, x)
			return true
		}
	}
	return false
}

// pending says whether the peer is about to replace an SA.
func (c *Conn) pending(ch *child) bool {
	for _, x := range c.children {
		if !x.sa.Ready && !x.sa.Initiated && !x.yields && x.sa.Replaces == ch.sa.In.SPI {
			return true
		}
	}
	return false
}
