package client

import (
	"errors"
	"slices"
	"strings"
	"time"

	"ezvpn/client/profile"
	"ezvpn/client/status"
)

// SetProfile gives the session a changed version of its profile. What that does is what profile.Change says of the keys
// that differ, and it is Reconnect too where the gateway in use is no longer a peer. It returns ErrNoSession where no
// session has a profile of this name.
func (c *Client) SetProfile(p *profile.Profile) (impact profile.Impact, err error) {
	if p == nil || len(p.Peers) == 0 || len(p.IKE.Proposals) == 0 {
		return "", errors.New("the profile names no peer or no IKE proposal")
	}
	p = p.Clone()
	err = errClosed
	c.s.do(func(now time.Time) {
		m := c.s.m
		if m.idle() || m.state == status.Disconnecting || m.profile.Name != p.Name {
			err = ErrNoSession
			return
		}
		err = nil
		impact, _ = m.impact(p)
		c.s.dispatch(now, evAmended{p})
	})
	return impact, err
}

// impact is what a changed profile does to this session.
func (m machine) impact(p *profile.Profile) (profile.Impact, []string) {
	impact, keys := profile.Change(m.profile, p)
	if _, ok := m.peers.amended(p.Peers, time.Time{}); !ok {
		impact = profile.Reconnect
	}
	return impact, keys
}

// amended takes a changed profile.
func (m machine) amended(now time.Time, p *profile.Profile) (machine, []action) {
	impact, keys := m.impact(p)
	if len(keys) == 0 {
		return m, nil
	}
	note := actNote{"state", "the profile changed (" + strings.Join(keys, ", ") + "): " + impactWords[impact]}
	m.creds = m.creds.amended(m.profile, p)
	m.profile = p
	if impact == profile.Reconnect && m.state != status.Standby {
		m, acts := m.hangUp(now, "the profile changed")
		m.peers = newPeerList(p.Peers, now)
		m.deadline, m.brief = time.Time{}, 0
		m, more := m.resolve(now)
		return m, slices.Concat([]action{note}, acts, more)
	}
	if l, ok := m.peers.amended(p.Peers, now); ok {
		m.peers = l
	} else {
		m.peers = newPeerList(p.Peers, now)
	}
	m, acts := m.inForce(now, keys)
	return m, slices.Concat([]action{note}, acts)
}

var impactWords = map[profile.Impact]string{
	profile.Nothing:   "it counts from the next association on",
	profile.Live:      "it counts from now on",
	profile.Reconnect: "connecting anew",
}

// inForce brings to bear what needs no new tunnel.
func (m machine) inForce(now time.Time, keys []string) (machine, []action) {
	switch {
	case m.state == status.Waiting, m.state == status.Standby && m.profile.Connect == "auto":
		m.deadline, m.peers.round, m.told = time.Time{}, 0, false // what failed until now, failed with another profile
		return m.resolve(now)
	case m.state == status.Standby && m.profile.Connect == "manual":
		return m.stop(now, status.ConnectRequired)
	}
	m = m.planReturn(now)
	acts := []action{actAmend{}}
	if m.requested && m.net != nil && slices.ContainsFunc(keys, ofMachine) {
		var more []action
		m, more = m.setHost()
		acts = append(acts, more...)
	}
	return m, acts
}

// ofMachine says that a key is about routes and name service.
func ofMachine(key string) bool {
	return strings.HasPrefix(key, "routes.") || strings.HasPrefix(key, "dns.") || key == "peers"
}

// amended is the list for other listed peers, with what is known of those that stay. The gateway in use keeps its place;
// where it is no longer listed, false. A list that a gateway pushed goes on for its session, unless the gateway in use was
// one of the profile and is no more.
func (l peerList) amended(p []profile.Peer, now time.Time) (peerList, bool) {
	from := l.at
	for from > 0 && l.list[from].origin == "redirect" {
		from--
	}
	if slices.ContainsFunc(l.list, func(x peer) bool { return x.origin == "pushed" }) {
		return l, l.list[from].origin == "pushed" || slices.Contains(p, l.list[from].Peer)
	}
	chain := l.list[from+1 : l.at+1]
	var list []peer
	for _, x := range p {
		if i := indexOf(l.list, x); i >= 0 {
			list = append(list, l.list[i])
			continue
		}
		list = append(list, peer{Peer: x, origin: "profile", health: "unknown", since: now})
	}
	i := indexOf(list, l.list[from].Peer)
	if i < 0 {
		return l, false
	}
	l.list, l.at = slices.Insert(list, i+1, chain...), i+len(chain)
	return l, true
}

// amended takes what changed of the user. Another user's password is not this one's.
func (c credentials) amended(old, p *profile.Profile) credentials {
	if p.XAUTH.Username != old.XAUTH.Username {
		c.user, c.typed, c.once = p.XAUTH.Username, "", nil
	}
	if p.XAUTH.Password != old.XAUTH.Password || p.XAUTH.Username != old.XAUTH.Username {
		c.password = p.XAUTH.Password
	}
	c.domain = p.XAUTH.Domain
	if !p.XAUTH.Save {
		c = c.allowed(false)
	}
	return c
}

// amend brings a changed profile to those that read it once.
func (s *session) amend() {
	if s.tunnel != nil {
		s.tunnel.SetKeepalive(s.m.profile.NAT.Keepalive)
	}
	for _, a := range s.assocs {
		if a.detector != nil {
			a.detector.SetPolicy(dpdPolicy(s.m.profile))
		}
	}
}
