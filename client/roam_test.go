package client

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"ezvpn/client/gateway"
	"ezvpn/client/profile"
	"ezvpn/client/status"
	"ezvpn/tunnel"
	"ezvpn/tunnel/host"
)

// laptop is a lab whose client moves between networks, sleeps, and loses its sockets.
type laptop struct {
	*lab
	changes chan struct{}

	where   sync.Mutex // guards below
	at      netip.Addr // its address on the network it is on
	down    bool       // on none
	asleep  time.Duration
	sockets []*roamer
	asked   int // for the way to a peer
	looked  int // for an address
}

// Another network: its own addresses behind its own NAT.
var (
	otherAddr = netip.MustParseAddr("172.20.10.4")
	otherNAT  = netip.MustParseAddr("203.0.113.77")
)

// onTheRoad runs f as inLab does, 20 ms away from every gateway.
func onTheRoad(t *testing.T, f func(l *laptop)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		l := &laptop{at: clientAddr, changes: make(chan struct{}),
			lab: &lab{t: t, wire: gateway.NewWire(), host: &host.Fake{}, addrs: []netip.Addr{netip.MustParseAddr(gw1)}}}
		l.wire.NAT(clientAddr, natAddr)
		l.wire.NAT(otherAddr, otherNAT)
		l.wire.SetWeather(gateway.Weather{Delay: 20 * time.Millisecond, Seed: 1})
		l.c = New(Platform{OpenOutside: l.openSocket, OpenInside: l.openInside, Resolve: l.lookUp, Host: l.host,
			Changes: func(context.Context) <-chan struct{} { return l.changes }, Asleep: l.slept}, slog.New(slog.DiscardHandler))
		defer l.close()
		f(l)
	})
}

func (l *laptop) slept() time.Duration {
	l.where.Lock()
	defer l.where.Unlock()
	return l.asleep
}

// lookUp finds names while there is a network.
func (l *laptop) lookUp(ctx context.Context, name string) ([]netip.Addr, error) {
	l.where.Lock()
	defer l.where.Unlock()
	l.looked++
	if l.down {
		return nil, errors.New("no name server is reached")
	}
	return l.addrs, nil
}

// count reads a counter.
func (l *laptop) count(n *int) int {
	l.where.Lock()
	defer l.where.Unlock()
	return *n
}

// tell makes the platform say that something changed.
func (l *laptop) tell() { l.changes <- struct{}{} }

// sleep is a suspend: for the session no time passes.
func (l *laptop) sleep(span time.Duration) {
	l.where.Lock()
	l.asleep += span
	l.where.Unlock()
	l.tell()
}

// move takes the laptop to another network.
func (l *laptop) move(to netip.Addr) {
	l.where.Lock()
	l.at = to
	for _, s := range l.sockets {
		s.follow()
	}
	l.where.Unlock()
	l.tell()
}

// unplug takes the interface down, or up again.
func (l *laptop) unplug(down bool) {
	l.where.Lock()
	l.down = down
	l.where.Unlock()
	l.wire.Cut(clientAddr, down)
	l.tell()
}

func (l *laptop) openSocket(port uint16) (tunnel.Outside, error) {
	l.where.Lock()
	defer l.where.Unlock()
	p, err := l.wire.Listen(netip.AddrPortFrom(l.at, port))
	if err != nil {
		return nil, err
	}
	r := &roamer{l: l, port: p, done: make(chan struct{})}
	l.sockets = append(l.sockets, r)
	return r, nil
}

func (l *laptop) opened() int {
	l.where.Lock()
	defer l.where.Unlock()
	return len(l.sockets)
}

func (l *laptop) socket(i int) *roamer {
	l.where.Lock()
	defer l.where.Unlock()
	return l.sockets[i]
}

// roamer is a UDP socket that is bound to no address, as the real one.
type roamer struct {
	l    *laptop
	port *gateway.Port // guarded by l.where
	done chan struct{}
	once sync.Once
}

// follow changes the address that it sends from; l.where is held.
func (r *roamer) follow() {
	if p, err := r.l.wire.Listen(netip.AddrPortFrom(r.l.at, r.port.Addr().Port())); err == nil {
		old := r.port
		r.port = p
		old.Close()
	}
}

func (r *roamer) now() (p *gateway.Port, down bool) {
	r.l.where.Lock()
	defer r.l.where.Unlock()
	return r.port, r.l.down
}

func (r *roamer) ReadBatch(d []tunnel.Datagram) (int, error) {
	for {
		p, _ := r.now()
		n, err := p.ReadBatch(d)
		if err == nil {
			return n, nil
		}
		select {
		case <-r.done:
			return 0, net.ErrClosed
		default: // it moved
		}
	}
}

func (r *roamer) WriteBatch(d []tunnel.Datagram) (int, error) {
	p, down := r.now()
	if down {
		return 0, errors.New("network is unreachable")
	}
	return p.WriteBatch(d)
}

func (r *roamer) LocalAddr(netip.Addr) netip.AddrPort {
	r.l.where.Lock()
	defer r.l.where.Unlock()
	r.l.asked++
	if r.l.down {
		return netip.AddrPort{}
	}
	return r.port.Addr()
}

func (r *roamer) Close() error {
	r.once.Do(func() { close(r.done) })
	p, _ := r.now()
	return p.Close()
}

// backWithin sends a packet each 50 ms until one comes back, and fails if that takes longer.
func (l *laptop) backWithin(limit time.Duration) time.Duration {
	l.t.Helper()
	p, began := l.inside(), time.Now()
	p.drain()
	for n := uint32(0); ; n++ {
		p.in <- udpTo(leased, n)
		time.Sleep(50 * time.Millisecond)
		if p.drain() > 0 {
			break
		}
		if time.Since(began) > 10*time.Minute {
			break
		}
	}
	took := time.Since(began)
	if took > limit {
		for _, e := range l.c.Snapshot().Events {
			l.t.Log(e.Time.Format("04:05.000 ") + e.Kind + ": " + e.Text)
		}
		l.t.Errorf("traffic is back after %v, want %v at most", took, limit)
	}
	return took
}

// settled connects, and lets the last datagrams arrive.
func (l *laptop) settled(p *profile.Profile) status.Snapshot {
	l.t.Helper()
	s := l.up(p)
	time.Sleep(time.Second)
	return s
}

// inBothModes runs f with periodic dead peer detection and with that on demand.
func inBothModes(t *testing.T, f func(l *laptop, g *gateway.Gateway, p *profile.Profile)) {
	t.Helper()
	for _, mode := range []string{"periodic", "on-demand"} {
		t.Run(mode, func(t *testing.T) {
			onTheRoad(t, func(l *laptop) {
				g := l.serve(gw1, nil)
				p := stored("auto", gw1)
				p.DPD.Mode = mode
				f(l, g, p)
			})
		})
	}
}

// kept says that the tunnel is the one of first: no new association, no new login, no device but the first.
func (l *laptop) kept(g *gateway.Gateway, first status.Snapshot) {
	l.t.Helper()
	s := l.c.Snapshot()
	if s.State != status.Active || s.ISAKMP.Cookies != first.ISAKMP.Cookies || !s.Since.Equal(first.Since) || g.Attempts() != 1 || len(l.insides) != 1 {
		l.t.Errorf("%s since %v, %+v, %d logins, %d devices", s.State, s.Since, s.ISAKMP, g.Attempts(), len(l.insides))
	}
}

// rebuilt says that there is another association with the same peer, and that the inside stayed as it was.
func (l *laptop) rebuilt(g *gateway.Gateway, first status.Snapshot) {
	l.t.Helper()
	s := l.c.Snapshot()
	if s.State != status.Active || s.ISAKMP.Cookies == first.ISAKMP.Cookies || g.Attempts() != 2 || s.Network.Address != first.Network.Address {
		l.t.Errorf("%s, %+v, %d logins", s.State, s.ISAKMP, g.Attempts())
	}
	l.closedInside()
}

// closedInside says that no packet could leave beside the tunnel since connect: the machine was never put back.
func (l *laptop) closedInside() {
	l.t.Helper()
	if c, up := l.host.Current(); !up || len(c.Addresses) != 1 || c.Addresses[0].Addr() != leased || slices.Contains(l.host.Calls(), "revert") || len(l.insides) != 1 {
		l.t.Errorf("up %v, %+v, calls %v, %d devices", up, c, l.host.Calls(), len(l.insides))
	}
}

// pingDelay is what a first packet and its answer take at 20 ms, in the steps of backWithin.
const pingDelay = 50 * time.Millisecond

// A NAT forgets its mapping: packets leave from a port that the gateway does not know, and its answers are lost. Nobody
// tells us, so silence must: after ten seconds a probe goes out, the gateway follows, and traffic is back.
func TestRoamNATRebind(t *testing.T) {
	inBothModes(t, func(l *laptop, g *gateway.Gateway, p *profile.Profile) {
		first := l.settled(p)
		l.backWithin(pingDelay)
		l.wire.Rebind(clientAddr)
		l.backWithin(10*time.Second + 200*time.Millisecond) // the probe, and the Quick Mode with which this gateway follows
		l.kept(g, first)
	})
}

// Another link with another address, and a gateway that follows: the probe moves the tunnel.
func TestRoamNewAddress(t *testing.T) {
	inBothModes(t, func(l *laptop, g *gateway.Gateway, p *profile.Profile) {
		first := l.settled(p)
		for _, at := range []netip.Addr{otherAddr, clientAddr, otherAddr} {
			l.move(at)
			l.backWithin(500 * time.Millisecond) // at once, not after an interval of silence
			l.kept(g, first)
			if s := l.c.Snapshot(); !strings.HasPrefix(s.ISAKMP.Local, at.String()) {
				t.Errorf("the status says that we are at %s", s.ISAKMP.Local)
			}
			time.Sleep(10 * time.Minute)
		}
		l.kept(g, first)
		if info := g.Sessions(); len(info) != 1 || info[0].Peer.Addr() != otherNAT {
			t.Errorf("the gateway knows %+v", info)
		}
	})
}

// A gateway that does not follow, or that forgot us meanwhile: the tunnel is built anew with the same peer.
func TestRoamNewAddressUnfollowed(t *testing.T) {
	for _, fault := range []gateway.Fault{gateway.DPDIgnored, gateway.ForgetSAs} {
		inBothModes(t, func(l *laptop, g *gateway.Gateway, p *profile.Profile) {
			first := l.settled(p)
			g.Break(fault, true)
			l.move(otherAddr)
			l.backWithin(10 * time.Second)
			l.rebuilt(g, first)
		})
	}
}

// A gateway that announced no dead peer detection cannot be asked; after a move the tunnel is built anew at once.
func TestRoamNewAddressWithoutDPD(t *testing.T) {
	onTheRoad(t, func(l *laptop) {
		g := l.serve(gw1, func(p *gateway.Policy) { p.NoDPD = true })
		first := l.settled(stored("auto", gw1))
		l.tell() // nothing moved
		time.Sleep(time.Minute)
		l.kept(g, first)
		l.move(otherAddr)
		l.backWithin(time.Second)
		l.rebuilt(g, first)
	})
}

// The cable is out for a moment, for long enough that the peer is held for dead, and for long enough that every pause
// is at its longest. Packets for the inside stay in the tunnel, nobody is asked anything, and a machine without a
// network is not kept busy.
func TestRoamInterfaceDownAndUp(t *testing.T) {
	for _, out := range []time.Duration{3 * time.Second, 15 * time.Second, 40 * time.Second, 30 * time.Minute} {
		inBothModes(t, func(l *laptop, g *gateway.Gateway, p *profile.Profile) {
			first := l.settled(p)
			l.unplug(true)
			before := l.count(&l.asked)
			for end := time.Now().Add(out); time.Now().Before(end); time.Sleep(time.Second) {
				l.inside().in <- udpTo(leased, 0)
				if s := l.c.Snapshot(); s.Prompt != nil || s.State == status.Blocked || s.State == status.ConnectRequired {
					t.Fatalf("%s, prompt %+v", s.State, s.Prompt)
				}
			}
			if n := l.count(&l.asked) - before; n > 10+int(out/(30*time.Second)) {
				t.Errorf("looked %d times for a way in %v without a network", n, out)
			}
			l.closedInside()
			l.unplug(false)
			took := l.backWithin(10 * time.Second)
			if l.closedInside(); out < 5*time.Second && l.c.Snapshot().ISAKMP.Cookies != first.ISAKMP.Cookies {
				t.Errorf("after %v without a link the tunnel was built anew, in %v", out, took)
			}
		})
	}
}

// A peer that is a name, and no network at the start: it is looked up when there is one, not when the pause ends.
func TestRoamNetworkComesLate(t *testing.T) {
	onTheRoad(t, func(l *laptop) {
		l.serve(gw1, nil)
		l.unplugged()
		l.connect(stored("auto", "vpn.example.com"))
		l.state(time.Minute, status.Waiting)
		time.Sleep(time.Hour)
		s := l.state(5*time.Minute, status.Waiting)
		for next := s.Peers[0].NextTry; time.Until(next) < 20*time.Second; next = l.c.Snapshot().Peers[0].NextTry {
			time.Sleep(time.Second) // until a long pause lies ahead
		}
		looked := l.count(&l.looked)
		for range 60 {
			l.tell() // an interface that comes and goes, and no network
			time.Sleep(time.Second)
		}
		if n := l.count(&l.looked) - looked; n > 13 {
			t.Errorf("the name was looked up %d times in a minute", n)
		}
		l.unplug(false)
		l.state(10*time.Second, status.Active)
	})
}

// unplugged starts without a network.
func (l *laptop) unplugged() {
	l.where.Lock()
	l.down = true
	l.where.Unlock()
	l.wire.Cut(clientAddr, true)
}

// In a pause, another network is a reason to try at once; a change that has nothing to do with the way to the peer is
// none, however often it comes.
func TestRoamWhileWaiting(t *testing.T) {
	onTheRoad(t, func(l *laptop) {
		g := l.serve(gw1, nil)
		g.Break(gateway.Silent, true)
		l.connect(stored("auto", gw1))
		longPause := func() status.Snapshot {
			for {
				s := l.state(5*time.Minute, status.Waiting)
				if time.Until(s.Peers[0].NextTry) > 25*time.Second {
					return s
				}
				time.Sleep(time.Second)
			}
		}
		time.Sleep(time.Hour)
		s := longPause()
		for range 10 {
			l.tell()
			time.Sleep(time.Second)
		}
		if now := l.c.Snapshot(); now.State != status.Waiting || !now.Peers[0].NextTry.Equal(s.Peers[0].NextTry) {
			t.Errorf("an unrelated change: %s, next try at %v, was %v", now.State, now.Peers[0].NextTry, s.Peers[0].NextTry)
		}
		longPause()
		g.Break(gateway.Silent, false)
		l.move(otherAddr)
		l.state(2*time.Second, status.Active)
	})
}

// The laptop moves while phase 1 is under way: what was sent from the network before is as good as lost.
func TestRoamWhileConnecting(t *testing.T) {
	for _, at := range []time.Duration{time.Second, 5 * time.Second, 14 * time.Second, 25 * time.Second} {
		onTheRoad(t, func(l *laptop) {
			l.serve(gw1, nil)
			l.wire.Cut(clientAddr, true) // a network with no way out, and an address all the same
			l.connect(stored("auto", gw1))
			time.Sleep(at)
			l.move(otherAddr)
			l.state(10*time.Second, status.Active)
			l.backWithin(time.Second)
		})
	}
}

// A night in the bag: the gateway has forgotten us, and every life has passed. With what was typed the evening before
// and may be kept, nobody is asked.
func TestRoamSuspendOfANight(t *testing.T) {
	inBothModes(t, func(l *laptop, g *gateway.Gateway, p *profile.Profile) {
		first := l.settled(p)
		g.Break(gateway.ForgetSAs, true)
		l.sleep(8 * time.Hour)
		l.backWithin(10 * time.Second)
		l.rebuilt(g, first)
		s := l.c.Snapshot()
		if s.Diagnosis != nil || s.Time.Sub(first.Time) < 8*time.Hour || s.IPsec[0].Expires.Before(s.Time) {
			t.Errorf("at %v: %+v, %+v", s.Time, s.Diagnosis, s.IPsec)
		}
		time.Sleep(3 * time.Hour) // renewals come when they are due by the new reckoning
		if l.backWithin(pingDelay); g.Attempts() != 2 {
			t.Errorf("%d logins", g.Attempts())
		}
	})
}

// The same in another network: home in the evening, at work in the morning.
func TestRoamSuspendAndMove(t *testing.T) {
	inBothModes(t, func(l *laptop, g *gateway.Gateway, p *profile.Profile) {
		first := l.settled(p)
		g.Break(gateway.ForgetSAs, true)
		l.where.Lock()
		l.asleep += 8 * time.Hour
		l.where.Unlock()
		l.move(otherAddr)
		l.backWithin(10 * time.Second)
		l.rebuilt(g, first)
	})
}

// Half a minute with the lid down: the peer is asked at once, answers, and the tunnel stays.
func TestRoamShortSuspend(t *testing.T) {
	inBothModes(t, func(l *laptop, g *gateway.Gateway, p *profile.Profile) {
		first := l.settled(p)
		time.Sleep(7 * time.Second)
		seen := l.watchProbes(gw1)
		l.sleep(30 * time.Second)
		time.Sleep(time.Second)
		l.wire.Tap(nil)
		if len(seen.at) != 1 || seen.at[0] != 0 {
			t.Errorf("probes at %v, want one at once", seen.at)
		}
		time.Sleep(9 * time.Second)
		l.kept(g, first)
		l.backWithin(pingDelay)
	})
}

// Somebody sets the clock, which the platform tells as a change without sleep: nothing is asked and nothing is built
// anew. The clock of the bubble cannot be set; that ours does not follow it is seen in TestClockIsSet.
func TestRoamClockIsSet(t *testing.T) {
	inBothModes(t, func(l *laptop, g *gateway.Gateway, p *profile.Profile) {
		first := l.settled(p)
		seen := l.watchProbes(gw1)
		for range 2 {
			l.tell()
			time.Sleep(2 * time.Second)
		}
		l.wire.Tap(nil)
		if len(seen.at) != 0 {
			t.Errorf("probes at %v", seen.at)
		}
		time.Sleep(time.Minute)
		l.backWithin(pingDelay)
		l.kept(g, first)
	})
}

// TestClockIsSet: the time of a session is that of its start and what has passed since, awake or asleep. A wall clock
// that was set in between, by a day forward or back, is not in it.
func TestClockIsSet(t *testing.T) {
	for _, set := range []time.Duration{24 * time.Hour, -24 * time.Hour} {
		synctest.Test(t, func(t *testing.T) {
			asleep := time.Duration(0)
			s := &session{epoch: time.Now(), platform: Platform{Asleep: func() time.Duration { return asleep }}}
			began := s.now()
			time.Sleep(time.Minute)
			if d := s.now().Sub(began); d != time.Minute {
				t.Errorf("%v passed in a minute", d)
			}
			if s.sawSleep(asleep) {
				t.Error("a sleep that was none")
			}
			asleep = 8 * time.Hour
			if !s.sawSleep(asleep) || s.now().Sub(began) != 8*time.Hour+time.Minute {
				t.Errorf("%v passed", s.now().Sub(began))
			}
			// Now carries a reading of the monotonic clock, and Sub goes by it; a time of the wall clock has none.
			if _, zoned := began.Zone(); began.Round(0) != began || zoned != 0 && set == 0 {
				t.Error("a time of the session goes by a clock that stands still in a suspend")
			}
		})
	}
}

// The socket is gone, as after the system took the interface and all that was bound to it away. Another one is opened;
// device and routes stay.
func TestRoamSocketDies(t *testing.T) {
	inBothModes(t, func(l *laptop, g *gateway.Gateway, p *profile.Profile) {
		l.settled(p)
		for i := range 3 {
			l.socket(i).Close()
			l.backWithin(10 * time.Second) // a pause of 7.5 s at most
			l.closedInside()
			time.Sleep(5 * time.Minute)
		}
		if n := l.opened(); n != 4 {
			t.Errorf("%d sockets were opened", n)
		}
	})
}
