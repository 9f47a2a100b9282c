package ike

import (
	"encoding/binary"

	"ezvpn/ike/isakmp"
)

// A gateway may begin a Quick Mode before it answered our Mode Config request: strongSwan does when it hands an IPsec SA
// of an older association on to this one while it was being rekeyed. It looks at nothing else until that Quick Mode is
// over, and nothing can be said yet about its selectors. So it gets its answers, and then a Delete for the SA, which is
// never used; ours follows when Mode Config is done.

// early says whether such a Quick Mode is answered now.
func (c *Conn) early() bool { return c.client != nil && c.phase == secured && c.pulling != nil }

// giveBack ends an IPsec SA that was agreed early. It never was among the children.
func (c *Conn) giveBack(q *quick) {
	c.note("unused", "IPsec SA 0x%08x, which was agreed before Mode Config", q.spi)
	c.inform(isakmp.Delete{DOI: isakmp.DOIIPsec, Protocol: isakmp.ProtocolESP, SPISize: 4,
		SPIs: [][]byte{binary.BigEndian.AppendUint32(nil, q.spi)}})
}
