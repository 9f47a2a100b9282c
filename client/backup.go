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
// The gateway in use stays until it is left. An empty list means that there are no others.
func (l peerList) pushed(servers []string, now time.Time) peerList {
	current := l.current()
	list := []peer{l.list[0]}
	add := func(p peer) {
		same := func(x peer) bool { return x.Peer == p.Peer }
		if i := slices.IndexFunc(l.list, same); i >= 0 && p.origin == "pushed" {
			origin := p.origin
			p = l.list[i] // what is known of its health
			if p.origin != "profile" {
				p.origin = origin
			}
		}
		if !slices.ContainsFunc(list, same) {
			list = append(list, p)
		}
	}
	if l.at > 0 && current.origin == "redirect" {
		add(current) // behind the one that sent us there
	}
	for _, s := range servers[:min(len(servers), maxBackup)] {
		if p, ok := backupPeer(s); ok {
			add(peer{Peer: p, origin: "pushed", health: "unknown", since: now})
		}
	}
	add(current)
	addr := l.addr
	l.list = list
	l.at = slices.IndexFunc(list, func(x peer) bool { return x.Peer == current.Peer })
	l.addr = addr
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
