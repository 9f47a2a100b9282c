package ike

import "time"

// soonUsed is how many message IDs may be used before the ISAKMP SA should be renewed: an eighth is left, hours of DPD.
const soonUsed = maxUsed / 8 * 7

// renews says whether this association renews another one: the gateway may know the user already.
func (c *Conn) renews() bool { return c.client != nil && (c.client.Renewal || !c.begins) }

// renewal sets the date of Expiring: the margin of an IPsec SA before the end. From lives of an hour on that is more
// than five minutes, so that a person can still be asked for a code.
func (c *Conn) renewal() {
	if c.client == nil {
		return
	}
	c.renewAt = c.sa.Expires.Add(-c.margin(c.sa.Expires.Sub(c.sa.Since)))
}

// shortened moves the date of Expiring along with the end, unless it was said.
func (c *Conn) shortened() {
	if !c.renewAt.IsZero() {
		c.renewal()
	}
}

// expiring tells the owner, once.
func (c *Conn) expiring() {
	c.renewAt = time.Time{}
	c.emit(Expiring{At: c.sa.Expires})
}

// runsOut is called when a message ID was taken: without any left, the ISAKMP SA ends before its time.
func (c *Conn) runsOut() {
	if len(c.used) >= soonUsed && c.phase == configured && !c.renewAt.IsZero() {
		c.expiring()
	}
}
