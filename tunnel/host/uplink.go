package host

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
)

// Uplink is the way by which a packet leaves this machine outside the tunnel. It is comparable: two that differ say
// that the machine was moved, and that a NAT on the way may show another address.
type Uplink struct {
	Link   string
	Source netip.Addr // of this machine; invalid if it cannot be told, as for IPv6 without a preferred source
	Via    netip.Addr // next hop, invalid on link
}

// ErrNoUplink says that the machine has no way to an address but through the tunnel, or none at all.
var ErrNoUplink = errors.New("no route outside the tunnel; check the network of this machine")

// Uplink tells how a packet to an address, a gateway's as a rule, would leave now if the tunnel were not there. It
// changes and sends nothing, and waits while Apply or Revert runs. Errors wrap ErrNoUplink, or come from reading the
// machine. Where the machine's tables cannot be read, nothing of this package stands in them, and the system's own
// choice is the answer, without Via.
func (m *Machine) Uplink(to netip.Addr) (Uplink, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !to.IsValid() {
		return Uplink{}, fmt.Errorf("no address is given: %w", ErrNoUplink)
	}
	v, err := m.sys.view()
	if errors.Is(err, ErrUnsupported) {
		return connected(to)
	}
	if err != nil {
		return Uplink{}, fmt.Errorf("look up the way to %s: %w", to, err)
	}
	u, ok := v.uplink(to.Unmap(), m.have)
	if !ok {
		return Uplink{}, fmt.Errorf("%s: %w", to, ErrNoUplink)
	}
	return u, nil
}

// uplink is the way of a packet without what m made.
func (v MachineView) uplink(to netip.Addr, m made) (Uplink, bool) {
	if to.IsLoopback() {
		return Uplink{Link: "lo", Source: to}, true
	}
	v.Addresses = slices.DeleteFunc(slices.Clone(v.Addresses), func(a Address) bool { return m.link(a.Link) })
	for _, a := range v.Addresses {
		if a.Prefix.Addr() == to {
			return Uplink{Link: a.Link, Source: to}, true
		}
	}
	r, ok := v.outside(netip.PrefixFrom(to, to.BitLen()), m, "")
	if !ok {
		return Uplink{}, false
	}
	u := Uplink{Link: r.Link, Source: r.Src, Via: r.Via}
	if !u.Source.IsValid() {
		u.Source = v.sourceOn(r.Link, u.next(to))
	}
	return u, true
}

// next is the address that the link has to reach.
func (u Uplink) next(to netip.Addr) netip.Addr {
	if u.Via.IsValid() {
		return u.Via
	}
	return to
}

// sourceOn is the address that a route without a preferred one gets: the link's first in whose network the next hop
// lies, else its first, else the machine's first elsewhere (RFC 1122 section 3.3.4.3 leaves the choice to the system;
// this is that of Linux).
func (v MachineView) sourceOn(link string, next netip.Addr) netip.Addr {
	fits := []func(Address) bool{
		func(a Address) bool { return a.Link == link && a.Prefix.Contains(next) },
		func(a Address) bool { return a.Link == link && a.Prefix.Addr().Is4() == next.Is4() },
		func(a Address) bool { return next.Is4() && a.Prefix.Addr().Is4() && !a.Prefix.Addr().IsLoopback() },
	}
	for _, f := range fits {
		if i := slices.IndexFunc(v.Addresses, f); i >= 0 {
			return v.Addresses[i].Prefix.Addr()
		}
	}
	return netip.Addr{}
}

// connected asks the system for the source of a datagram: connecting a UDP socket chooses it, and sends nothing.
func connected(to netip.Addr) (Uplink, error) {
	c, err := net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(netip.AddrPortFrom(to, 500)))
	if err != nil {
		return Uplink{}, fmt.Errorf("%s: %w (%v)", to, ErrNoUplink, err)
	}
	defer c.Close()
	u := Uplink{Source: c.LocalAddr().(*net.UDPAddr).AddrPort().Addr().Unmap().WithZone("")}
	u.Link = linkOf(u.Source)
	return u, nil
}

// linkOf is the name of the link that has an address, empty if none has.
func linkOf(a netip.Addr) string {
	links, _ := net.Interfaces()
	for _, l := range links {
		nets, _ := l.Addrs()
		for _, n := range nets {
			if p, err := netip.ParsePrefix(n.String()); err == nil && p.Addr().Unmap().WithZone("") == a {
				return l.Name
			}
		}
	}
	return ""
}

// Dialer makes sockets that leave by this uplink, whatever routes lead into the tunnel. What is on this machine itself
// is reached by no link.
func (u Uplink) Dialer(to netip.Addr) *net.Dialer {
	d := &net.Dialer{}
	if u.Source != to {
		d.Control = onLink(u.Link)
	}
	return d
}
