package client

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"os"
	"time"

	"ezvpn/client/profile"
	"ezvpn/ike"
	"ezvpn/tunnel"
	"ezvpn/tunnel/esp"
)

// randomSeq is the first sequence number of a DPD series (RFC 3706 §6.1).
func randomSeq() uint32 {
	var b [4]byte
	rand.Read(b[:])
	return binary.BigEndian.Uint32(b[:]) >> 1
}

// perform carries out one action. What may fail comes back as an event.
func (s *session) perform(now time.Time, a action) {
	switch a := a.(type) {
	case actNote:
		s.note(now, a.kind, a.text)
	case actResolve:
		s.resolve(a.name)
	case actDial:
		s.dial(now, a)
	case actAnswer:
		if s.conn != nil {
			s.feed(now, s.conn.Answer(now, a.answer))
		}
	case actConfigure:
		s.configure(a)
	case actInstall:
		s.install(now, a)
	case actRetire:
		if s.tunnel != nil {
			s.tunnel.Retire(a.in)
		}
	case actHangUp:
		if s.conn != nil {
			conn := s.conn
			s.conn, s.detector = nil, nil
			for _, e := range conn.Close(now, a.why) {
				if d, ok := e.(ike.Send); ok {
					s.send(d.Datagram)
				}
			}
		}
	case actDrop:
		s.conn, s.detector = nil, nil
	case actRelease:
		s.release()
	}
}

// resolve looks a name up, until an answer comes or the session is released.
func (s *session) resolve(name string) {
	ctx, cancel := context.WithTimeout(context.Background(), resolveTime)
	s.resolves = cancel
	s.submit(func(w *worker) event { defer cancel(); return w.resolve(ctx, name) })
}

// dial opens the outside on the first call and begins phase 1.
func (s *session) dial(now time.Time, a actDial) {
	if s.tunnel == nil {
		o, err := s.platform.OpenOutside(a.profile.IKE.LocalPort)
		if err != nil {
			s.enqueue(evDialFailed{err})
			return
		}
		s.tunnel = tunnel.Open(o, tunnel.Options{Keepalive: a.profile.NAT.Keepalive})
	}
	local, err := s.tunnel.LocalAddr(a.to.Addr())
	if err != nil {
		s.enqueue(evDialFailed{err})
		return
	}
	hostname, _ := os.Hostname() // DDNS_HOSTNAME is a courtesy; without it nothing is missing
	cfg, err := ikeConfig(a, local, hostname, s.platform.Rand)
	if err != nil {
		s.enqueue(evDialFailed{err})
		return
	}
	s.local = local
	s.detector = nil
	s.heardIKE = now
	var events []ike.Event
	s.conn, events = ike.Initiate(now, cfg)
	s.feed(now, events)
}

func (s *session) install(now time.Time, a actInstall) {
	if s.tunnel == nil || s.conn == nil {
		return
	}
	if err := s.tunnel.Install(tunnelSA(a.sa, s.conn.Peer())); err != nil {
		s.note(now, "error", "IPsec SA not installed: "+err.Error())
	}
}

// submit gives work to the worker; its event comes back into the loop.
func (s *session) submit(do func(w *worker) event) {
	s.pending = append(s.pending, job{s.gen, do})
}

func (s *session) configure(a actConfigure) {
	s.submit(func(w *worker) event { return w.configure(a) })
}

// finished takes what the worker reports.
func (s *session) finished(now time.Time, r result) {
	switch e := r.event.(type) {
	case nil:
	case evTornDown:
		s.dispatch(now, e)
		s.settle()
	case evHostReady:
		if r.gen == s.gen && s.tunnel != nil {
			s.attach(e.inside)
			s.dispatch(now, e)
		}
	default:
		if r.gen == s.gen {
			s.dispatch(now, e)
		}
	}
}

// attach gives the tunnel the device that the worker opened; one that it replaces is closed by the worker, whose it is.
func (s *session) attach(in tunnel.Inside) {
	if in == s.attached {
		return
	}
	if s.attached != nil {
		s.tunnel.Detach()
		s.submit(func(w *worker) event { w.closeOld(); return nil })
	}
	s.attached = in
	s.tunnel.Attach(in)
}

// innerMTU fits every suite that may be chosen, so that no outer packet fragments on a 1500 byte path.
func innerMTU(p *profile.Profile) int {
	mtu := tunnel.PathMTU
	for _, x := range phase2(p) {
		mtu = min(mtu, tunnel.InnerMTU(tunnel.PathMTU, esp.Suite(x)))
	}
	return mtu
}

// release puts the machine back, then closes both sides.
func (s *session) release() {
	if s.resolves != nil {
		s.resolves()
		s.resolves = nil
	}
	t := s.tunnel
	s.tunnel, s.attached, s.conn, s.detector = nil, nil, nil, nil
	s.submit(func(w *worker) event { return w.release(t) })
}

func (s *session) close() {
	s.do(func(now time.Time) {
		s.closing = true
		s.dispatch(now, evDisconnect{})
	})
	<-s.done
}

// end closes what others read from. The loop returns after it.
func (s *session) end(now time.Time) {
	s.settle()
	s.last = s.view(now)
	close(s.jobs)
	for w := range s.watchers {
		close(w)
	}
	s.watchers = nil
	s.debugLog.endFollowers()
}
