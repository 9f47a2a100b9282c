package client

import (
	"net/netip"
	"time"

	"ezvpn/client/status"
	"ezvpn/dpd"
	"ezvpn/ike"
	"ezvpn/ike/isakmp"
	"ezvpn/tunnel"
)

// association is one Conn and what the loop keeps beside it. As a rule there is one; a second runs beside it while
// phase 1 is renewed or the first peer is tried again.
type association struct {
	id       int
	conn     *ike.Conn
	detector *dpd.Detector // nil: the peer did not announce DPD, or is dead
	heard    time.Time     // when IKE last heard something authentic
	local    netip.AddrPort
	guest    bool // the gateway began it, and has not yet proved that it knows the group key
}

// Guests cost a key exchange each, and anybody can forge a first message: few of them, and not often.
const (
	maxGuests  = 2
	guestPause = time.Second
)

// main is the association in use; nil for none.
func (s *session) main() *association { return s.assocs[s.m.assoc] }

// receive gives a datagram to the association with its cookie.
func (s *session) receive(now time.Time, d tunnel.IKEDatagram) {
	in := ike.Datagram{Remote: d.Peer, Marker: d.Marker, Data: d.Data}
	h, err := isakmp.ParseHeader(d.Data)
	if err == nil {
		for _, a := range s.assocs {
			if i, _ := a.conn.Cookies(); i == h.Initiator {
				s.feed(now, a, a.conn.Receive(now, in))
				return
			}
		}
	}
	a := s.main()
	switch {
	case a == nil:
	case err == nil && ike.FirstMessage(d.Data) && s.m.state == status.Active && d.Peer.Addr() == a.conn.Peer().Addr():
		s.welcome(now, in)
	default:
		s.feed(now, a, a.conn.Receive(now, in)) // it counts what is not its own
	}
}

// welcome answers a phase 1 that the gateway in use begins. It may want another DH group than it took from us.
func (s *session) welcome(now time.Time, first ike.Datagram) {
	if now.Sub(s.guestAt) < guestPause {
		return
	}
	s.guestAt = now
	s.dismiss(now)
	main := s.main()
	n := len(offers(s.m.profile))
	for i := range n {
		d := actDial{to: first.Remote, profile: s.m.profile, attempt: (s.m.attempt() + i) % n, renewal: true}
		if s.m.net != nil {
			d.address = s.m.net.Address
		}
		cfg, err := s.config(d, main.local)
		if err != nil {
			s.log.Debug("phase 1 by the gateway", "err", err)
			return
		}
		conn, events := ike.Respond(now, cfg, first)
		if refused(events) && i+1 < n {
			continue
		}
		s.guests--
		a := &association{id: s.guests, conn: conn, local: main.local, heard: now, guest: true}
		s.assocs[a.id] = a
		s.debug(now, "ISAKMP:(0:%d:SW:1):the peer %s begins phase 1", a.id, first.Remote)
		s.feed(now, a, events)
		return
	}
}

func refused(events []ike.Event) bool {
	for _, e := range events {
		if f, ok := e.(ike.Failed); ok {
			return f.Failure.Reason == ike.ProposalRefused
		}
	}
	return false
}

// dismiss forgets the oldest guests.
func (s *session) dismiss(now time.Time) {
	for {
		n, oldest := 0, 0
		for id, a := range s.assocs {
			if a.guest {
				n, oldest = n+1, max(oldest, id-s.guests+1)
			}
		}
		if n < maxGuests {
			return
		}
		s.drop(now, oldest+s.guests-1)
	}
}

// feed takes the events of the engine: some are for the loop, the rest are for the machine. The machine may end the
// association at any of them; then only what it still has to send counts.
func (s *session) feed(now time.Time, a *association, events []ike.Event) {
	for _, ev := range events {
		if e, ok := ev.(ike.Send); ok {
			s.send(e.Datagram)
			continue
		}
		if s.assocs[a.id] != a {
			continue
		}
		switch e := ev.(type) {
		case ike.Heard:
			a.heard = now
		case ike.ProbeAcked:
			s.acked(now, a, e.Seq)
		case ike.Disclosed:
			s.disclosed(now, a, e)
		case ike.Noted:
			s.log.Debug("ike", "step", e.Step, "text", e.Text)
			s.debug(now, "ISAKMP:(0:%d:SW:1):%s: %s", a.id, e.Step, e.Text)
		case ike.Secured:
			s.secured(now, a, e)
			s.dispatchIKE(now, a, e)
		case ike.Failed:
			if a.guest {
				delete(s.assocs, a.id)
				s.debug(now, "ISAKMP:(0:%d:SW:1):deleting SA reason %q", a.id, e.Failure.Reason)
				continue
			}
			s.dispatchIKE(now, a, e)
		default:
			s.dispatchIKE(now, a, e)
		}
	}
}

// secured begins to watch the peer, if it announced that it answers.
func (s *session) secured(now time.Time, a *association, e ike.Secured) {
	a.heard, a.guest = now, false
	if e.SA.DPD && s.m.profile != nil {
		a.detector = dpd.New(dpdPolicy(s.m.profile), randomSeq())
		s.debug(now, "ISAKMP:(0:%d:SW:1):IKE_DPD is enabled, initializing timers", a.id)
	} else {
		s.debug(now, "ISAKMP:(0:%d:SW:1):peer does not support DPD", a.id)
	}
}

func (s *session) send(d ike.Datagram) {
	if s.tunnel == nil {
		return
	}
	if err := s.tunnel.WriteIKE(d.Remote, d.Marker, d.Data); err != nil {
		s.log.Debug("ike datagram not sent", "to", d.Remote, "err", err)
	}
}

// drop forgets an association and its keys without a word.
func (s *session) drop(now time.Time, id int) {
	if a := s.assocs[id]; a != nil {
		delete(s.assocs, id)
		a.conn.Close(now, "dropped")
	}
}

// hangUp tells the gateway, as far as it is known that it listens, and forgets the association.
func (s *session) hangUp(now time.Time, id int, why string) {
	a := s.assocs[id]
	if a == nil {
		return
	}
	delete(s.assocs, id)
	state := "AG_INIT_EXCH"
	if _, up := a.conn.ISAKMPSA(); up {
		state = "QM_IDLE      " // IOS pads it
	}
	for _, e := range a.conn.Close(now, why) {
		if d, ok := e.(ike.Send); ok {
			s.send(d.Datagram)
		}
	}
	s.debug(now, "ISAKMP:(0:%d:SW:1):deleting SA reason %q state (I) %s (peer %s) input queue 0", id, why, state, a.conn.Peer().Addr())
}
