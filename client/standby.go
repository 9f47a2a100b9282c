package client

import (
	"slices"
	"time"

	"ezvpn/client/status"
)

// With connect = "traffic" the tunnel goes to standby when it is not used: the gateway is told, while addresses, routes
// and DNS stay, so that the next packet for the inside finds its way here and brings the tunnel up again.

// rest takes an unused tunnel down.
func (m machine) rest(now time.Time, why string) (machine, []action) {
	if m.profile.Connect != "traffic" || m.host == nil {
		return m, nil
	}
	m, acts := m.hangUp(now, "idle")
	m = m.enter(now, status.Standby)
	m.up, m.told = false, false
	m.peers = m.peers.original().mark(now, "unknown", "")
	return m, slices.Concat(acts, []action{actNote{"state", "standby: " + why}})
}

// wanted brings the tunnel up because a packet waits.
func (m machine) wanted(now time.Time) (machine, []action) {
	if m.state != status.Standby {
		return m, nil
	}
	m, acts := m.resolve(now)
	return m, append([]action{actNote{"state", "a packet for the inside waits"}}, acts...)
}
