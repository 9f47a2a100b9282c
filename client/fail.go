package client

import (
	"time"

	"ezvpn/client/diagnose"
	"ezvpn/client/status"
	"ezvpn/ike"
)

const (
	firstPause = 5 * time.Second
	maxPause   = 5 * time.Minute

	// stable is how long a tunnel must have been up to count as one: one that breaks sooner, again and again, is not
	// set up again without a pause.
	stable = time.Minute
)

// failed takes the end of an association that the engine decided on.
func (m machine) failed(now time.Time, f *ike.Failure) (machine, []action) {
	if m.prompt != nil && f.Reason == ike.PeerDeleted {
		late := *f
		late.Reason = ike.XAUTHTimeout // the gateway has less patience than we have; asking on and on helps nobody
		f = &late
	}
	m = m.diagnosed(now, diagnose.Evidence{Cause: diagnose.Cause(f.Reason), By: string(f.By), Phase: f.Phase,
		Sent: f.Sent, Received: f.Received, Hint: f.Hint, Err: f.Err})
	note := actNote{"error", m.peerName() + ": " + f.Error()}
	wasActive := m.state == status.Active
	m = m.weigh(now)
	m, acts := m.lose(now)
	acts = append([]action{note}, acts...)
	var more []action
	switch {
	case f.Reason == ike.XAUTHRefused || f.Reason == ike.XAUTHTooMany || f.Reason == ike.XAUTHTimeout:
		m, more = m.stop(now, status.Blocked) // an account is never locked by us
	case f.Reason == ike.ProposalRefused && f.Phase == ike.PhaseOne && m.peers.attempt+1 < len(offers(m.profile)):
		// NO-PROPOSAL-CHOSEN comes in clear, so anybody on the way may forge it and lead us to the next group. That
		// group is one that the profile lists; which weak ones may be in the list, security.allow says. The rating
		// shows what was agreed.
		m.peers.attempt++
		m, more = m.dial(now)
	case wasActive && m.profile.Connect == "manual" && f.Reason == ike.PeerDeleted:
		m, more = m.stop(now, status.ConnectRequired)
	case wasActive && m.brief <= 1 && (f.Reason == ike.PeerDeleted || f.Reason == ike.Expired):
		m.peers = m.peers.original()
		m, more = m.resolve(now) // the gateway lives: the same peer again
	default:
		m, more = m.next(now, string(f.Reason))
	}
	return m, append(acts, more...)
}

// weigh counts the tunnels in a row that were up for a moment only.
func (m machine) weigh(now time.Time) machine {
	switch {
	case m.state != status.Active:
	case now.Sub(m.since) < stable:
		m.brief++
	default:
		m.brief = 0
	}
	return m
}

// lose retires the SAs of an association that is over. The inside stays as it is: fail closed.
func (m machine) lose(time.Time) (machine, []action) {
	var acts []action
	for _, sa := range m.sas {
		acts = append(acts, actRetire{sa.In.SPI})
	}
	return m.forget(), append(acts, actDrop{})
}

func (m machine) peerDead(now time.Time, e evPeerDead) (machine, []action) {
	m = m.diagnosed(now, diagnose.Evidence{Cause: diagnose.Cause(ike.PeerDead), By: string(ike.Local), Sent: e.misses})
	m = m.weigh(now)
	note := actNote{"dpd", "peer " + m.peerName() + " not responding!"}
	m, acts := m.lose(now)
	m, more := m.next(now, "no answer to DPD")
	return m, append(append([]action{note}, acts...), more...)
}

// next moves on after the address at the cursor did not work.
func (m machine) next(now time.Time, why string) (machine, []action) {
	if l, ok := m.peers.nextAddress(); ok && m.state != status.Active {
		m.peers = l
		return m.dial(now)
	}
	m.peers = m.peers.mark(now, "down", why)
	var all bool
	m.peers, all = m.peers.nextPeer()
	if !all {
		return m.resolve(now)
	}
	if m.profile.Connect == "manual" {
		return m.stop(now, status.ConnectRequired)
	}
	return m.pause(now)
}

// pause waits before the list is tried again; what is set up inside stays.
func (m machine) pause(now time.Time) (machine, []action) {
	wait := min(firstPause<<min(max(m.peers.round-1, m.brief-2), 10), maxPause)
	m = m.forget().enter(now, status.Waiting)
	m.deadline = now.Add(wait)
	return m, []action{actDrop{}, actNote{"state", "no peer answers; next try in " + wait.String()}}
}

func (m machine) tick(now time.Time) (machine, []action) {
	if m.deadline.IsZero() || now.Before(m.deadline) {
		return m, nil
	}
	m.deadline = time.Time{}
	switch {
	case m.state == status.Waiting:
		m.told = false
		return m.resolve(now)
	case m.prompt != nil:
		p := m.prompt
		m.prompt = nil
		m = m.diagnosed(now, diagnose.Evidence{Cause: diagnose.Cause(ike.XAUTHTimeout)})
		m, acts := m.stop(now, status.Blocked)
		return m, append([]action{actAnswer{ike.XAUTHAnswer{Round: p.round, Cancel: true}}}, acts...)
	}
	return m, nil
}

// clear deletes the SAs; unless connect is manual, the remote begins again with the first peer.
func (m machine) clear(now time.Time) (machine, []action) {
	if m.profile.Connect == "manual" {
		return m.stop(now, status.ConnectRequired)
	}
	acts := []action{actNote{"state", "cleared"}, actHangUp{"cleared"}}
	for _, sa := range m.sas {
		acts = append(acts, actRetire{sa.In.SPI})
	}
	m = m.forget()
	m.peers = newPeerList(m.profile.Peers, now)
	m, more := m.resolve(now)
	return m, append(acts, more...)
}

// stop ends the session: the peer is told, the machine is put back, and then the state is then.
func (m machine) stop(now time.Time, then status.State) (machine, []action) {
	var acts []action
	acts = append(acts, actHangUp{"disconnect"})
	for _, sa := range m.sas {
		acts = append(acts, actRetire{sa.In.SPI})
	}
	m = m.forget().enter(now, status.Disconnecting)
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
	m.creds = credentials{}
	for i := range m.peers.list {
		if m.peers.list[i].health == "active" || m.peers.list[i].health == "trying" {
			m.peers = m.peers.with(i, func(p *peer) { p.health, p.since = "unknown", now })
		}
	}
	if e.err != nil {
		m = m.diagnosed(now, diagnose.Evidence{Cause: diagnose.RevertFailed, Err: e.err})
	}
	return m, []action{actNote{"state", "disconnected"}}
}
