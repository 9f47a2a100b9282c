package tunnel

import (
	"sync/atomic"

	"ezvpn/tunnel/esp"
)

// Reasons for a drop, the stable names of Stats.Drops.
const (
	dropNoSA      = iota // no SA covers the packet: fail closed
	dropTooBig           // larger than the tunnel takes
	dropNotIPv4          // IPv6, or no IP packet
	dropSequence         // sequence numbers are used up
	dropOutside          // the network refused it
	dropSPI              // no SA with this SPI
	dropAuth             // integrity check
	dropReplay           // seen before
	dropMalformed        // too short, odd padding, not IPv4 inside
	dropSelector         // addresses that the SA does not carry
	dropInside           // the device refused it, or is not there
	dropIKE              // IKE messages beyond the queue
	dropKinds
)

var dropNames = [dropKinds]string{"no-sa", "too-big", "not-ipv4", "sequence", "outside", "unknown-spi", "auth", "replay", "malformed",
	"selector", "inside", "ike-queue"}

type counters struct {
	inPackets, inBytes, outPackets, outBytes atomic.Uint64
	drops                                    [dropKinds]atomic.Uint64
}

func (c *counters) add(kind int, n uint64) {
	if n > 0 {
		c.drops[kind].Add(n)
	}
}

// espDrop is the counter for an error of esp.Open; -1 for packets that are dropped by design.
func espDrop(err error) int {
	switch err {
	case esp.ErrAuth:
		return dropAuth
	case esp.ErrReplay:
		return dropReplay
	case esp.ErrDummy:
		return -1
	case esp.ErrSPI:
		return dropSPI
	}
	return dropMalformed
}

// Stats gives a copy of the counters.
func (t *Tunnel) Stats() Stats {
	c := &t.counters
	s := Stats{InPackets: c.inPackets.Load(), InBytes: c.inBytes.Load(), OutPackets: c.outPackets.Load(), OutBytes: c.outBytes.Load(),
		Drops: map[string]uint64{}}
	for i := range c.drops {
		if n := c.drops[i].Load(); n > 0 {
			s.Drops[dropNames[i]] = n
		}
	}
	return s
}
