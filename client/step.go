package client

import (
	"fmt"
	"net/netip"
	"slices"
	"time"

	"ezvpn/client/diagnose"
	"ezvpn/client/status"
	"ezvpn/ike"
	"ezvpn/tunnel/host"
)

// step is the whole life of a session: what happens goes in, what is to be done comes out.
func (m machine) step(now time.Time, ev event) (machine, []action) {
	switch e := ev.(type) {
	case evConnect:
		return m.connect(now, e)
	case evDisconnect:
		switch {
		case m.idle():
			return m.enter(now, status.ConnectRequired), nil
		case m.state == status.Disconnecting:
			m.then = status.ConnectRequired
			return m, nil
		}
		return m.stop(now, status.ConnectRequired)
	case evTornDown:
		return m.tornDown(now, e)
	case evOther:
		if m.idle() || m.state == status.Disconnecting {
			return m, nil
		}
		return m.other(now, e)
	}
	if m.idle() || m.state == status.Disconnecting {
		return m, nil // late news of a session that is over
	}
	switch e := ev.(type) {
	case evResolved:
		switch {
		case e.back:
			return m.resolvedBack(now, e)
		case m.dialed || m.state == status.Waiting || m.state == status.Standby:
			return m, nil // nobody asks any more
		}
		return m.resolved(now, e)
	case evDialFailed:
		m = m.forget().diagnosed(now, diagnose.Evidence{Cause: diagnose.NoNetwork, Err: e.err})
		return m.next(now, "no network: "+e.err.Error())
	case evOtherFailed:
		if m.beside == nil || m.beside.assoc != e.assoc {
			return m, nil
		}
		return m.candidateFailed(now, "no network: "+e.err.Error())
	case evAnswer:
		return m.answered(now, e)
	case evPeerDead:
		if !m.dialed {
			return m, nil
		}
		return m.peerDead(now, e)
	case evHostReady:
		if e.seq != m.seq || m.host == nil {
			return m, nil // a newer request is under way
		}
		m.ready, m.iface, m.mtu, m.dnsBy, m.notes = true, e.iface, e.mtu, e.dnsBy, e.notes
		var left []action
		if m.leaving != nil && len(m.leaving.sas) > 0 {
			m, left = m.depart() // the addresses and routes are those of the new one
		}
		m, acts := m.active(now)
		return m, append(left, acts...)
	case evHostFailed:
		return m.broken(now, diagnose.Evidence{Cause: diagnose.HostFailed, Err: e.err})
	case evDeviceFailed:
		return m.broken(now, diagnose.Evidence{Cause: diagnose.DeviceFailed, Err: e.err})
	case evOutsideLost:
		return m.outsideLost(now)
	case evChanged:
		return m.changed(now, e)
	case evProved:
		m.proveBy = time.Time{}
		return m, nil
	case evWanted:
		return m.wanted(now)
	case evIdle:
		return m.rest(now, "no packet for "+m.profile.IdleTimeout.String())
	case evTick:
		return m.tick(now)
	case evAmended:
		return m.amended(now, e.profile)
	case evClear:
		return m.clear(now)
	case evIKE:
		if !m.dialed {
			return m, nil
		}
		return m.ike(now, e.event)
	}
	return m, nil
}

func (m machine) connect(now time.Time, e evConnect) (machine, []action) {
	next := newMachine(now)
	next.prompts, next.contacted, next.seq, next.assocs, next.dice = m.prompts, m.contacted, m.seq, m.assocs, e.dice
	next.profile, next.owner = e.profile, e.options.Owner
	next.peers = newPeerList(e.profile.Peers, now)
	next.creds = newCredentials(e.profile, e.options.Answers)
	next, acts := next.resolve(now)
	return next, append([]action{actNote{"state", "connecting " + e.profile.Name}}, acts...)
}

// resolve begins with the peer at the cursor.
func (m machine) resolve(now time.Time) (machine, []action) {
	m = m.enter(now, status.Resolving)
	p := m.peers.current()
	m.peers = m.peers.mark(now, "trying", p.reason)
	if a, err := netip.ParseAddr(p.Host); err == nil {
		m.peers = m.peers.resolved([]netip.Addr{a})
		return m.dial(now)
	}
	return m, []action{actResolve{name: p.Host}}
}

func (m machine) resolved(now time.Time, e evResolved) (machine, []action) {
	if len(e.addrs) == 0 {
		m = m.diagnosed(now, diagnose.Evidence{Cause: diagnose.NameUnknown, Err: e.err})
		return m.next(now, "the name has no address")
	}
	m.peers = m.peers.resolved(e.addrs)
	return m.dial(now)
}

// dial begins phase 1 with the address at the cursor. What the inside needs to reach it is set first.
func (m machine) dial(now time.Time) (machine, []action) {
	to, _ := m.peers.address()
	m = m.forget().enter(now, status.Securing)
	m, m.assoc = m.number()
	m.creds, m.dialed = m.creds.attempt(), true
	m, acts := m.reachable(to.Addr())
	initial := !slices.Contains(m.contacted, to.Addr())
	m, patience := m.patience()
	return m, append(acts, actNote{"peer", "trying " + trying(m.peerName(), to)},
		actDial{assoc: m.assoc, to: to, profile: m.profile, attempt: m.attempt(), initial: initial, patience: patience})
}

// afterDelete is how long a gateway that has just ended the tunnel properly is given to say that it is still there.
const afterDelete = 1500 * time.Millisecond

// patience is how long an address is waited for, where there is another one to try.
func (m machine) patience() (machine, time.Duration) {
	wait, chance := m.hurry, 0.0
	m.hurry = 0
	if len(m.peers.list) == 1 && len(m.peers.current().addrs) == 1 {
		return m, 0
	}
	if wait == 0 {
		m, chance = m.chance()
		wait = answerWithin(chance)
	}
	return m, wait
}

// reachable keeps the way to a gateway outside the tunnel that is set up.
func (m machine) reachable(gateway netip.Addr) (machine, []action) {
	if m.host == nil || slices.Contains(m.host.Gateways, gateway) {
		return m, nil
	}
	h := *m.host
	h.Gateways = append(slices.Clone(h.Gateways), gateway)
	return m.request(h)
}

// greeted notes that a gateway had INITIAL-CONTACT.
func (m machine) greeted(gateway netip.Addr) machine {
	if !slices.Contains(m.contacted, gateway) {
		m.contacted = append(slices.Clone(m.contacted), gateway)
	}
	return m
}

// attempt is which offer to make. Each round begins with another one: a gateway may say nothing at all to a group that
// it does not speak.
func (m machine) attempt() int { return (m.peers.attempt + m.peers.round) % len(offers(m.profile)) }

// trying names a peer, and its address where the name does not say it.
func trying(name string, to netip.AddrPort) string {
	if name == to.String() || name == to.Addr().String() {
		return name
	}
	return name + " (" + to.String() + ")"
}

func (m machine) ike(now time.Time, ev ike.Event) (machine, []action) {
	switch e := ev.(type) {
	case ike.Secured:
		sa := e.SA
		m.isakmp, m.told = &sa, false // what fails from here on says more than what failed before
		if a, ok := m.peers.address(); ok {
			m = m.greeted(a.Addr())
		}
		if !sa.XAUTH {
			m = m.enter(now, status.Configuring)
		}
		return m, []action{actNote{"phase1", "ISAKMP SA with " + m.peerName() + " is up"}}
	case ike.AskXAUTH:
		return m.asked(now, m.assoc, e)
	case ike.XAUTHDone:
		return m.xauthDone(now, e)
	case ike.Configured:
		return m.configured(now, e.Net)
	case ike.SAUp:
		return m.saUp(now, e.SA)
	case ike.SADown:
		if !slices.ContainsFunc(m.sas, func(s ike.IPsecSA) bool { return s.In.SPI == e.In }) {
			return m, nil
		}
		m = m.withoutSA(e.In)
		return m, []action{actRetire{e.In}, actNote{"sa", fmt.Sprintf("IPsec SA 0x%08x: %s", e.In, e.Why)}}
	case ike.SALife:
		return m.shortened(e), nil
	case ike.Expiring:
		return m.renew(now)
	case ike.Redirected:
		return m.redirected(now, e.To)
	case ike.Failed:
		return m.failed(now, e.Failure)
	}
	return m, nil
}

func (m machine) configured(now time.Time, net ike.ModeConfig) (machine, []action) {
	m.net = &net
	m.banner = status.Filter(net.Banner)
	m.creds = m.creds.allowed(net.SavePassword && m.profile.XAUTH.Save)
	m = m.backups(now)
	acts := []action{actNote{"config", "Mode Config: " + describe(net)}}
	if !m.requested {
		return m, acts // the machine is changed when the first IPsec SA is up
	}
	var more []action
	m, more = m.setHost()
	return m, append(acts, more...)
}

// backups takes the backup servers that the gateway in use pushed.
func (m machine) backups(now time.Time) machine {
	if m.net.BackupSaid && m.profile.AcceptBackupServers {
		m.peers = m.peers.pushed(m.net.BackupServers, now)
	}
	return m
}

// setHost asks for what Mode Config says, for the gateway in use.
func (m machine) setHost() (machine, []action) {
	to, _ := m.peers.address()
	h, warnings := hostConfig(m.profile, *m.net, m.peers.known(to.Addr()))
	m.warnings, m.requested = warnings, true
	return m.request(h)
}

func (m machine) request(h host.Config) (machine, []action) {
	m.seq++
	m.host, m.ready = &h, false
	return m, []action{actConfigure{seq: m.seq, host: h, mtu: innerMTU(m.profile)}}
}

func (m machine) saUp(now time.Time, sa ike.IPsecSA) (machine, []action) {
	m = m.withSA(sa)
	acts := []action{actInstall{m.assoc, sa}}
	if sa.Ready {
		acts = append(acts, actNote{"sa", fmt.Sprintf("IPsec SA 0x%08x up: %s", sa.In.SPI, suiteName(sa.Suite))})
	}
	var more []action
	switch {
	case m.net == nil:
	case !m.requested:
		m, more = m.setHost()
	default:
		m, more = m.active(now)
	}
	return m, append(acts, more...)
}

// active declares the tunnel up when the IPsec SA is there and the machine is set.
func (m machine) active(now time.Time) (machine, []action) {
	if !m.ready || len(m.sas) == 0 || m.state == status.Active {
		return m, nil
	}
	m = m.enter(now, status.Active)
	m.up, m.diagnosis, m.redirects, m.doubts = true, nil, 0, 0
	m.peers = m.peers.mark(now, "active", "")
	m.peers.attempt, m.peers.round, m.peers.tries = m.attempt(), 0, 0 // what worked comes first next time
	return m.planReturn(now), append([]action{actNote{"state", "up through " + m.peerName()}}, m.upNotes()...)
}

func (m machine) redirected(now time.Time, to netip.Addr) (machine, []action) {
	m.redirects++
	old := m.assoc
	if m.redirects > maxRedirects || !to.Is4() || !to.IsGlobalUnicast() {
		m = m.diagnosed(now, diagnose.Evidence{Cause: diagnose.RedirectLoop})
		m, acts := m.next(now, "redirects without end")
		return m, append([]action{actHangUp{old, "redirect refused"}}, acts...)
	}
	m.peers = m.peers.redirected(to, now)
	m, acts := m.dial(now)
	return m, append([]action{actHangUp{old, "redirected"}, actNote{"peer", "the gateway sends us to " + to.String()}}, acts...)
}
