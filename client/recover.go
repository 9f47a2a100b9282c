package client

import (
	"errors"
	"slices"
	"time"

	"ezvpn/client/diagnose"
	"ezvpn/client/status"
	"ezvpn/ike"
)

// proveTime is how long the peer may take to be heard after the machine woke up or its address changed: long enough for
// a probe and one that follows, short enough that traffic is back within ten seconds.
const proveTime = 4 * time.Second

// lookAgain is how long a pause lasts at least where no address of the peer is known, so that only another look-up tells
// whether a change matters: changes may come often.
const lookAgain = 5 * time.Second

// changed answers a change of the network or of the clock. A gateway that follows us answers the probe, and the tunnel
// has moved; from one that does not, nothing is heard, and the tunnel is built anew.
func (m machine) changed(now time.Time, e evChanged) (machine, []action) {
	var acts []action
	if e.reapply && m.host != nil {
		m, acts = m.request(*m.host) // routes went with the link that they were on
	}
	switch {
	case m.state == status.Waiting && (e.moved || e.woke):
		m.peers.round = 0 // what failed until now, failed elsewhere
		if _, known := m.peers.address(); !known && now.Before(m.since.Add(lookAgain)) {
			m.deadline = m.since.Add(lookAgain)
			return m, acts
		}
		m.deadline, m.told = time.Time{}, false
		m, more := m.resolve(now)
		return m, slices.Concat(acts, []action{actNote{"host", "the network changed; trying again"}}, more)
	case m.dialed && m.isakmp == nil && m.state != status.Active && (e.moved || e.woke):
		old := m.assoc // what it sent from the network before is as good as lost
		m, more := m.dial(now)
		return m, slices.Concat(acts, []action{actDrop{old}}, more)
	case m.state != status.Active || !e.moved && !e.woke:
		return m, acts
	case m.isakmp != nil && !m.isakmp.DPD && e.moved:
		m, more := m.rebuild(now)
		return m, append(acts, more...)
	case m.isakmp != nil && !m.isakmp.DPD:
		return m, acts // there is no way to ask
	}
	m.proveBy = now.Add(proveTime)
	what := "the address of this machine changed"
	if e.woke {
		what = "the machine woke up"
	}
	return m, append(acts, actNote{"host", what + "; asking the peer whether it lives"}, actProve{})
}

// rebuild connects anew with the same peer, which did not follow.
func (m machine) rebuild(now time.Time) (machine, []action) {
	m.proveBy = time.Time{}
	if m.state != status.Active {
		return m, nil
	}
	m = m.diagnosed(now, diagnose.Evidence{Cause: diagnose.Cause(ike.PeerDead), By: string(ike.Local)})
	m, acts := m.part(now, "moved")
	m.peers = m.peers.original()
	m, more := m.resolve(now)
	return m, slices.Concat([]action{actNote{"host", "building the tunnel anew"}}, acts, more)
}

// broken takes a device or a machine that cannot be set. Where nobody is asked, it is tried again from the ground up.
func (m machine) broken(now time.Time, e diagnose.Evidence) (machine, []action) {
	m = m.diagnosed(now, e)
	if m.profile.Connect == "manual" {
		return m.stop(now, status.Blocked)
	}
	m.brief++
	return m.stop(now, status.Waiting)
}

// outsideLost opens another socket after a pause.
func (m machine) outsideLost(now time.Time) (machine, []action) {
	m = m.diagnosed(now, diagnose.Evidence{Cause: diagnose.NoNetwork, Err: errors.New("the UDP socket was closed")})
	if m.state == status.Active {
		m = m.weigh(now)
	} else {
		m.brief++
	}
	m, acts := m.abandoned().lose(now)
	m, more := m.pause(now)
	return m, slices.Concat([]action{actNote{"error", "the UDP socket was closed"}, actReopen{}}, acts, more)
}
