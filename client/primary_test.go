package client

import (
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"ezvpn/client/gateway"
	"ezvpn/client/profile"
	"ezvpn/client/status"
	"ezvpn/tunnel"
)

// told says whether the timeline has a line with these words.
func told(s status.Snapshot, words string) bool {
	for _, e := range s.Events {
		if strings.Contains(e.Text, words) {
			return true
		}
	}
	return false
}

func datagramFrom(addr string, b []byte) tunnel.IKEDatagram {
	return tunnel.IKEDatagram{Peer: netip.AddrPortFrom(netip.MustParseAddr(addr), 4500), Marker: true, Data: b}
}

// debugged are the lines of debug isakmp, those for syslog among them.
func (l *lab) debugged() []status.DebugLine {
	lines, _ := l.c.Debug(l.t.Context(), time.Time{})
	return lines
}

func withReturn(p *profile.Profile, hold time.Duration) *profile.Profile {
	p.Primary = profile.Primary{Return: true, Hold: hold}
	p.DPD.Mode = "periodic"
	return p
}

// The first peer dies and comes back: the tunnel is with it again by itself, and no packet is lost on the way back.
func TestReturnToThePrimary(t *testing.T) {
	inLab(t, func(l *lab) {
		l.serve(gw1, nil)
		l.serve(gw2, nil)
		first := netip.MustParseAddr(gw1)
		up := l.up(withReturn(stored("auto", gw1, gw2), time.Minute))
		if up.Peers[0].Health != "active" {
			t.Fatalf("%+v", up.Peers)
		}
		l.wire.Cut(first, true)
		l.until(time.Minute, "with the second", func(s status.Snapshot) bool { return s.Peers[1].Health == "active" })
		time.Sleep(10 * time.Minute) // it is tried meanwhile, and does not answer
		s := l.c.Snapshot()
		if s.State != status.Active || s.Peers[0].Reason == "" || s.Peers[0].NextTry.IsZero() != (s.Peers[0].Health == "trying") {
			t.Errorf("%s, %+v", s.State, s.Peers[0])
		}
		if since := s.Time.Sub(s.Peers[0].Since); since < 9*time.Minute {
			t.Errorf("the first peer is said to be down for %v", since)
		}
		l.wire.Cut(first, false)
		began := time.Now()
		sent, back, gap := l.pump(3 * time.Minute)
		s = l.c.Snapshot()
		if s.Peers[0].Health != "active" || s.Peers[1].Health == "active" {
			t.Errorf("%v later: %+v", time.Since(began), s.Peers)
		}
		if sent-back > 2 || gap > 300*time.Millisecond {
			t.Errorf("%d of %d packets lost, longest wait %v", sent-back, sent, gap)
		}
		for _, words := range []string{"is DOWN.  Peer " + gw2 + ":500", "is UP.  Peer " + gw1 + ":500"} {
			if !slices.ContainsFunc(l.debugged(), func(d status.DebugLine) bool { return d.Time.After(began) && strings.Contains(d.Text, words) }) {
				t.Errorf("the log does not say that the tunnel %s", words)
			}
		}
		if n := len(l.sites[1].Sessions()); n != 0 {
			t.Errorf("the second gateway still has %d associations", n)
		}
		if n := len(l.insides); n != 1 {
			t.Errorf("%d devices", n)
		}
		if x := s.Totals; x.Connects != 1 || x.Failovers != 1 || x.Returns != 1 || x.DPDMisses < 5 {
			t.Errorf("the totals are %+v", x)
		}
	})
}

// Going back is nobody's business where it would ask somebody: the tunnel stays with the other peer.
func TestReturnAsksNobody(t *testing.T) {
	inLab(t, func(l *lab) {
		g := l.serve(gw1, func(p *gateway.Policy) { p.Net.SavePassword = false })
		l.serve(gw2, func(p *gateway.Policy) { p.Net.SavePassword = false })
		pw := map[string]profile.Secret{"password": "alice-pw"}
		l.connect(withReturn(testProfile("auto", gw1, gw2), time.Minute))
		l.answer(pw)
		l.state(time.Minute, status.Active)
		l.wire.Cut(netip.MustParseAddr(gw1), true)
		l.until(time.Minute, "asked by the second", func(s status.Snapshot) bool { return s.State == status.XAuthRequired })
		l.answer(pw)
		l.state(time.Minute, status.Active)
		l.wire.Cut(netip.MustParseAddr(gw1), false)
		for range 60 {
			time.Sleep(time.Minute)
			if s := l.c.Snapshot(); s.Prompt != nil || s.State != status.Active || s.Peers[1].Health != "active" {
				t.Fatalf("%s, prompt %v, %+v", s.State, s.Prompt, s.Peers)
			}
		}
		if n := g.Attempts(); n != 1 {
			t.Errorf("%d logins at the first gateway", n)
		}
	})
}

// A first peer that takes us and then breaks, again and again, is tried less and less often.
func TestFlappingPrimary(t *testing.T) {
	inLab(t, func(l *lab) {
		l.serve(gw1, nil)
		l.serve(gw2, nil)
		l.up(withReturn(stored("auto", gw1, gw2), time.Minute))
		first := netip.MustParseAddr(gw1)
		returns := 0
		for end := time.Now().Add(6 * time.Hour); time.Now().Before(end); {
			s := l.c.Snapshot()
			if s.State == status.Active && s.Peers[0].Health == "active" {
				returns++
				time.Sleep(20 * time.Second)
				l.wire.Cut(first, true)
				l.until(5*time.Minute, "with the second", func(s status.Snapshot) bool { return s.Peers[1].Health == "active" })
				l.wire.Cut(first, false)
			}
			time.Sleep(time.Second)
		}
		if returns < 5 || returns > 20 {
			t.Errorf("%d times with the first peer in six hours", returns)
		}
	})
}
