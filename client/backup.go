package client

import (
	"net/netip"
	"slices"
	"strings"
	"time"

	"ezvpn/client/profile"
	"ezvpn/client/status"
)

// maxBackup is how many pushed backup servers are taken: as many as a Cisco client takes.
const maxBackup = 10

// pushed puts the backup servers that a gateway named in the place of the peers after the first one, for this session.
// The gateway in use, and those that sent us on to it, stay. An empty list means that there are no others.
func (l peerList) pushed(servers []string, now time.Time) peerList {
	from := l.at // the listed peer at which the redirects to the present one began
	for from > 0 && l.list[from].origin == "redirect" {
		from--
	}
	listed, chain := l.list[from], l.list[from+1:l.at+1]
	list := []peer{l.list[0]}
	for _, s := range servers {
		p, ok := backupPeer(s)
		if !ok || indexOf(list, p) >= 0 {
			continue
		}
		if len(list) > maxBackup {
			break
		}
		x := peer{Peer: p, origin: "pushed", health: "unknown", since: now}
		if i := indexOf(l.list, p); i >= 0 {
			x = l.list[i] // what is known of its health
		}
		list = append(list, x)
	}
	if indexOf(list, listed.Peer) < 0 {
		list = append(list, listed)
	}
	i := indexOf(list, listed.Peer)
	l.list, l.at = slices.Insert(list, i+1, chain...), i+len(chain)
	return l
}

// indexOf finds a listed peer; one that we were only sent on to is none.
func indexOf(list []peer, p profile.Peer) int {
	return slices.IndexFunc(list, func(x peer) bool { return x.Peer == p && x.origin != "redirect" })
}

// inVain is called at the end of a round. When each peer was dialed since the tunnel broke, and none answered, those of
// the profile count again, before the pushed ones: the list that a gateway pushed may be wrong or of yesterday. The next
// round begins with the first one that was left out.
func (l peerList) inVain(p []profile.Peer, now time.Time) peerList {
	if l.round < 2 { // the first round began with the peer that broke, and did not dial it
		return l
	}
	first := -1
	var list []peer
	for _, x := range p {
		if indexOf(list, x) >= 0 {
			continue
		}
		if i := indexOf(l.list, x); i >= 0 {
			list = append(list, l.list[i])
			continue
		}
		if first < 0 {
			first = len(list)
		}
		list = append(list, peer{Peer: x, origin: "profile", health: "unknown", since: now})
	}
	if first < 0 {
		return l
	}
	for _, x := range l.list {
		if indexOf(list, x.Peer) < 0 {
			list = append(list, x)
		}
	}
	l.list, l.at, l.addr, l.attempt, l.tries = list, first, 0, 0, 0
	return l
}

// backupPeer reads a backup server: an IPv4 address or a host name.
func backupPeer(s string) (profile.Peer, bool) {
	s = strings.TrimSpace(s)
	if a, err := netip.ParseAddr(s); err == nil {
		return profile.Peer{Host: a.String(), Port: 500}, a.Is4() && a.IsGlobalUnicast()
	}
	name, ok := status.HostLabel(s)
	return profile.Peer{Host: name, Port: 500}, ok
}
