package client

import (
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"ezvpn/client/gateway"
	"ezvpn/client/profile"
	"ezvpn/client/status"
)

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
			if n := l.count(&l.asked) - before; n > 10+int(out/(5*time.Second)) {
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
		for next := s.Peers[0].NextTry; time.Until(next) < 10*time.Second; next = l.c.Snapshot().Peers[0].NextTry {
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
				if time.Until(s.Peers[0].NextTry) > 11*time.Second {
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

// The socket is gone, as after the system took the interface and all that was bound to it away. Another one is opened,
// and every packet goes to it; device, routes and counters stay.
func TestRoamSocketDies(t *testing.T) {
	inBothModes(t, func(l *laptop, g *gateway.Gateway, p *profile.Profile) {
		l.settled(p)
		for i := range 3 {
			l.socket(i).Close()
			l.backWithin(10 * time.Second)                             // a pause of 7.5 s at most
			if back := l.pings(100, 20*time.Millisecond); back < 100 { // those that waited come back late
				t.Errorf("after socket %d only %d of 100 packets come back", i+1, back)
			}
			l.closedInside()
			time.Sleep(5 * time.Minute)
		}
		if s := l.c.Snapshot(); s.Traffic.InPackets < 300 {
			t.Errorf("the counters began anew: %+v", s.Traffic)
		}
		if n := l.opened(); n != 4 {
			t.Errorf("%d sockets were opened", n)
		}
	})
}

// A name with two addresses, and the gateway at the first one dies: the second is tried at once, as another peer would be.
func TestFailoverWithinAName(t *testing.T) {
	onTheRoad(t, func(l *laptop) {
		g := l.serve(gw1, nil)
		l.serve(gw2, nil)
		l.addrs = append(l.addrs, netip.MustParseAddr(gw2))
		p := stored("auto", "vpn.example.com")
		p.DPD.Mode = "periodic"
		l.settled(p)
		g.Break(gateway.Silent, true)
		began := time.Now()
		l.until(5*time.Minute, "with the second", func(s status.Snapshot) bool {
			return s.State == status.Active && strings.HasPrefix(s.ISAKMP.Remote, gw2+":")
		})
		if took := time.Since(began); took > 22*time.Second {
			t.Errorf("back after %v", took)
		}
		l.closedInside()
	})
}
