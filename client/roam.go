package client

import (
	"time"

	"ezvpn/client/status"
)

// lookAtClock finds out whether the machine slept. Time goes on meanwhile for the gateway, so it does for us.
func (s *session) lookAtClock() {
	if s.platform.Asleep == nil {
		return
	}
	if !s.sawSleep(s.platform.Asleep()) {
		return
	}
	now := s.now()
	s.note(now, "host", "the machine slept for "+s.nap.Round(time.Second).String())
	s.looked = false
	s.dispatch(now, evChanged{reapply: true, woke: true})
}

// networkChanged is called when links, addresses or routes are not what they were. The routes of the tunnel are set
// again first: one that leads past the tunnel may be missing, and without it there is no saying where we stand.
func (s *session) networkChanged(now time.Time) {
	if s.m.idle() || s.m.state == status.Disconnecting {
		return
	}
	s.looked = false
	if s.m.host != nil {
		s.dispatch(now, evChanged{reapply: true})
		return
	}
	s.lookAtPath(now)
}

// lookAtPath compares the way to the peer with the one that is known.
func (s *session) lookAtPath(now time.Time) {
	to, known := s.m.peers.address()
	if !known || s.tunnel == nil {
		if s.m.state == status.Waiting {
			s.dispatch(now, evChanged{moved: true}) // it may matter for a peer that is a name
		}
		return
	}
	if s.looked {
		return
	}
	s.looked = true
	local, err := s.tunnel.LocalAddr(to.Addr())
	if err != nil || s.m.net != nil && local.Addr() == s.m.net.Address {
		if !s.offline {
			s.offline = true
			s.note(now, "host", "there is no way to "+to.Addr().String())
		}
		return
	}
	moved := s.offline || local.Addr() != s.local.Addr()
	s.offline = false
	if !moved {
		return
	}
	s.note(now, "host", "the way to "+to.Addr().String()+" leaves from "+local.Addr().String())
	s.local = local
	if a := s.main(); a != nil {
		a.local = local
	}
	s.dispatch(now, evChanged{moved: true})
}
