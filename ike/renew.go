package ike

import (
	"errors"
	"slices"
	"time"

	"ezvpn/ike/isakmp"
)

// Renew begins from the gateway's side: a new phase 1 towards a client whose association is old, in reverse Aggressive
// Mode. What Accept makes can do, this can do: RequestXAUTH, FinishXAUTH, ReplyConfig, Quick.
func Renew(now time.Time, s *Server, old *Conn) (*Conn, []Event) {
	c := newConn(s.Rand, s.DH, s.FragmentSize)
	c.server, c.begins = s, true
	c.local, c.remote, c.marker = old.local, old.remote, old.marker
	peer := old.sa.PeerIdentity
	c.wanted = &peer
	psk, known := s.Group(peer)
	if !known || len(s.Phase1) == 0 {
		c.fail(GroupRefused, Local, errors.New("there is no such group any more, or no proposal for it"))
		return c, c.take()
	}
	vendors := phaseOneVendors(NATTForce, !s.NoFragments)
	if s.NoDPD {
		vendors = slices.DeleteFunc(vendors, func(p isakmp.Payload) bool {
			v, ok := p.(isakmp.Vendor)
			return ok && isakmp.VendorName(v.Data) == isakmp.NameDPD
		})
	}
	c.first(now, psk, vendors)
	return c, c.take()
}
