package client

import (
	"context"
	"net/netip"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"ezvpn/client/gateway"
	"ezvpn/client/profile"
	"ezvpn/client/status"
)

// onTraffic is a profile that rests after five minutes without a packet.
func onTraffic(peers ...string) *profile.Profile {
	p := stored("traffic", peers...)
	p.IdleTimeout = 5 * time.Minute
	p.DPD.Mode = "periodic"
	return p
}

// standing says that the machine is set as the tunnel left it, so that a packet for the inside finds its way to us.
func (l *lab) standing() {
	l.t.Helper()
	c, up := l.host.Current()
	if !up || len(c.Addresses) != 1 || c.Addresses[0].Addr() != leased || len(c.Routes) == 0 || slices.Contains(l.host.Calls(), "revert") {
		l.t.Errorf("up %v, %+v, calls %v", up, c, l.host.Calls())
	}
	if n := len(l.insides); n != 1 || l.inside().closed() {
		l.t.Errorf("%d devices", n)
	}
}

// A tunnel that nobody uses is taken down after the idle timeout, and not before: probes and their answers are no use
// of it. The gateway is told. The next packet brings it up, and those that follow it pass.
func TestStandby(t *testing.T) {
	inLab(t, func(l *lab) {
		g := l.serve(gw1, nil)
		l.serve(gw2, nil)
		l.wire.SetWeather(gateway.Weather{Delay: 20 * time.Millisecond, Seed: 1})
		l.up(onTraffic(gw1, gw2))
		for round := range 3 {
			woke := min(round, 1)                                     // packet that the tunnel came up for
			if back := l.pings(20, 30*time.Second); back != 20+woke { // ten minutes, with pauses that are short enough
				t.Errorf("%d of %d packets came back", back, 20+woke)
			}
			if s := l.c.Snapshot(); s.State != status.Active || g.Attempts() != round+1 {
				t.Fatalf("in use: %s, %d logins", s.State, g.Attempts())
			}
			used := time.Now().Add(-31 * time.Second)
			s := l.state(10*time.Minute, status.Standby)
			if idle := s.Time.Sub(used); idle < 5*time.Minute || idle > 5*time.Minute+time.Second {
				t.Errorf("it rests after %v", idle)
			}
			time.Sleep(time.Second)
			if left := g.Sessions(); len(left) != 0 {
				t.Errorf("the gateway was not told: %+v", left)
			}
			time.Sleep(24 * time.Hour)
			if s = l.c.Snapshot(); s.State != status.Standby || g.Attempts() != round+1 || len(s.Peers) != 2 || s.ISAKMP != nil || len(s.IPsec) != 0 || s.Diagnosis != nil {
				t.Errorf("a day later: %s, %d logins, %+v, %+v", s.State, g.Attempts(), s.Peers, s.Diagnosis)
			}
			l.standing()
			l.want()
			l.state(time.Second, status.Active)
		}
		if n := len(l.sites[1].Sessions()) + l.sites[1].Attempts(); n != 0 {
			t.Error("the second gateway was bothered")
		}
	})
}

// The gateway ends an idle tunnel itself, as IOS does with its own idle timer. That is no reason to log in again and
// again: it rests until a packet wants it.
func TestStandbyByTheGateway(t *testing.T) {
	inLab(t, func(l *lab) {
		g := l.serve(gw1, nil)
		l.up(onTraffic(gw1))
		for round := range 3 {
			time.Sleep(2 * time.Minute)
			g.Disconnect()
			l.state(time.Second, status.Standby)
			time.Sleep(time.Hour)
			if s := l.c.Snapshot(); s.State != status.Standby || g.Attempts() != round+1 {
				t.Fatalf("an hour later: %s, %d logins", s.State, g.Attempts())
			}
			l.standing()
			l.want()
			l.state(time.Second, status.Active)
		}
	})
}

// A packet finds no gateway that lives: after a round in vain it rests again, and is tried again only for another packet,
// with the pause between. When the gateway is back, so is the tunnel.
func TestStandbyInVain(t *testing.T) {
	inLab(t, func(l *lab) {
		g := l.serve(gw1, nil)
		l.up(onTraffic(gw1))
		l.state(10*time.Minute, status.Standby)
		g.Break(gateway.Silent, true)
		l.want()
		l.state(time.Minute, status.Waiting)
		l.state(time.Minute, status.Standby)
		firsts := l.watchFirsts(gw1)
		time.Sleep(24 * time.Hour)
		if s := l.c.Snapshot(); s.State != status.Standby || firsts.Load() != 0 {
			t.Errorf("without a packet: %s, %d messages", s.State, firsts.Load())
		}
		for end := time.Now().Add(time.Hour); time.Now().Before(end); time.Sleep(10 * time.Second) {
			l.want()
			l.standing()
		}
		if n := firsts.Load(); n < 100 || n > 5*60*2 { // five of each try, of thirty seconds and a pause
			t.Errorf("%d first messages in an hour", n)
		}
		g.Break(gateway.Silent, false)
		for range 300 {
			l.want()
			time.Sleep(time.Second)
		}
		s := l.state(time.Second, status.Active)
		l.inside().drain()
		if back := l.pings(3, time.Millisecond); back != 3 || s.Diagnosis != nil {
			t.Errorf("%d of 3 packets came back, %+v", back, s.Diagnosis)
		}
	})
}

// watchFirsts counts the messages that begin phase 1 with a peer: to port 500, with no cookie of the responder.
func (l *lab) watchFirsts(peer string) *atomic.Int64 {
	n, to := new(atomic.Int64), netip.AddrPortFrom(netip.MustParseAddr(peer), 500)
	l.wire.Tap(func(_, dst netip.AddrPort, data []byte) gateway.Fate {
		if dst == to && len(data) > 28 && [8]byte(data[8:16]) == [8]byte{} {
			n.Add(1)
		}
		return gateway.Pass
	})
	return n
}

// Disconnect ends a session that rests: the machine is put back, and packets bring nothing up any more.
func TestStandbyDisconnect(t *testing.T) {
	inLab(t, func(l *lab) {
		g := l.serve(gw1, nil)
		l.up(onTraffic(gw1))
		l.state(10*time.Minute, status.Standby)
		if err := l.c.Disconnect(context.Background()); err != nil {
			t.Fatal(err)
		}
		s := l.c.Snapshot()
		if _, set := l.host.Current(); set || s.State != status.ConnectRequired || s.Network != nil || !l.inside().closed() {
			t.Errorf("%s, machine set: %v, %+v", s.State, set, s.Network)
		}
		time.Sleep(time.Hour)
		if g.Attempts() != 1 {
			t.Errorf("%d logins", g.Attempts())
		}
		l.up(onTraffic(gw1)) // and a new connect is a new session
		if l.pings(3, time.Millisecond) != 3 {
			t.Error("packets do not come back")
		}
	})
}

// With a code that is good once, a packet can only raise the question. Nobody answers: nothing was sent to the gateway
// that could lock the account, and further packets do not ask on and on.
func TestStandbyOneTimeCode(t *testing.T) {
	inLab(t, func(l *lab) {
		g := l.serve(gw1, func(p *gateway.Policy) { p.Net.SavePassword = false })
		p := onTraffic(gw1)
		p.XAUTH.Password = ""
		l.connect(p)
		code := map[string]profile.Secret{"password": "alice-pw"}
		l.answer(code)
		l.state(time.Minute, status.Active)
		l.state(10*time.Minute, status.Standby)
		l.want()
		l.state(time.Second, status.XAuthRequired)
		l.standing()
		l.answer(code)
		l.state(time.Second, status.Active)
		l.state(10*time.Minute, status.Standby)
		began := time.Now()
		l.want()
		for end := began.Add(24 * time.Hour); time.Now().Before(end); time.Sleep(10 * time.Second) {
			if d := l.inside(); !d.closed() {
				l.want()
			}
		}
		if s := l.c.Snapshot(); g.Attempts() != 2 || s.State != status.Blocked || s.Diagnosis == nil || s.Diagnosis.Cause != "xauth-timeout" {
			t.Errorf("a day later: %s, %d answers, %+v", s.State, g.Attempts(), s.Diagnosis)
		}
	})
}

// A gateway that dies while the tunnel is used is no reason to rest: the next one carries the traffic.
func TestStandbyAndFailover(t *testing.T) {
	inLab(t, func(l *lab) {
		g := l.serve(gw1, nil)
		l.serve(gw2, nil)
		l.up(onTraffic(gw1, gw2))
		l.pings(3, time.Second)
		g.Break(gateway.Silent, true)
		l.until(time.Minute, "with the second", func(s status.Snapshot) bool { return s.State == status.Active && s.Peers[1].Health == "active" })
		l.state(10*time.Minute, status.Standby)
		l.want()
		l.state(time.Second, status.Active)
		l.standing()
	})
}

// want sends a packet for the inside, if the device has room for one, and takes what came back.
func (l *lab) want() {
	l.inside().drain()
	select {
	case l.inside().in <- udpTo(leased, 1):
	default:
	}
}

// The socket dies while the tunnel rests: the next packet brings it up all the same.
func TestStandbyWithoutASocket(t *testing.T) {
	onTheRoad(t, func(l *laptop) {
		l.serve(gw1, nil)
		l.up(onTraffic(gw1))
		l.state(10*time.Minute, status.Standby)
		l.socket(0).Close()
		time.Sleep(time.Hour)
		if s := l.c.Snapshot(); s.State != status.Standby || l.opened() != 1 {
			t.Errorf("%s, %d sockets", s.State, l.opened())
		}
		l.standing()
		l.want()
		l.state(time.Second, status.Active)
		if back := l.pings(3, 100*time.Millisecond); back != 4 {
			t.Errorf("%d of 4 packets came back, that which it came up for included", back)
		}
	})
}
