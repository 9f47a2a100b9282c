package client

import (
	"net/netip"
	"slices"
	"testing"
	"time"

	"ezvpn/client/gateway"
	"ezvpn/client/status"
)

// probes notes when R-U-THERE leaves for a peer: a protected Informational (exchange type 5) behind the marker.
type probes struct {
	since time.Time
	at    []time.Duration
}

func (l *lab) watchProbes(peer string) *probes {
	p := &probes{since: time.Now()}
	to := netip.MustParseAddr(peer)
	l.wire.Tap(func(_, dst netip.AddrPort, data []byte) gateway.Fate {
		if dst.Addr() == to && len(data) > 4+28 && data[0]|data[1]|data[2]|data[3] == 0 && data[4+18] == 5 {
			p.at = append(p.at, time.Since(p.since))
		}
		return gateway.Pass
	})
	return p
}

func seconds(s ...int) []time.Duration {
	out := make([]time.Duration, len(s))
	for i, x := range s {
		out[i] = time.Duration(x) * time.Second
	}
	return out
}

// The trace of Cisco's "crypto isakmp keepalive 10 2": a probe after ten seconds of silence, four more two seconds
// apart, and dead two seconds after the last one.
func TestProbesLeaveAtTheSecond(t *testing.T) {
	tests := []struct {
		mode   string
		packet time.Duration // after the last word of the peer; negative: no packet
		probes []time.Duration
		dead   time.Duration
	}{
		{"periodic", -1, seconds(10, 12, 14, 16, 18), 20 * time.Second},
		{"on-demand", -1, nil, -1},
		{"on-demand", 100 * time.Millisecond, seconds(10, 12, 14, 16, 18), 20 * time.Second},
		{"on-demand", 5 * time.Second, seconds(10, 12, 14, 16, 18), 20 * time.Second},
		{"on-demand", 25 * time.Second, seconds(25, 27, 29, 31, 33), 35 * time.Second},
	}
	for _, tt := range tests {
		t.Run(tt.mode+" "+tt.packet.String(), func(t *testing.T) {
			inLab(t, func(l *lab) {
				g := l.serve(gw1, nil)
				l.serve(gw2, nil)
				p := stored("auto", gw1, gw2)
				p.DPD.Mode = tt.mode
				l.wire.SetWeather(gateway.Weather{Delay: 20 * time.Millisecond})
				l.up(p)
				l.pings(1, 0)
				heard := l.c.Snapshot().DPD.Heard
				g.Break(gateway.Silent, true)
				seen := l.watchProbes(gw1)
				seen.since = heard
				if tt.packet >= 0 {
					time.Sleep(tt.packet - time.Since(heard))
					l.inside().in <- udpTo(leased, 1)
				}
				if tt.dead < 0 {
					time.Sleep(40 * time.Minute) // less than the life of an IPsec SA
					if s := l.c.Snapshot(); s.State != status.Active || len(seen.at) != 0 {
						t.Errorf("without traffic: %s, probes at %v", s.State, seen.at)
					}
					return
				}
				s := l.state(time.Minute, status.FailingOver)
				want := append(tt.probes, tt.dead, tt.dead) // and the Deletes for both SAs
				if took := s.Time.Sub(heard); took != tt.dead || !slices.Equal(seen.at, want) {
					t.Errorf("messages at %v, dead at %v; want %v and %v", seen.at, took, want, tt.dead)
				}
				if s.Diagnosis == nil || s.Diagnosis.Cause != "peer-dead" || s.Network == nil || s.Network.Address != leased {
					t.Errorf("while it fails over: %+v, network %+v", s.Diagnosis, s.Network)
				}
			})
		})
	}
}

// Failover keeps the device and the settings of the machine; the second gateway carries the traffic.
func TestFailoverKeepsTheInside(t *testing.T) {
	inLab(t, func(l *lab) {
		g := l.serve(gw1, nil)
		l.serve(gw2, nil)
		p := stored("auto", gw1, gw2)
		p.DPD.Mode = "periodic"
		l.up(p)
		g.Break(gateway.Silent, true)
		s := l.until(time.Minute, "up through the second gateway", func(s status.Snapshot) bool {
			return s.State == status.Active && s.Peers[1].Health == "active"
		})
		if s.Peers[0].Health != "down" || s.Peers[0].Reason == "" || s.Diagnosis != nil || len(s.IPsec) != 1 || s.ISAKMP.Remote != gw2+":4500" {
			t.Errorf("peers %+v, diagnosis %+v, SAs %+v", s.Peers, s.Diagnosis, s.IPsec)
		}
		if slices.Contains(l.host.Calls(), "revert") || len(l.insides) != 1 {
			t.Errorf("calls %v, %d devices", l.host.Calls(), len(l.insides))
		}
		if c, _ := l.host.Current(); !slices.Contains(c.Gateways, netip.MustParseAddr(gw2)) {
			t.Errorf("the second gateway has no route outside: %v", c.Gateways)
		}
		if back := l.pings(3, time.Millisecond); back != 3 {
			t.Errorf("%d of 3 packets came back", back)
		}
		// Only now is nobody left: it waits, and comes back by itself.
		for _, s := range l.sites {
			s.Break(gateway.Silent, true)
		}
		s = l.state(5*time.Minute, status.Waiting)
		if s.Diagnosis == nil || s.Network == nil {
			t.Errorf("while it waits: %+v, network %+v", s.Diagnosis, s.Network)
		}
		g.Break(gateway.Silent, false)
		l.state(10*time.Minute, status.Active)
		if slices.Contains(l.host.Calls(), "revert") || l.pings(3, time.Millisecond) != 3 {
			t.Errorf("calls %v", l.host.Calls())
		}
	})
}
