package ike

import "time"

// Adopt takes over the IPsec SAs of another association with the same peer, with all their dates, as when c renews the
// ISAKMP SA of old. The owner calls it when c is configured. From then on old has none: its Close and its end do not
// touch them, and what it still hears about them is done here; its events then include those of c.
//
// A Quick Mode of c for what an adopted SA carries replaces that SA. Adopted SAs that no Quick Mode of c covers live on.
func (c *Conn) Adopt(old *Conn) {
	if old == nil || old == c || old.heir != nil || c.heir != nil || c.phase == closed || old.phase == closed ||
		(c.client == nil) != (old.client == nil) {
		return
	}
	old.giveUpQuick()
	adopted, own := old.children, c.children
	old.children, old.heir = nil, c
	for _, ch := range adopted {
		if !ch.sa.Ready && ch.commit.IsZero() {
			ch.lapse = ch.sa.Since.Add(unconfirmed)
		}
	}
	c.children = adopted
	c.follow(own)
	c.children = append(adopted, own...) // the older first
}

// keeper is the association that has the IPsec SAs of this one.
func (c *Conn) keeper() *Conn {
	for c.heir != nil {
		c = c.heir
	}
	return c
}

// unconfirmed is how long the peer has for message 3 of its Quick Mode: all retransmissions of message 2.
const unconfirmed = 35 * time.Second

// giveUpQuick ends the Quick Modes that are ours and have no answer yet: the heir has its own.
func (c *Conn) giveUpQuick() {
	c.quicks, c.quickAt = nil, time.Time{}
	for _, x := range c.exchanges {
		q := x.quick
		if q == nil || !x.ours || q.step != 1 {
			continue
		}
		q.clear()
		delete(c.exchanges, x.id) // an answer is out of turn from now on
		if ch := c.child(q.replaces); ch != nil && c.client != nil {
			ch.rekeying, ch.sa.Rekey = false, ch.sa.Since // at once, if nothing of the heir replaces it
		}
	}
}

// follow lets what c has by itself replace what it adopted: IPsec SAs that are up already, Quick Modes that are under
// way, and those that wait for their turn.
func (c *Conn) follow(own []*child) {
	for _, ch := range own {
		old := c.child(c.follows(ch.sa.Selector))
		if old == nil || ch.sa.Replaces != 0 {
			continue
		}
		ch.sa.Replaces, old.rekeying = old.sa.In.SPI, true
		if ch.sa.Ready {
			old.retire, old.sa.Rekey = ch.sa.Since.Add(overlap), time.Time{}
		}
	}
	for _, x := range c.exchanges {
		if q := x.quick; q != nil && x.ours && q.step == 1 && q.replaces == 0 {
			q.replaces = c.succeed(q.selector)
		}
	}
	for i, w := range c.quicks {
		if w.replaces == 0 {
			c.quicks[i].replaces = c.succeed(w.selector)
		}
	}
}

// succeed finds the SA that a Quick Mode for s follows. It is that Quick Mode which rekeys it now.
func (c *Conn) succeed(s Selector) uint32 {
	spi := c.follows(s)
	if old := c.child(spi); old != nil {
		old.rekeying, old.sa.Rekey = true, time.Time{}
	}
	return spi
}
