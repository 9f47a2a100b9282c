package client

import (
	"net/netip"
	"slices"
	"time"

	"ezvpn/client/diagnose"
	"ezvpn/client/status"
	"ezvpn/ike"
)

const (
	// stable is how long a tunnel must have been up to count as one: one that breaks sooner, again and again, is not
	// set up again without a pause.
	stable = time.Minute
)

// failed takes the end of an association that the engine decided on.
func (m machine) failed(now time.Time, f *ike.Failure) (machine, []action) {
	if m.prompt != nil && m.prompt.assoc == m.assoc && f.Reason == ike.PeerDeleted {
		late := *f
		late.Reason = ike.XAUTHTimeout // the gateway has less patience than we have; asking on and on helps nobody
		f = &late
	}
	m = m.diagnosed(now, diagnose.Evidence{Cause: diagnose.Cause(f.Reason), By: string(f.By), Phase: f.Phase,
		Sent: f.Sent, Received: f.Received, Hint: f.Hint, Err: f.Err})
	note := actNote{"error", m.peerName() + ": " + f.Error()}
	if m.outlived(f) {
		old := m.assoc
		m.assoc = 0
		return m, []action{note, actDrop{old}}
	}
	wasActive, asking := m.state == status.Active, m.prompt != nil
	m = m.weigh(now)
	if f.Reason != ike.PeerDeleted {
		m = m.abandoned()
	}
	m, acts := m.lose(now)
	acts = append([]action{note}, acts...)
	var more []action
	switch {
	case m.unsure(f):
		m.doubts++
		m, more = m.next(now, "it ended the association instead of a verdict on the password")
	case f.Reason == ike.XAUTHRefused || f.Reason == ike.XAUTHTooMany || f.Reason == ike.XAUTHTimeout && asking:
		m, more = m.stop(now, status.Blocked) // an account is never locked by us
	case f.Reason == ike.ProposalRefused && f.Phase == ike.PhaseOne && m.peers.attempt+1 < len(offers(m.profile)):
		// NO-PROPOSAL-CHOSEN comes in clear, so anybody on the way may forge it and lead us to the next group. That
		// group is one that the profile lists; which weak ones may be in the list, security.allow says. The rating
		// shows what was agreed.
		m.peers.attempt++
		m, more = m.dial(now)
	case wasActive && m.profile.Connect == "traffic" && f.Reason == ike.PeerDeleted:
		m, more = m.rest(now, "the gateway ended the tunnel")
	case wasActive && m.profile.Connect == "manual" && f.Reason == ike.PeerDeleted:
		m, more = m.stop(now, status.ConnectRequired)
	case wasActive && m.brief <= 1 && (f.Reason == ike.PeerDeleted || f.Reason == ike.Expired):
		m.peers = m.peers.original()
		if f.Reason == ike.PeerDeleted {
			m.hurry = afterDelete
		}
		m, more = m.resolve(now) // the gateway lives, as a rule: the same peer again
	default:
		m, more = m.next(now, string(f.Reason))
	}
	return m, append(acts, more...)
}

// outlived says that the ISAKMP SA that went has a successor under way that the gateway has proved itself in. Its IPsec
// SAs go on until the new ones are there.
func (m machine) outlived(f *ike.Failure) bool {
	return m.state == status.Active && m.beside != nil && !m.beside.back && m.beside.isakmp != nil &&
		(f.Reason == ike.PeerDeleted || f.Reason == ike.Expired)
}

// unsure says that nothing was said of a stored password, but the association deleted while its verdict was due: some
// gateways refuse so, others when the answer was lost on the way. It is sent a second time and no third one, which no
// account is locked for.
func (m machine) unsure(f *ike.Failure) bool {
	return f.Reason == ike.XAUTHRefused && m.creds.password != "" && m.profile.Connect != "manual" && m.doubts == 0
}

// weigh counts the tunnels in a row that were up for a moment only.
func (m machine) weigh(now time.Time) machine {
	if m.state == status.Active && !m.brokeSoon.IsZero() {
		if m.returns++; !now.Before(m.brokeSoon) {
			m.returns = 0
		}
		m.brokeSoon = time.Time{}
	}
	switch {
	case m.state != status.Active:
	case now.Sub(m.since) < stable:
		m.brief++
	default:
		m.brief = 0
	}
	return m
}

// abandoned notes that the gateway may still hold SAs of ours that we no longer have: the next association with it begins
// with INITIAL-CONTACT, or strongSwan hands them on to the new one and is busy with them.
func (m machine) abandoned() machine {
	if m.isakmp == nil {
		return m
	}
	left := m.isakmp.Remote.Addr()
	m.contacted = slices.DeleteFunc(slices.Clone(m.contacted), func(a netip.Addr) bool { return a == left })
	return m
}

// lose retires the SAs of an association that is over. The inside stays as it is: fail closed.
func (m machine) lose(now time.Time) (machine, []action) {
	old := m.assoc
	m, acts := m.leave(now)
	return m, append(acts, actDrop{old})
}

// part does so while the engine still has the association: the gateway is told, since it may be that only its answers
// do not reach us.
func (m machine) part(now time.Time, why string) (machine, []action) {
	old := m.assoc
	m, acts := m.abandoned().leave(now)
	return m, append(acts, actHangUp{old, why})
}

func (m machine) leave(now time.Time) (machine, []action) {
	m, acts := m.abandon(now, "the tunnel broke meanwhile")
	m, left := m.depart()
	acts = append(acts, left...)
	for _, sa := range m.sas {
		acts = append(acts, actRetire{sa.In.SPI})
	}
	return m.forget(), acts
}

func (m machine) peerDead(now time.Time, e evPeerDead) (machine, []action) {
	m = m.diagnosed(now, diagnose.Evidence{Cause: diagnose.Cause(ike.PeerDead), By: string(ike.Local), Sent: e.misses})
	m = m.weigh(now)
	note := actNote{"dpd", "peer " + m.peerName() + " not responding!"}
	down := m.downNotes()
	m, acts := m.part(now, "peers alive")
	acts = append(acts, down...)
	m, more := m.next(now, "no answer to DPD")
	return m, append(append([]action{note}, acts...), more...)
}

// next moves on after the address at the cursor did not work.
func (m machine) next(now time.Time, why string) (machine, []action) {
	if l, ok := m.peers.nextAddress(); ok {
		m.peers = l
		return m.dial(now)
	}
	m.peers = m.peers.mark(now, "down", why)
	var all bool
	m.peers, all = m.peers.nextPeer()
	if !all {
		return m.resolve(now)
	}
	m.peers = m.peers.inVain(m.profile.Peers, now)
	if m.profile.Connect == "manual" {
		return m.stop(now, status.ConnectRequired)
	}
	return m.pause(now)
}

// pause waits before the list is tried again; what is set up inside stays.
func (m machine) pause(now time.Time) (machine, []action) {
	m, chance := m.chance()
	wait := max(pauseAfter(max(m.peers.round, 1), chance), pauseAfterBrief(m.brief, chance))
	old := m.assoc
	m = m.forget().enter(now, status.Waiting)
	m.deadline = now.Add(wait)
	return m, []action{actDrop{old}, actNote{"state", "no peer answers; next try in " + wait.Round(time.Second).String()}}
}

func (m machine) tick(now time.Time) (machine, []action) {
	reached := func(t time.Time) bool { return !t.IsZero() && !now.Before(t) }
	switch {
	case reached(m.proveBy):
		return m.rebuild(now)
	case m.leaving != nil && reached(m.leaving.at):
		return m.depart()
	case m.beside != nil && reached(m.beside.readyBy):
		return m.tryPromote(now)
	case reached(m.renewAt):
		return m.renew(now)
	case reached(m.returnAt):
		return m.goBack(now)
	case !reached(m.deadline):
		return m, nil
	}
	m.deadline = time.Time{}
	switch {
	case m.state == status.Waiting && m.profile.Connect == "traffic" && m.host != nil:
		return m.enter(now, status.Standby), nil
	case m.state == status.Waiting:
		m.told = false
		return m.resolve(now)
	case m.prompt != nil:
		p := m.prompt
		m.prompt = nil
		if p.assoc != m.assoc {
			return m.cancelCandidate(now, p, "nobody answered")
		}
		m = m.diagnosed(now, diagnose.Evidence{Cause: diagnose.Cause(ike.XAUTHTimeout)})
		m, acts := m.stop(now, status.Blocked)
		return m, append([]action{cancelled(p)}, acts...)
	}
	return m, nil
}

// clear deletes the SAs; unless connect is manual, the remote begins again with the first peer.
func (m machine) clear(now time.Time) (machine, []action) {
	if m.profile.Connect == "manual" {
		return m.stop(now, status.ConnectRequired)
	}
	m, acts := m.hangUp(now, "cleared")
	m.peers = newPeerList(m.profile.Peers, now)
	m, more := m.resolve(now)
	return m, slices.Concat([]action{actNote{"state", "cleared"}}, acts, more)
}

// hangUp ends all associations with a word to their gateways, and forgets them. The inside stays.
func (m machine) hangUp(now time.Time, why string) (machine, []action) {
	acts := m.downNotes()
	m, more := m.abandon(now, why)
	m, left := m.depart()
	acts = append(append(acts, more...), left...)
	acts = append(acts, actHangUp{m.assoc, why})
	for _, sa := range m.sas {
		acts = append(acts, actRetire{sa.In.SPI})
	}
	return m.forget(), acts
}

// stop ends the session: the peer is told, the machine is put back, and then the state is then.
func (m machine) stop(now time.Time, then status.State) (machine, []action) {
	m, acts := m.hangUp(now, "disconnect")
	m = m.enter(now, status.Disconnecting)
	m.then = then
	return m, append(acts, actRelease{})
}

func (m machine) tornDown(now time.Time, e evTornDown) (machine, []action) {
	if m.state != status.Disconnecting {
		return m, nil
	}
	then := m.then
	m.state, m.since = then, now
	m.host, m.net, m.ready, m.up, m.iface, m.banner, m.warnings, m.notes = nil, nil, false, false, "", "", nil, nil
	if then != status.Waiting {
		m.creds = credentials{}
	}
	for i := range m.peers.list {
		if m.peers.list[i].health == "active" || m.peers.list[i].health == "trying" {
			m.peers = m.peers.with(i, func(p *peer) { p.health, p.since = "unknown", now })
		}
	}
	if e.err != nil {
		m = m.diagnosed(now, diagnose.Evidence{Cause: diagnose.RevertFailed, Err: e.err})
	}
	if then == status.Waiting {
		return m.pause(now)
	}
	return m, []action{actNote{"state", "disconnected"}}
}
