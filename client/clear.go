package client

import (
	"net/netip"
	"time"
)

// Clear deletes the IKE and IPsec SAs of the session, as `clear crypto session` does, if its outside addresses match:
// an invalid address and port 0 match all. It returns whether there was such a session. With connect = "manual" the
// session ends; otherwise the remote connects anew at once, beginning with the first peer.
func (c *Client) Clear(local, remote netip.AddrPort) (cleared bool, err error) {
	err = errClosed
	c.s.do(func(now time.Time) {
		err = nil
		if cleared = c.s.m.dialed && matches(local, c.s.local) && c.s.atRemote(remote); cleared {
			c.s.dispatch(now, evClear{})
		}
	})
	return cleared, err
}

// matches says whether have is meant by pattern.
func matches(pattern, have netip.AddrPort) bool {
	return (!pattern.Addr().IsValid() || pattern.Addr() == have.Addr()) && (pattern.Port() == 0 || pattern.Port() == have.Port())
}

// atRemote takes the port of the peer list and the one that IKE floated to for the same.
func (s *session) atRemote(pattern netip.AddrPort) bool {
	if listed, ok := s.m.peers.address(); ok && matches(pattern, listed) {
		return true
	}
	a := s.main()
	return a != nil && matches(pattern, a.conn.Peer())
}
