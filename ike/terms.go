package ike

import (
	"errors"
	"fmt"

	"ezvpn/ike/isakmp"
)

// What this side brings to phase 1, whichever side it is and whoever begins.

var errNoNATT = errors.New("the gateway does not speak NAT traversal, and ESP travels in UDP only")

func (c *Conn) offers() []Phase1 {
	if c.server != nil {
		return c.server.Phase1
	}
	return c.client.Phase1
}

// methods are the authentication methods. XAUTH names which side of phase 1 has to answer for a user: it is the client
// either way, so that the number says who began (XAUTH draft §7.2).
func (c *Conn) methods() []uint16 {
	xauth := uint16(isakmp.AuthXAUTHInitPreShared)
	if (c.client != nil) != c.begins {
		xauth = isakmp.AuthXAUTHRespPreShared
	}
	switch {
	case c.server != nil && c.server.XAUTH:
		return []uint16{xauth}
	case c.client != nil && c.client.XAUTH:
		return []uint16{xauth, isakmp.AuthPreShared}
	}
	return []uint16{isakmp.AuthPreShared}
}

func (c *Conn) life1() Life {
	l := Life{Time: defaultLife1}
	switch {
	case c.server != nil && c.server.Life1 > 0:
		l.Time = c.server.Life1
	case c.client != nil && c.client.Phase1Life.Time > 0:
		l = c.client.Phase1Life
	case c.client != nil:
		l.Kilobytes = c.client.Phase1Life.Kilobytes
	}
	return l
}

func (c *Conn) identity() Identity {
	if c.server != nil {
		return c.server.Identity
	}
	return c.client.Identity
}

// known holds the identity of the peer against what is wanted.
func (c *Conn) known(id Identity) error {
	if c.wanted != nil && *c.wanted != id {
		return fmt.Errorf("the peer calls itself %s %q", isakmp.IDName(id.Kind), id.Data)
	}
	return nil
}

// groupKey is the key for a peer that begins.
func (c *Conn) groupKey(id Identity) (Secret, bool) {
	if c.server != nil {
		return c.server.Group(id)
	}
	return c.client.GroupKey, true
}

func (c *Conn) noFragments() bool {
	if c.server != nil {
		return c.server.NoFragments
	}
	return c.client.NoFragments
}

// forcesNAT says whether our address in NAT-D is to be true for nobody.
func (c *Conn) forcesNAT() bool { return c.client != nil && c.client.NATT != NATTAuto }
