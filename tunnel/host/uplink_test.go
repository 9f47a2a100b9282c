package host

import (
	"errors"
	"net/netip"
	"testing"
)

func TestUplink(t *testing.T) {
	v := MachineView{Marks: true,
		Addresses: []Address{{"lo", prefix("127.0.0.1/8")}, {"ezvpn0", prefix("10.9.0.5/32")}, {"eth0", prefix("198.51.100.9/24")}, {"eth0", prefix("192.0.2.2/24")},
			{"wlan0", prefix("192.168.1.7/24")}, {"ppp0", prefix("100.64.0.9/32")}},
		Routes: []SeenRoute{
			{Route: Route{Dst: prefix("0.0.0.0/0"), Via: addr("192.0.2.1"), Link: "eth0", Metric: 100}},
			{Route: Route{Dst: prefix("0.0.0.0/0"), Via: addr("192.168.1.1"), Link: "wlan0", Metric: 600}},
			{Route: Route{Dst: prefix("0.0.0.0/1"), Link: "ezvpn0"}, Marked: true},
			{Route: Route{Dst: prefix("203.0.113.1/32"), Via: addr("192.168.1.1"), Link: "wlan0"}, Marked: true}, // set when Wi-Fi was all there was
			{Route: Route{Dst: prefix("172.16.0.0/12"), Link: "ezvpn0"}},                                         // the user's own, into the tunnel
			{Route: Route{Dst: prefix("198.51.100.0/24"), Link: "eth0", Src: addr("198.51.100.9")}},
			{Route: Route{Dst: prefix("100.64.0.1/32"), Link: "ppp0"}},
			{Route: Route{Dst: prefix("100.70.0.0/16"), Link: "tun7"}},
			{Route: Route{Dst: prefix("100.71.0.0/16"), Via: addr("192.168.1.9"), Link: "wlan0"}, Dead: true},
			{Route: Route{Dst: prefix("2001:db8::/32"), Via: addr("fe80::1"), Link: "eth0", Metric: 1024}},
		}}
	eth := Uplink{"eth0", addr("192.0.2.2"), addr("192.0.2.1")}
	for _, c := range []struct {
		name, to string
		want     Uplink
	}{
		{"the default route of the lower metric, source in the next hop's network", "203.0.113.1", eth},
		{"past a route of the user into the tunnel", "172.20.0.1", eth},
		{"past a dead route", "100.71.0.1", eth},
		{"on link, with the preferred source", "198.51.100.77", Uplink{"eth0", addr("198.51.100.9"), netip.Addr{}}},
		{"on a link without a network", "100.64.0.1", Uplink{"ppp0", addr("100.64.0.9"), netip.Addr{}}},
		{"on a link without an address", "100.70.0.1", Uplink{"tun7", addr("198.51.100.9"), netip.Addr{}}},
		{"the machine itself", "192.168.1.7", Uplink{"wlan0", addr("192.168.1.7"), netip.Addr{}}},
		{"loopback", "127.0.0.53", Uplink{"lo", addr("127.0.0.53"), netip.Addr{}}},
		{"IPv6", "2001:db8::5", Uplink{"eth0", netip.Addr{}, addr("fe80::1")}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got, ok := v.uplink(addr(c.to), made{Links: []string{"ezvpn0"}}); !ok || got != c.want {
				t.Errorf("to %s: %v %v, want %v", c.to, got, ok, c.want)
			}
		})
	}
	if got, ok := v.uplink(addr("2620::1"), made{}); ok {
		t.Errorf("IPv6 without a route: %v", got)
	}
}

// The tunnel, full or not, up, moved or gone, is not seen.
func TestUplinkOfTheMachine(t *testing.T) {
	for _, marks := range []bool{true, false} {
		m := laptop(t)
		m.marks = marks
		h := machineOf(m, t.TempDir()+"/state")
		gateway := addr("203.0.113.1")
		is := func(when string, want Uplink) {
			t.Helper()
			if got, err := h.Uplink(gateway); err != nil || got != want {
				t.Errorf("%s: %v, %v, want %v", when, got, err, want)
			}
		}
		wifi := Uplink{"wlan0", addr("192.168.1.7"), addr("192.168.1.1")}
		is("before", wifi)
		m.plug("ezvpn0")
		must(t, h.Apply(fullConfig()))
		is("with a tunnel", wifi)
		m.plug("wwan0")
		m.addrs = append(m.addrs, Address{"wwan0", prefix("100.64.0.9/32")})
		m.routes = append(m.routes, SeenRoute{Route: Route{Dst: prefix("0.0.0.0/0"), Via: addr("100.64.0.1"), Link: "wwan0", Metric: 50}})
		is("after a better way came", Uplink{"wwan0", addr("100.64.0.9"), addr("100.64.0.1")})
		m.unplug("wwan0")
		m.unplug("wlan0")
		if got, err := h.Uplink(gateway); !errors.Is(err, ErrNoUplink) {
			t.Errorf("without a link: %v, %v", got, err)
		}
		must(t, h.Revert())
	}
}

// Where the tables cannot be read, the system's own choice is the answer.
func TestUplinkByConnecting(t *testing.T) {
	h := &Machine{sys: system{view: func() (MachineView, error) { return MachineView{}, ErrUnsupported }}}
	u, err := h.Uplink(addr("127.0.0.1"))
	if err != nil || u.Source != addr("127.0.0.1") || u.Link == "" {
		t.Errorf("to loopback: %v, %v", u, err)
	}
	if u, err := h.Uplink(netip.Addr{}); !errors.Is(err, ErrNoUplink) {
		t.Errorf("to nowhere: %v, %v", u, err)
	}
	broken := errors.New("broken")
	h.sys.view = func() (MachineView, error) { return MachineView{}, broken }
	if _, err := h.Uplink(addr("127.0.0.1")); !errors.Is(err, broken) {
		t.Errorf("a machine that cannot be read: %v", err)
	}
}
