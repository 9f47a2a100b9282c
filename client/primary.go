package client

import (
	"net/netip"
	"slices"
	"time"

	"ezvpn/client/status"
)

// soonBroken is how long a tunnel through the first peer must hold after a way back: one that breaks sooner makes the
// next way back wait longer, up to maxReturns doublings.
const (
	soonBroken = 10 * time.Minute
	maxReturns = 5
)

// planReturn sets the date of the way back to the first peer, where the profile wants one.
func (m machine) planReturn(now time.Time) machine {
	if m.profile == nil || !m.profile.Primary.Return || m.state != status.Active || m.peers.onPrimary() {
		m.returnAt = time.Time{}
		return m
	}
	m, chance := m.chance()
	m.returnAt = now.Add(returnHold(m.profile.Primary.Hold, chance) << min(m.returns, maxReturns))
	return m
}

// goBack tries the first peer beside the one in use.
func (m machine) goBack(now time.Time) (machine, []action) {
	m.returnAt = time.Time{}
	if m.state != status.Active || m.peers.onPrimary() {
		return m, nil
	}
	if m.beside != nil || m.leaving != nil {
		return m.planReturn(now), nil
	}
	p := m.peers.list[0]
	m.beside = &candidate{back: true}
	if a, err := netip.ParseAddr(p.Host); err == nil {
		return m.dialBack([]netip.Addr{a}, 0)
	}
	return m, []action{actResolve{name: p.Host, back: true}}
}

// resolvedBack has the addresses of the first peer.
func (m machine) resolvedBack(now time.Time, e evResolved) (machine, []action) {
	if m.beside == nil || !m.beside.back || m.beside.assoc != 0 {
		return m, nil
	}
	if len(e.addrs) == 0 {
		return m.candidateFailed(now, "the name has no address")
	}
	return m.dialBack(e.addrs, 0)
}

func (m machine) dialBack(addrs []netip.Addr, i int) (machine, []action) {
	p := m.peers.list[0].Peer
	m, id := m.number()
	m.returnAt = time.Time{}
	m.beside = &candidate{assoc: id, back: true, addrs: addrs, addr: i}
	m.creds = m.creds.attempt()
	to := netip.AddrPortFrom(addrs[i], p.Port)
	m, acts := m.reachable(to.Addr())
	initial := !slices.Contains(m.contacted, to.Addr())
	return m, append(acts, actNote{"peer", "trying the way back to " + trying(p.String(), to)},
		actDial{assoc: id, to: to, profile: m.profile, attempt: m.attempt(), initial: initial})
}
