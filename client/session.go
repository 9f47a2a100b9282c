package client

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"net/netip"
	"slices"
	"time"

	"ezvpn/client/profile"
	"ezvpn/client/status"
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
	changes  <-chan struct{}          // the machine's network or clock is not what it was; nil for never told
	done     chan struct{}

	// Below: owned by the loop.
	m        machine
	gen      int // of the present connect; late results of an older one are dropped
	assocs   map[int]*association
	guests   int       // the latest number of a guest: -1, -2, …
	guestAt  time.Time // when the latest guest came
	watched  int       // the association that the data path's keepalives go to
	tunnel   *tunnel.Tunnel
	socket   *socket // its outside
	deaf     bool    // which is dead
	port     uint16  // that was wanted of it; 0 for any
	attached tunnel.Inside
	local    netip.AddrPort // the outside address that the present peer sees of us, NAT aside
	offline  bool           // there was no way to the peer when we last looked
	looked   bool           // since the latest change
	timeline timeline
	debugLog debugLog
	kit      chan status.Disclosure // who reads the keys; nil for nobody
	totals   status.Totals
	queue    []happened
	lookUps  []lookUp
	volumeAt time.Time       // when the volume of the IPsec SAs is looked at again
	last     status.Snapshot // after the end
	pending  []job           // for the worker, in order
	working  int             // jobs that it has not reported on
	serial   uint64
	watchers map[chan status.Snapshot]struct{}
	downs    []chan struct{} // Disconnect calls that wait
	closing  bool

	// The clock; see roam.go.
	epoch              time.Time     // when the session began, with the monotonic clock
	slept, sleptBefore time.Duration // of the machine until now, and until epoch
	nap                time.Duration // the latest sleep
	wokeAt             time.Time
	stopChanges        context.CancelFunc
}

func newSession(p Platform, log *slog.Logger) *session {
	s := &session{
		platform: p, log: log, m: newMachine(time.Now()),
		commands: make(chan func(time.Time)), jobs: make(chan job), results: make(chan result),
		done: make(chan struct{}), watchers: map[chan status.Snapshot]struct{}{}, assocs: map[int]*association{},
		epoch: time.Now(), stopChanges: func() {},
	}
	if p.Asleep != nil {
		s.slept = p.Asleep()
		s.sleptBefore = s.slept
	}
	if p.Changes != nil {
		ctx, cancel := context.WithCancel(context.Background())
		s.stopChanges, s.changes = cancel, p.Changes(ctx)
	}
	go (&worker{platform: p}).run(s.jobs, s.results)
	go s.loop()
	return s
}

// happened is an event that waits for its turn, and the association that it comes from; nil for others.
type happened struct {
	event event
	assoc *association
	news  ike.Event // of the association
}

// loop runs until close. Whatever wakes it, deadlines are looked at with the present time.
func (s *session) loop() {
	defer close(s.done)
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		s.arm(timer)
		var datagrams <-chan tunnel.IKEDatagram
		var unanswered, wanted, lost <-chan struct{}
		if s.tunnel != nil {
			datagrams, unanswered, wanted, lost = s.tunnel.IKE(), s.tunnel.Unanswered(), s.tunnel.Wanted(), s.socket.lost
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
			f(s.now())
		case d := <-datagrams:
			s.receive(s.now(), d)
		case <-lost:
			s.dispatch(s.now(), evOutsideLost{})
		case <-unanswered:
		case <-wanted:
			s.dispatch(s.now(), evWanted{})
		case <-timer.C:
		case _, open := <-s.changes:
			if !open {
				s.changes = nil
			}
			s.lookAtClock()
			s.networkChanged(s.now())
		case r := <-s.results:
			s.working--
			s.finished(s.now(), r)
		}
		s.lookAtClock()
		now := s.now()
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
	earlier(s.m.wakeAt())
	for _, a := range s.assocs {
		earlier(a.conn.Deadline())
	}
	earlier(s.volumeAt)
	now := s.now()
	if s.watching() {
		a := s.activity()
		if d := s.main().detector.Deadline(a); !d.IsZero() {
			earlier(d)
		} else if look := a.Heard.Add(dpdPolicy(s.m.profile).Interval); look.After(now) {
			earlier(look) // what leaves until then is not told; what leaves later comes through Unanswered
		}
	}
	earlier(s.idleAt())
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
	for _, id := range slices.Sorted(maps.Keys(s.assocs)) {
		if a := s.assocs[id]; a != nil {
			s.feed(now, a, a.conn.Advance(now))
		}
	}
	if s.watching() {
		s.watchPeer(now)
	}
	if !s.m.proveBy.IsZero() && s.activity().Heard.After(s.m.proveBy.Add(-proveTime)) {
		s.dispatch(now, evProved{})
	}
	s.watchVolume(now)
	if at := s.idleAt(); !at.IsZero() && !now.Before(at) {
		s.dispatch(now, evIdle{})
	}
	s.dispatch(now, evTick{})
	s.follow()
}

// idleAt is when a tunnel of connect = "traffic" has not been used for long enough; zero for never.
func (s *session) idleAt() time.Time {
	if s.m.state != status.Active || s.tunnel == nil || s.m.profile.Connect != "traffic" {
		return time.Time{}
	}
	last := s.m.since
	for _, t := range []time.Time{s.fromTunnel(s.tunnel.Heard()), s.fromTunnel(s.tunnel.LastSent())} {
		if t.After(last) {
			last = t
		}
	}
	return last.Add(s.m.profile.IdleTimeout)
}

// follow sends the keepalives of the data path to the peer in use.
func (s *session) follow() {
	a := s.main()
	if a == nil || s.tunnel == nil || a.id == s.watched {
		return
	}
	if sa, up := a.conn.ISAKMPSA(); up {
		s.watched = a.id
		s.tunnel.SetPeer(sa.Remote, sa.Marker)
	}
}

// dispatch gives one event to the machine and carries out what it wants; events that come of it follow in order.
func (s *session) dispatch(now time.Time, ev event) { s.work(now, happened{event: ev}) }

// dispatchIKE gives it one of an association.
func (s *session) dispatchIKE(now time.Time, a *association, ev ike.Event) {
	s.work(now, happened{assoc: a, news: ev})
}

func (s *session) work(now time.Time, h happened) {
	s.queue = append(s.queue, h)
	if len(s.queue) > 1 {
		return // an outer call works the queue off
	}
	for len(s.queue) > 0 {
		next := s.queue[0]
		ev, current := next.event, true
		if a := next.assoc; a != nil {
			current = s.assocs[a.id] == a
			if a.id == s.m.assoc {
				ev = evIKE{next.news}
			} else {
				ev = evOther{a.id, next.news}
			}
		}
		if current {
			var acts []action
			before := s.m
			s.m, acts = s.m.step(now, ev)
			s.count(before, s.m)
			for _, a := range acts {
				s.perform(now, a)
			}
		}
		s.queue = s.queue[1:]
	}
	s.queue = nil
}

func (s *session) enqueue(ev event) { s.queue = append(s.queue, happened{event: ev}) }

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
		s.dispatch(now, evConnect{p, o, randomSeed()})
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
