package ike

import "time"

// Message 3 of our Quick Mode can be lost, and then the gateway repeats message 2. strongSwan forgets how to decrypt
// message 3 when three other exchanges have come between, such as DPD: from then on it takes none of ours, answers no
// other Quick Mode, and our IPsec SA leads nowhere. So a repeated message 2 is answered at once and then urged on again,
// and where that does not help for deaf, a new association takes over.
const deaf = 20 * time.Second

// unheard is called when the peer repeats a message. If it is message 2 of our Quick Mode, the new SA is not in use
// there, and what it takes the place of stays for longer.
func (c *Conn) unheard(now time.Time, x *exchange) {
	q := x.quick
	if q == nil || q.step != 3 || c.client == nil {
		return
	}
	ch := c.child(q.spi)
	if ch == nil || !ch.sa.Initiated {
		return
	}
	if now.Sub(ch.sa.Since) >= deaf && !c.renewAt.IsZero() {
		c.note("unheard", "the gateway takes no message 3 of Quick Mode; a new ISAKMP SA")
		c.expiring()
	}
	c.urgingAnew(now, x.last, quickUrges)
	for _, x := range c.keeper().children {
		if !x.retire.IsZero() && !x.told && (x.sa.In.SPI == ch.sa.Replaces || x.yields && x.sa.Replaces == ch.sa.Replaces) {
			x.retire = now.Add(overlap)
		}
	}
}
