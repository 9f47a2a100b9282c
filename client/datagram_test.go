package client

import (
	"context"
	"fmt"
	"net/netip"
	"testing"
	"time"

	"ezvpn/client/gateway"
	"ezvpn/client/status"
)

// Whatever happens to any one datagram of a connect, in either direction, the tunnel comes up and carries traffic, the
// password is checked once, and Disconnect leaves nothing at the gateway.
func TestAnyDatagram(t *testing.T) {
	count := 0 // of the datagrams of an undisturbed connect
	connect := func(name string, n int, fate gateway.Fate) {
		t.Run(name, func(t *testing.T) {
			inLab(t, func(l *lab) {
				g := l.serve(gw1, nil)
				seen := 0
				l.wire.SetWeather(gateway.Weather{Delay: 20 * time.Millisecond})
				l.wire.Tap(func(_, _ netip.AddrPort, _ []byte) gateway.Fate {
					if seen++; seen-1 == n {
						return fate
					}
					return gateway.Pass
				})
				l.up(stored("manual", gw1))
				l.wire.Tap(nil)
				count = max(count, seen)
				time.Sleep(5 * time.Second)
				if back := l.pings(3, time.Millisecond); back != 3 {
					t.Errorf("%d of 3 packets came back", back)
				}
				if n := g.Attempts(); n != 1 {
					t.Errorf("the password was checked %d times", n)
				}
				if err := l.c.Disconnect(context.Background()); err != nil {
					t.Error(err)
				}
				time.Sleep(time.Second)
				if got := g.Sessions(); len(got) != 0 {
					t.Errorf("the gateway still has %+v", got)
				}
			})
		})
	}
	connect("undisturbed", -1, gateway.Pass)
	if count < 8 {
		t.Fatalf("%d datagrams in a connect", count)
	}
	for n := range count {
		for name, fate := range map[string]gateway.Fate{"lost": gateway.Lose, "doubled": gateway.Double, "late": gateway.Late} {
			connect(fmt.Sprintf("%d %s", n, name), n, fate)
		}
	}
}

// A gateway that is reached by one name with a dead and a living address is found.
func TestNextAddress(t *testing.T) {
	inLab(t, func(l *lab) {
		l.serve(gw2, nil)
		l.addrs = []netip.Addr{netip.MustParseAddr(gw1), netip.MustParseAddr(gw2)}
		s := l.up(stored("manual", "vpn.example.com"))
		if s.ISAKMP.Remote != gw2+":4500" || s.Peers[0].Address != gw2+":500" || s.State != status.Active {
			t.Errorf("%+v", s.Peers)
		}
	})
}
