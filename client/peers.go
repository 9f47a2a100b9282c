package client

import (
	"net/netip"
	"slices"
	"time"

	"ezvpn/client/profile"
	"ezvpn/client/status"
)

// peer is one gateway of the ordered list and what is known of its health.
type peer struct {
	profile.Peer
	origin string // "profile", "pushed", "redirect"
	addrs  []netip.Addr
	health string // "unknown", "trying", "active", "down"
	since  time.Time
	failed time.Time // since when it is down, however often it was tried since; zero for not
	reason string
}

// peerList is the ordered list with a cursor: which peer, which of its addresses, which proposal. It is a value;
// every change returns a new one.
type peerList struct {
	list    []peer
	at      int // peer in use
	addr    int // index into its addrs
	attempt int // which phase 1 offer
	tries   int // peers that were given up since the last success
	round   int // how often the whole list was tried since then
}

func newPeerList(p []profile.Peer, now time.Time) peerList {
	l := peerList{list: make([]peer, len(p))}
	for i, x := range p {
		l.list[i] = peer{Peer: x, origin: "profile", health: "unknown", since: now}
	}
	return l
}

func (l peerList) current() peer { return l.list[l.at] }

// address is the one to dial; false before the name was resolved.
func (l peerList) address() (netip.AddrPort, bool) {
	p := l.current()
	if l.addr >= len(p.addrs) {
		return netip.AddrPort{}, false
	}
	return netip.AddrPortFrom(p.addrs[l.addr], p.Port), true
}

// with returns a copy in which peer i was changed by f.
func (l peerList) with(i int, f func(*peer)) peerList {
	list := make([]peer, len(l.list))
	copy(list, l.list)
	f(&list[i])
	l.list = list
	return l
}

func (l peerList) mark(now time.Time, health, reason string) peerList {
	return l.with(l.at, func(p *peer) { p.mark(now, health, reason) })
}

func (p *peer) mark(now time.Time, health, reason string) {
	switch {
	case health == "down":
		if p.failed.IsZero() {
			p.failed = now
		}
		p.since = p.failed
	case p.health != health:
		p.since = now
	}
	if health == "active" {
		p.failed = time.Time{}
	}
	p.health, p.reason = health, reason
}

// onPrimary says whether the cursor is at the first peer, or at one that it sent us on to.
func (l peerList) onPrimary() bool {
	for i := l.at; i > 0; i-- {
		if l.list[i].origin != "redirect" {
			return false
		}
	}
	return true
}

// back puts the cursor at the first peer, which was reached at one of these addresses.
func (l peerList) back(addrs []netip.Addr, addr int) peerList {
	l = l.original()
	l.at = 0
	l = l.resolved(addrs)
	l.addr, l.round, l.tries = addr, 0, 0
	return l
}

// primaryDown notes why the first peer is not back.
func (l peerList) primaryDown(now time.Time, why string) peerList {
	return l.with(0, func(p *peer) { p.mark(now, "down", why) })
}

// known are the addresses of all peers, as far as they are known, that in use first: the machine keeps the ways to them
// outside the tunnel, so that the next peer can be reached at once.
func (l peerList) known(first netip.Addr) []netip.Addr {
	out := []netip.Addr{first}
	for _, p := range l.list {
		addrs := p.addrs
		if a, err := netip.ParseAddr(p.Host); err == nil {
			addrs = []netip.Addr{a}
		}
		for _, a := range addrs {
			if !slices.Contains(out, a) {
				out = append(out, a)
			}
		}
	}
	return out
}

func (l peerList) resolved(addrs []netip.Addr) peerList {
	l.addr = 0
	return l.with(l.at, func(p *peer) { p.addrs = addrs })
}

// nextAddress moves to the next address of the same peer.
func (l peerList) nextAddress() (peerList, bool) {
	if l.addr+1 >= len(l.current().addrs) {
		return l, false
	}
	l.addr, l.attempt = l.addr+1, 0
	return l, true
}

// nextPeer moves to the next listed peer; all says that every peer was tried since the last pause.
func (l peerList) nextPeer() (_ peerList, all bool) {
	l = l.original()
	l.at, l.addr, l.attempt = (l.at+1)%len(l.list), 0, 0
	l.tries++
	if l.tries%len(l.list) != 0 {
		return l, false
	}
	l.round++
	return l, true
}

// redirected puts a gateway that the present one named at the cursor, for this session only.
func (l peerList) redirected(to netip.Addr, now time.Time) peerList {
	p := peer{Peer: profile.Peer{Host: to.String(), Port: 500}, origin: "redirect", addrs: []netip.Addr{to}, health: "unknown", since: now}
	list := append([]peer{}, l.list[:l.at+1]...)
	list = append(list, p)
	l.list = append(list, l.list[l.at+1:]...)
	l.at, l.addr, l.attempt = l.at+1, 0, 0
	return l
}

// original takes the redirects out again: a reconnect begins with the gateway that was listed.
func (l peerList) original() peerList {
	at := 0
	var list []peer
	for i, p := range l.list {
		if p.origin == "redirect" {
			continue
		}
		if i <= l.at {
			at = len(list)
		}
		list = append(list, p)
	}
	if at != l.at || len(list) != len(l.list) {
		l.addr, l.attempt = 0, 0
	}
	l.list, l.at = list, at
	return l
}

func (l peerList) status() []status.Peer {
	out := make([]status.Peer, len(l.list))
	for i, p := range l.list {
		s := status.Peer{Name: p.Peer.String(), Origin: p.origin, Health: p.health, Since: p.since, Reason: p.reason}
		switch {
		case i == l.at && l.addr < len(p.addrs):
			s.Address = netip.AddrPortFrom(p.addrs[l.addr], p.Port).String()
		case len(p.addrs) > 0:
			s.Address = netip.AddrPortFrom(p.addrs[0], p.Port).String()
		}
		out[i] = s
	}
	return out
}
