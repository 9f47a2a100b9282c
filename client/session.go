package client

import (
	"context"
	"errors"
	"log/slog"
	"net/netip"
	"slices"
	"time"

	"ezvpn/client/profile"
	"ezvpn/client/status"
	"ezvpn/dpd"
	"ezvpn/ike"
	"ezvpn/tunnel"
)

// session is the loop: one goroutine owns the machine, the Conn, the Detector and the tunnel, and it has the only
// clock. A second goroutine, the worker, does what may block: names, the device, routes and DNS, in order.
type session struct {
	platform Platform
	log      *slog.Logger

	commands chan func(now time.Time) // from other goroutines into the loop
	jobs     chan job                 // to the worker
	results  chan result              // from it
	done     chan struct{}

	// Below: owned by the loop.
	m        machine
	gen      int // of the present connect; late results of an older one are dropped
	conn     *ike.Conn
	detector *dpd.Detector
	tunnel   *tunnel.Tunnel
	attached tunnel.Inside
	heardIKE time.Time
	local    netip.AddrPort // the outside address that the present peer sees of us, NAT aside
	timeline timeline
	debugLog debugLog
	queue    []happened
	resolves context.CancelFunc // ends the look-up that is under way; nil for none
	volumeAt time.Time          // when the volume of the IPsec SAs is looked at again
	last     status.Snapshot    // after the end
	pending  []job              // for the worker, in order
	working  int                // jobs that it has not reported on
	serial   uint64
	watchers map[chan status.Snapshot]struct{}
	downs    []chan struct{} // Disconnect calls that wait
	closing  bool
}

func newSession(p Platform, log *slog.Logger) *session {
	s := &session{
		platform: p, log: log, m: newMachine(time.Now()),
		commands: make(chan func(time.Time)), jobs: make(chan job), results: make(chan result),
		done: make(chan struct{}), watchers: map[chan status.Snapshot]struct{}{},
	}
	go (&worker{platform: p}).run(s.jobs, s.results)
	go s.loop()
	return s
}

// happened is an event that waits for its turn, and the association that it is about; nil for others.
type happened struct {
	conn  *ike.Conn
	event event
}

// loop runs until close. Whatever wakes it, deadlines are looked at with the present time.
func (s *session) loop() {
	defer close(s.done)
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		s.arm(timer)
		var datagrams <-chan tunnel.IKEDatagram
		var unanswered <-chan struct{}
		if s.tunnel != nil {
			datagrams, unanswered = s.tunnel.IKE(), s.tunnel.Unanswered()
		}
		var jobs chan<- job
		var next job
		if len(s.pending) > 0 {
			jobs, next = s.jobs, s.pending[0]
		}
		before := s.m
		select {
		case jobs <- next:
			s.pending = s.pending[1:]
			s.working++
		case f := <-s.commands:
			f(time.Now())
		case d, open := <-datagrams:
			if !open {
				s.dispatch(time.Now(), evOutsideLost{})
				break
			}
			s.receive(time.Now(), d)
		case <-unanswered:
		case <-timer.C:
		case r := <-s.results:
			s.working--
			s.finished(time.Now(), r)
		}
		now := time.Now()
		s.due(now)
		if s.changed(before) {
			s.publish(now)
		}
		if s.closing && s.m.idle() && len(s.pending) == 0 && s.working == 0 {
			s.end(now)
			return
		}
	}
}

// arm sets the one timer to the earliest deadline of machine, engine, detector, and of those who watch.
func (s *session) arm(t *time.Timer) {
	next := time.Time{}
	earlier := func(d time.Time) {
		if !d.IsZero() && (next.IsZero() || d.Before(next)) {
			next = d
		}
	}
	earlier(s.m.deadline)
	if s.conn != nil {
		earlier(s.conn.Deadline())
	}
	earlier(s.volumeAt)
	if s.watching() {
		a := s.activity()
		if d := s.detector.Deadline(a); !d.IsZero() {
			earlier(d)
		} else if look := a.Heard.Add(dpdPolicy(s.m.profile).Interval); look.After(time.Now()) {
			earlier(look) // what leaves until then is not told; what leaves later comes through Unanswered
		}
	}
	now := time.Now()
	if len(s.watchers) > 0 && s.m.state == status.Active {
		earlier(now.Add(time.Second)) // the counters move
	}
	wait := time.Hour
	if !next.IsZero() {
		wait = max(0, next.Sub(now))
	}
	t.Reset(wait)
}

// due does what time asks for.
func (s *session) due(now time.Time) {
	if s.conn != nil {
		s.feed(now, s.conn.Advance(now))
	}
	if s.watching() {
		s.watchPeer(now)
	}
	s.watchVolume(now)
	s.dispatch(now, evTick{})
}

// watching says whether DPD has the peer in view: while the tunnel is up. Before that the engine has its own patience
// with each step, and some gateways answer no R-U-THERE until XAUTH is done.
func (s *session) watching() bool { return s.detector != nil && s.m.state == status.Active }

func (s *session) watchPeer(now time.Time) {
	switch verdict, seq := s.detector.Step(now, s.activity()); verdict {
	case dpd.Probe:
		s.note(now, "dpd", "R-U-THERE sent")
		s.feed(now, s.conn.Probe(now, seq))
	case dpd.Dead:
		s.detector = nil
		s.dispatch(now, evPeerDead{misses: dpd.Misses})
	}
}

func (s *session) activity() dpd.Activity {
	a := dpd.Activity{Heard: s.heardIKE}
	if s.tunnel != nil {
		if h := s.tunnel.Heard(); h.After(a.Heard) {
			a.Heard = h
		}
		a.Left = s.tunnel.LastSent()
	}
	return a
}

func (s *session) receive(now time.Time, d tunnel.IKEDatagram) {
	if s.conn == nil {
		return
	}
	s.feed(now, s.conn.Receive(now, ike.Datagram{Remote: d.Peer, Marker: d.Marker, Data: d.Data}))
}

// feed takes the events of the engine: some are for the loop, the rest are for the machine. The machine may go on to
// another association at any of them; then of the old one only what it still has to send counts.
func (s *session) feed(now time.Time, events []ike.Event) {
	conn := s.conn
	for _, ev := range events {
		if e, ok := ev.(ike.Send); ok {
			s.send(e.Datagram)
			continue
		}
		if s.conn != conn {
			continue
		}
		switch e := ev.(type) {
		case ike.Heard:
			s.heardIKE = now
		case ike.ProbeAcked:
			if s.detector != nil && s.detector.Acked(now, e.Seq) {
				s.note(now, "dpd", "R-U-THERE-ACK received")
			}
		case ike.Noted:
			s.log.Debug("ike", "step", e.Step, "text", e.Text)
		case ike.Secured:
			s.secured(now, e)
			s.dispatch(now, evIKE{e})
		default:
			s.dispatch(now, evIKE{e})
		}
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

// secured begins to watch the peer, if it announced that it answers.
func (s *session) secured(now time.Time, e ike.Secured) {
	s.heardIKE = now
	s.tunnel.SetPeer(e.SA.Remote, e.SA.Marker)
	if e.SA.DPD && s.m.profile != nil {
		s.detector = dpd.New(dpdPolicy(s.m.profile), randomSeq())
	}
}

// dispatch gives one event to the machine and carries out what it wants; events that come of it follow in order.
func (s *session) dispatch(now time.Time, ev event) {
	s.enqueue(ev)
	if len(s.queue) > 1 {
		return // an outer call works the queue off
	}
	for len(s.queue) > 0 {
		if next := s.queue[0]; next.conn == nil || next.conn == s.conn {
			var acts []action
			s.m, acts = s.m.step(now, next.event)
			for _, a := range acts {
				s.perform(now, a)
			}
		}
		s.queue = s.queue[1:]
	}
	s.queue = nil
}

func (s *session) enqueue(ev event) {
	h := happened{event: ev}
	if _, ok := ev.(evIKE); ok {
		h.conn = s.conn
	}
	s.queue = append(s.queue, h)
}

// note adds a line to timeline and log. What a gateway said may be in it.
func (s *session) note(now time.Time, kind, text string) {
	text = status.FilterLine(text)
	s.timeline.add(now, kind, text)
	s.log.Info(text, "kind", kind)
}

// changed says whether watchers should be told. While traffic flows they are told every second as well.
func (s *session) changed(before machine) bool {
	if len(s.watchers) == 0 {
		return false
	}
	return s.m.state == status.Active || s.m.state != before.state || s.m.prompt != before.prompt ||
		s.m.diagnosis != before.diagnosis || s.m.net != before.net || s.m.isakmp != before.isakmp || s.m.ready != before.ready ||
		!slices.Equal(s.m.peers.status(), before.peers.status()) || len(s.m.sas) != len(before.sas)
}

// do runs f in the loop and waits for it; false when the session has ended.
func (s *session) do(f func(now time.Time)) bool {
	ran := make(chan struct{})
	select {
	case s.commands <- func(now time.Time) { f(now); close(ran) }:
		<-ran
		return true
	case <-s.done:
		return false
	}
}

var errClosed = errors.New("the service is stopping")

func (s *session) connect(p *profile.Profile, o ConnectOptions) error {
	if p == nil || len(p.Peers) == 0 || len(p.IKE.Proposals) == 0 {
		return errors.New("the profile names no peer or no IKE proposal")
	}
	p = p.Clone()
	err := errClosed
	s.do(func(now time.Time) {
		if !s.m.idle() || s.closing {
			err = ErrBusy
			return
		}
		err = nil
		s.gen++
		s.timeline = timeline{}
		s.dispatch(now, evConnect{p, o})
	})
	return err
}

func (s *session) disconnect(ctx context.Context) error {
	down := make(chan struct{})
	if !s.do(func(now time.Time) {
		s.dispatch(now, evDisconnect{})
		s.downs = append(s.downs, down)
		s.settle()
	}) {
		return nil
	}
	select {
	case <-down:
		return nil
	case <-s.done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// settle answers the Disconnect calls that wait, once the session is over.
func (s *session) settle() {
	if !s.m.idle() {
		return
	}
	for _, d := range s.downs {
		close(d)
	}
	s.downs = nil
}

func (s *session) answer(id string, fields map[string]profile.Secret, cancel bool) error {
	err := errClosed
	s.do(func(now time.Time) {
		if s.m.prompt == nil || s.m.prompt.ID != id {
			err = ErrNoPrompt
			return
		}
		err = nil
		s.dispatch(now, evAnswer{id: id, fields: fields, cancel: cancel})
	})
	return err
}
