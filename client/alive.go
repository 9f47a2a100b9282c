package client

import (
	"time"

	"ezvpn/client/status"
	"ezvpn/dpd"
)

// Dead peer detection of the association in use, and its debug output in the words of IOS.

// watching says whether DPD has the peer in view: while the tunnel is up. Before that the engine has its own patience
// with each step, and some gateways answer no R-U-THERE until XAUTH is done.
func (s *session) watching() bool {
	a := s.main()
	return a != nil && a.detector != nil && s.m.state == status.Active
}

func (s *session) watchPeer(now time.Time) {
	a := s.main()
	missed := a.detector.Outstanding()
	verdict, seq := a.detector.Step(now, s.activity())
	if missed > 0 && verdict != dpd.Quiet {
		s.totals.DPDMisses++
	}
	switch verdict {
	case dpd.Probe:
		if missed > 0 {
			s.debug(now, "ISAKMP:(0:%d:SW:1):incrementing error counter on sa: PEERS_ALIVE_TIMER", a.id)
		}
		s.probe(now, a, seq)
	case dpd.Dead:
		a.detector = nil
		peer := a.conn.Peer().Addr()
		s.debug(now, "ISAKMP:(0:%d:SW:1):incrementing error counter on sa: PEERS_ALIVE_TIMER", a.id)
		s.debug(now, "ISAKMP:(0:%d:SW:1):peer %s not responding!", a.id, peer)
		s.debug(now, "ISAKMP:(0:%d:SW:1):peer does not do paranoid keepalives.", a.id)
		s.dispatch(now, evPeerDead{misses: dpd.Misses})
	}
}

func (s *session) probe(now time.Time, a *association, seq uint32) {
	timer := "IKE_TIMER_IM_ALIVE"
	if a.detector.Outstanding() > 1 {
		timer = "IKE_TIMER_PEERS_ALIVE"
	}
	s.note(now, "dpd", "R-U-THERE sent")
	s.debug(now, "ISAKMP:(0:%d:SW:1): DPD/R_U_THERE sent to peer %s, sequence 0x%X", a.id, a.conn.Peer().Addr(), seq)
	s.debug(now, "ISAKMP:(0:%d:SW:1): sending packet to %s my_port %d peer_port %d (I) QM_IDLE", a.id, a.conn.Peer().Addr(),
		a.local.Port(), a.conn.Peer().Port())
	s.input(now, a, "IKE_MESG_FROM_TIMER, "+timer)
	s.feed(now, a, a.conn.Probe(now, seq))
}

// input is what moved the state machine of IOS, which stays where it was: phase 1 is complete.
func (s *session) input(now time.Time, a *association, what string) {
	s.debug(now, "ISAKMP:(0:%d:SW:1):Input = %s", a.id, what)
	s.debug(now, "ISAKMP:(0:%d:SW:1):Old State = IKE_P1_COMPLETE  New State = IKE_P1_COMPLETE", a.id)
}

func (s *session) acked(now time.Time, a *association, seq uint32) {
	peer := a.conn.Peer()
	s.debug(now, "ISAKMP (0:%d): received packet from %s dport %d sport %d Global (I) QM_IDLE", a.id, peer.Addr(), a.local.Port(), peer.Port())
	s.debug(now, "ISAKMP:(0:%d:SW:1): DPD/R_U_THERE_ACK received from peer %s, sequence 0x%X", a.id, peer.Addr(), seq)
	defer s.input(now, a, "IKE_MESG_FROM_PEER, IKE_INFO_NOTIFY")
	if a.detector != nil && a.detector.Acked(now, seq) {
		a.heard = now // an answer that is believed proves the peer, as everything else that is authentic
		s.note(now, "dpd", "R-U-THERE-ACK received")
		return
	}
	s.debug(now, "ISAKMP:(0:%d:SW:1): DPD/R_U_THERE_ACK ignored: it answers no question that is open", a.id)
}

// prove asks at once, as after a link change.
func (s *session) prove(now time.Time) {
	a := s.main()
	if a == nil || a.detector == nil {
		return
	}
	if verdict, seq := a.detector.ProbeNow(now); verdict == dpd.Probe {
		s.probe(now, a, seq)
	}
}

// activity is what is known of the path.
func (s *session) activity() dpd.Activity {
	var a dpd.Activity
	if main := s.main(); main != nil {
		a.Heard = main.heard
	}
	if s.tunnel != nil {
		if h := s.fromTunnel(s.tunnel.Heard()); h.After(a.Heard) {
			a.Heard = h
		}
		a.Left = s.fromTunnel(s.tunnel.LastSent())
	}
	return a
}
