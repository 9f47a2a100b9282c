package client

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"net/netip"
	"os"
	"slices"
	"time"

	"ezvpn/client/profile"
	"ezvpn/ike"
	"ezvpn/tunnel"
	"ezvpn/tunnel/esp"
)

// randomSeed is for jitter: remotes of one fleet must differ.
func randomSeed() uint64 {
	var b [8]byte
	rand.Read(b[:])
	return binary.BigEndian.Uint64(b[:])
}

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
	case actSyslog:
		s.log.Info(a.text) // what is foreign in it is filtered where it is made
		s.debug(now, "%s", a.text)
	case actResolve:
		s.resolve(a)
	case actDial:
		s.dial(now, a)
	case actAnswer:
		if x := s.assocs[a.assoc]; x != nil {
			s.feed(now, x, x.conn.Answer(now, a.answer))
		}
	case actConfigure:
		s.configure(a)
	case actInstall:
		s.install(now, a)
	case actRetire:
		if s.tunnel != nil {
			s.tunnel.Retire(a.in)
		}
	case actAdopt:
		if from, to := s.assocs[a.from], s.assocs[a.to]; from != nil && to != nil {
			to.conn.Adopt(from.conn)
		}
	case actHangUp:
		s.hangUp(now, a.assoc, a.why)
	case actDrop:
		s.drop(now, a.assoc)
	case actProve:
		s.prove(now)
	case actAmend:
		s.amend()
	case actReopen:
		s.reopen()
	case actRelease:
		s.release()
	}
}

// lookUp is one that is under way.
type lookUp struct {
	ctx context.Context
	end context.CancelFunc
}

// resolve looks a name up, until an answer comes or the session is released.
func (s *session) resolve(a actResolve) {
	ctx, cancel := context.WithTimeout(context.Background(), resolveTime)
	s.lookUps = slices.DeleteFunc(s.lookUps, func(x lookUp) bool { return x.ctx.Err() != nil }) // what is done
	s.lookUps = append(s.lookUps, lookUp{ctx, cancel})
	s.submit(func(w *worker) event { defer cancel(); return w.resolve(ctx, a) })
}

// dial opens the outside on the first call and begins phase 1.
func (s *session) dial(now time.Time, a actDial) {
	if err := s.initiate(now, a); err != nil {
		if a.assoc == s.m.assoc {
			s.local = netip.AddrPort{} // a way that is found later is news
			s.enqueue(evDialFailed{err})
		} else {
			s.enqueue(evOtherFailed{a.assoc, err})
		}
	}
}

func (s *session) initiate(now time.Time, a actDial) error {
	if s.tunnel == nil || s.deaf || s.port != a.profile.IKE.LocalPort {
		o, err := s.platform.OpenOutside(a.profile.IKE.LocalPort)
		if err != nil {
			return err
		}
		s.port = a.profile.IKE.LocalPort
		s.listen(o, a.profile.NAT.Keepalive)
	}
	if main := s.main(); a.renewal && main != nil {
		a.to = main.conn.Peer() // which may have moved since
	}
	local, err := s.tunnel.LocalAddr(a.to.Addr())
	if err != nil {
		return err
	}
	cfg, err := s.config(a, local)
	if err != nil {
		return err
	}
	if a.assoc == s.m.assoc {
		s.local, s.offline = local, false
	}
	x := &association{id: a.assoc, local: local, heard: now}
	var events []ike.Event
	x.conn, events = ike.Initiate(now, cfg)
	s.assocs[x.id] = x
	s.feed(now, x, events)
	return nil
}

func (s *session) config(a actDial, local netip.AddrPort) (*ike.Config, error) {
	hostname, _ := os.Hostname() // DDNS_HOSTNAME is a courtesy; without it nothing is missing
	cfg, err := ikeConfig(a, local, hostname, s.platform.Rand)
	if err == nil {
		cfg.Disclose = s.kit != nil
	}
	if err == nil && a.renewal && s.m.isakmp != nil {
		id := s.m.isakmp.PeerIdentity // the same gateway as before
		cfg.PeerIdentity = &id
	}
	return cfg, err
}

func (s *session) install(now time.Time, a actInstall) {
	x := s.assocs[a.assoc]
	if s.tunnel == nil || x == nil {
		return
	}
	s.disclosedSA(now, x, a.sa)
	if err := s.tunnel.Install(tunnelSA(a.sa, x.conn.Peer())); err != nil {
		s.note(now, "error", "IPsec SA not installed: "+err.Error())
	}
}

// listen begins with an outside, or goes on with it where the one before is dead or on another port.
func (s *session) listen(o tunnel.Outside, keepalive time.Duration) {
	if s.tunnel != nil {
		old := s.socket.present.Load()
		s.socket.replace(o)
		if !s.deaf {
			s.submit(func(*worker) event { _ = old.Close(); return nil }) // nothing goes through it any more
		}
		s.deaf = false
		return
	}
	s.socket = newSocket(o)
	s.tunnel = tunnel.Open(s.socket, tunnel.Options{Keepalive: keepalive})
	if s.attached != nil {
		s.tunnel.Attach(s.attached)
	}
}

// reopen puts a dead outside away, so that its port is free for the one that the next dial opens.
func (s *session) reopen() {
	if s.tunnel == nil || s.deaf {
		return
	}
	s.deaf = true
	o := s.socket.present.Load()
	s.submit(func(*worker) event { _ = o.Close(); return nil }) // it is dead: nothing is lost
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
			s.lookAtPath(now)
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
	for _, x := range s.lookUps {
		x.end()
	}
	s.lookUps = nil
	t := s.tunnel
	s.tunnel, s.socket, s.deaf, s.attached = nil, nil, false, nil
	clear(s.assocs)
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
	s.stopChanges()
	s.last = s.view(now)
	close(s.jobs)
	for w := range s.watchers {
		close(w)
	}
	s.watchers = nil
	s.debugLog.endFollowers()
	if s.kit != nil {
		close(s.kit)
		s.kit = nil
	}
}
