package client

import (
	"net/netip"
	"slices"
	"time"

	"ezvpn/client/status"
	"ezvpn/ike"
)

// candidate is a second association beside the one in use: phase 1 anew with the same gateway, or the way back to the
// first peer. It takes the other's place when its IPsec SAs are up, and not before (make before break).
type candidate struct {
	assoc   int          // 0 while a name is looked up
	back    bool         // to the first peer; otherwise phase 1 anew
	guest   int          // the ISAKMP SA with which the gateway asked for it, 0 for none
	addrs   []netip.Addr // of the first peer
	addr    int          // the one that is tried
	isakmp  *ike.ISAKMPSA
	net     *ike.ModeConfig
	sas     []ike.IPsecSA
	adopted bool      // it has taken over the IPsec SAs in use
	readyBy time.Time // it takes over with the IPsec SAs that it has by then; zero before the first
}

// leaving is an association that was replaced.
type leaving struct {
	assoc int
	sas   []ike.IPsecSA
	at    time.Time // when it is ended, if not before
}

// farewell is how long an ISAKMP SA whose IPsec SAs live on under another stays: a gateway that ties them together would
// drop the old ones with it, and may not have got the last message about the new ones yet.
const farewell = 20 * time.Second

// settleTime is how long a candidate with a first IPsec SA waits for those of the other networks.
const settleTime = 2 * time.Second

// retryRenew is when a renewal of phase 1 that failed is tried again, as long as the SA lives.
const retryRenew = 30 * time.Second

func (m machine) number() (machine, int) {
	m.assocs++
	return m, m.assocs
}

// with returns a machine whose candidate was changed by f.
func (m machine) with(f func(n *candidate)) machine {
	n := *m.beside
	f(&n)
	m.beside = &n
	return m
}

// renew negotiates phase 1 anew with the gateway in use (RFC 2409 has no renewal in place).
func (m machine) renew(now time.Time) (machine, []action) {
	m.renewAt = time.Time{}
	if m.state != status.Active || m.isakmp == nil || m.net == nil || m.beside != nil && !m.beside.back {
		return m, nil
	}
	m, acts := m.abandon(now, "phase 1 is renewed first")
	m, id := m.number()
	m.beside = &candidate{assoc: id}
	m.creds = m.creds.attempt()
	return m, append(acts, actNote{"phase1", "renewing the ISAKMP SA with " + m.peerName()},
		actDial{assoc: id, to: m.isakmp.Remote, profile: m.profile, attempt: m.attempt(), renewal: true, address: m.net.Address})
}

// reverse takes an ISAKMP SA that the gateway in use began: it renews phase 1 towards us. That is answered by a renewal
// of our own, since strongSwan with the Unity plugin takes no Quick Mode on an ISAKMP SA that it began itself, from
// neither side. Where our own came to nothing, the gateway's is taken as it is.
func (m machine) reverse(now time.Time, assoc int, sa ike.ISAKMPSA) (machine, []action) {
	if m.state != status.Active || m.isakmp == nil || m.assoc == 0 || sa.Remote.Addr() != m.isakmp.Remote.Addr() || sa.PeerIdentity != m.isakmp.PeerIdentity {
		return m, []action{actHangUp{assoc, "nobody waits for it"}}
	}
	note := actNote{"phase1", "the gateway " + m.peerName() + " renews the ISAKMP SA"}
	if !m.ownFailed {
		m, acts := m.renew(now)
		if m.beside == nil {
			return m, append(acts, actHangUp{assoc, "nothing to renew"})
		}
		old := m.beside.guest
		return m.with(func(n *candidate) { n.guest = assoc }), append([]action{note, actHangUp{old, "begun again"}}, acts...)
	}
	m, acts := m.abandon(now, "the gateway renews phase 1 itself")
	m.renewAt = time.Time{}
	m.beside = &candidate{assoc: assoc, isakmp: &sa}
	m.creds = m.creds.attempt()
	return m, append([]action{note}, acts...)
}

// abandon gives the candidate up.
func (m machine) abandon(now time.Time, why string) (machine, []action) {
	n := m.beside
	if n == nil {
		return m, nil
	}
	m.beside = nil
	var acts []action
	for _, sa := range n.sas {
		acts = append(acts, actRetire{sa.In.SPI})
	}
	if m.prompt != nil && m.prompt.assoc == n.assoc {
		m.prompt, m.deadline = nil, time.Time{}
	}
	if n.back {
		m = m.planReturn(now)
	}
	if n.guest != 0 {
		acts = append(acts, actHangUp{n.guest, why})
	}
	if n.assoc == 0 {
		return m, acts
	}
	return m, append(acts, actHangUp{n.assoc, why})
}

// other takes news of an association that is not the one in use.
func (m machine) other(now time.Time, e evOther) (machine, []action) {
	if down, ok := e.event.(ike.SADown); ok {
		return m.otherDown(down)
	}
	if m.beside == nil || m.beside.assoc != e.assoc {
		switch news := e.event.(type) {
		case ike.Secured:
			return m.reverse(now, e.assoc, news.SA)
		case ike.SAUp:
			if m.leaving != nil && m.leaving.assoc == e.assoc && len(m.leaving.sas) == 0 {
				return m.saUp(now, news.SA) // it speaks for its heir
			}
		case ike.SALife:
			m = m.shortened(news)
		}
		return m, nil
	}
	switch e := e.event.(type) {
	case ike.Secured:
		sa := e.SA
		m = m.with(func(n *candidate) { n.isakmp = &sa }).greeted(sa.Remote.Addr())
		return m, nil
	case ike.AskXAUTH:
		return m.candidateAsked(now, e)
	case ike.XAUTHDone:
		return m.xauthDone(now, e)
	case ike.Configured:
		return m.candidateConfigured(e.Net)
	case ike.SAUp:
		return m.candidateUp(now, e.SA)
	case ike.SALife:
		return m.shortened(e), nil
	case ike.Redirected:
		m, acts := m.candidateFailed(now, "the gateway sends us elsewhere")
		return m, acts
	case ike.Failed:
		m, acts := m.candidateFailed(now, string(e.Failure.Reason))
		return m, append([]action{actNote{"error", "beside the tunnel: " + e.Failure.Error()}}, acts...)
	}
	return m, nil
}

// otherDown retires an IPsec SA, whoever's it is by now.
func (m machine) otherDown(e ike.SADown) (machine, []action) {
	if m.beside != nil {
		m = m.with(func(n *candidate) {
			n.sas = slices.DeleteFunc(slices.Clone(n.sas), func(s ike.IPsecSA) bool { return s.In.SPI == e.In })
		})
	}
	return m.withoutSA(e.In), []action{actRetire{e.In}}
}

// candidateAsked answers from what is known. A person is asked for a renewal only: without it the tunnel ends. Nobody
// is disturbed for a way back that can wait.
func (m machine) candidateAsked(now time.Time, e ike.AskXAUTH) (machine, []action) {
	if _, missing, _ := m.creds.known(e.Fields); len(missing) > 0 && m.beside.back {
		m, acts := m.candidateFailed(now, "it asks for credentials that nobody can give")
		m.returnAt = time.Time{}
		return m, acts
	}
	return m.asked(now, m.beside.assoc, e)
}

func (m machine) candidateConfigured(net ike.ModeConfig) (machine, []action) {
	n := *m.beside
	first := n.net == nil
	n.net = &net
	m.beside = &n
	if n.back || !first || m.assoc == 0 || m.net == nil || net.Address != m.net.Address {
		return m, nil
	}
	m.beside.adopted = true
	return m, []action{actAdopt{from: m.assoc, to: n.assoc}}
}

func (m machine) candidateUp(now time.Time, sa ike.IPsecSA) (machine, []action) {
	m = m.with(func(n *candidate) {
		n.sas = slices.DeleteFunc(slices.Clone(n.sas), func(s ike.IPsecSA) bool { return s.In.SPI == sa.In.SPI })
		n.sas = append(n.sas, bare(sa))
		if sa.Ready && n.readyBy.IsZero() {
			n.readyBy = now.Add(settleTime)
		}
	})
	acts := []action{actInstall{m.beside.assoc, sa}}
	m, more := m.tryPromote(now)
	return m, append(acts, more...)
}

// tryPromote lets the candidate take over when each network has an IPsec SA again, or at the end of its patience.
func (m machine) tryPromote(now time.Time) (machine, []action) {
	n := m.beside
	if n == nil || n.net == nil || n.readyBy.IsZero() {
		return m, nil
	}
	ready := 0
	for _, sa := range n.sas {
		if sa.Ready {
			ready++
		}
	}
	if ready == 0 || ready < networksOf(m.sas) && now.Before(n.readyBy) {
		return m, nil
	}
	return m.promote(now)
}

// networksOf counts the selectors that have an IPsec SA.
func networksOf(sas []ike.IPsecSA) int {
	seen := map[ike.Selector]bool{}
	for _, sa := range sas {
		seen[sa.Selector] = true
	}
	return len(seen)
}

// promote makes the candidate the association in use. The one before it stays until the machine is set for the new
// one, unless it has nothing left to carry.
func (m machine) promote(now time.Time) (machine, []action) {
	n := m.beside
	old := &leaving{assoc: m.assoc, sas: m.sas, at: now.Add(farewell)}
	same := m.net != nil && n.net.Address == m.net.Address
	down := m.downNotes() // of the peer that is left, if it is
	m.beside, m.assoc, m.isakmp, m.net = nil, n.assoc, n.isakmp, n.net
	m.dialed, m.proveBy, m.renewAt = true, time.Time{}, time.Time{}
	m.banner = status.Filter(n.net.Banner)
	m.creds = m.creds.allowed(n.net.SavePassword && m.profile.XAUTH.Save)
	if !n.back {
		m = m.backups(now)
	}
	m.ownFailed = false
	acts := []action{actNote{"phase1", "the new ISAKMP SA is in use"}}
	if n.back {
		m.peers = m.peers.mark(now, "unknown", "").back(n.addrs, n.addr).mark(now, "active", "")
		m.returnAt, m.brokeSoon = time.Time{}, now.Add(soonBroken)
		acts = append(append(down, actNote{"peer", "back with " + m.peerName()}), m.upNotes()...)
		m = m.backups(now)
	}
	if n.adopted {
		m.sas = append(slices.Clone(m.sas), n.sas...)
		old.sas = nil // they live on
	} else {
		m.sas = n.sas
	}
	if n.guest != 0 {
		acts = append(acts, actHangUp{n.guest, "renewed by us"})
	}
	m, before := m.depart()
	m.leaving = old
	if n.adopted && same {
		return m, append(acts, before...)
	}
	m, more := m.setHost()
	return m, slices.Concat(acts, before, more)
}

// shortened takes a life that the gateway told late.
func (m machine) shortened(e ike.SALife) machine {
	m.sas = slices.Clone(m.sas)
	for i := range m.sas {
		if m.sas[i].In.SPI == e.In {
			m.sas[i].Expires, m.sas[i].Bytes = e.Expires, e.Bytes
		}
	}
	return m
}

// depart ends the association that was replaced.
func (m machine) depart() (machine, []action) {
	l := m.leaving
	if l == nil {
		return m, nil
	}
	m.leaving = nil
	var acts []action
	for _, sa := range l.sas {
		acts = append(acts, actRetire{sa.In.SPI})
	}
	if l.assoc != 0 {
		acts = append(acts, actHangUp{l.assoc, "replaced"})
	}
	return m, acts
}

// candidateFailed goes on without it. Without the association in use there is nothing to go on with: connect anew.
func (m machine) candidateFailed(now time.Time, why string) (machine, []action) {
	n := m.beside
	m, acts := m.abandon(now, why)
	switch {
	case n.back && n.addr+1 < len(n.addrs):
		m, more := m.dialBack(n.addrs, n.addr+1)
		return m, append(acts, more...)
	case n.back:
		m.peers = m.peers.primaryDown(now, why)
		return m, append(acts, actNote{"peer", m.peers.list[0].Peer.String() + " is not back: " + why})
	case m.assoc == 0 || n.adopted:
		m, more := m.lose(now)
		m.peers = m.peers.original()
		m, again := m.resolve(now)
		return m, slices.Concat(acts, more, again)
	}
	m.ownFailed = n.assoc > 0
	if m.isakmp != nil && m.isakmp.Expires.Sub(now) > 2*retryRenew {
		m.renewAt = now.Add(retryRenew)
	}
	return m, acts
}
