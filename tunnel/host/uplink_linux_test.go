package host_test

import (
	"errors"
	"net"
	"net/netip"
	"testing"

	"github.com/vishvananda/netlink"

	"ezvpn/tunnel/host"
)

// What the tables say without a tunnel is what the kernel does; with one, and as networks change, it stays true.
func TestRealUplink(t *testing.T) {
	w := newWorld(t, false)
	h := host.New(host.Options{Dir: w.dir})
	gateway := netip.MustParseAddr("10.50.0.1")
	is := func(when string, want host.Uplink) {
		t.Helper()
		if got, err := h.Uplink(gateway); err != nil || got != want {
			t.Errorf("%s: %v, %v, want %v", when, got, err, want)
		}
	}
	eth := host.Uplink{Link: "eth0", Source: netip.MustParseAddr("192.0.2.2"), Via: netip.MustParseAddr("192.0.2.1")}
	is("before", eth)
	for _, to := range []string{"10.50.0.1", "192.0.2.9", "10.77.1.1", "127.0.0.1", "192.0.2.2"} {
		kernel, err := netlink.RouteGet(net.ParseIP(to))
		must(t, err)
		src, _ := netip.AddrFromSlice(kernel[0].Src)
		via, _ := netip.AddrFromSlice(kernel[0].Gw)
		if u, err := h.Uplink(netip.MustParseAddr(to)); err != nil || u.Source != src.Unmap() || u.Via != via.Unmap() {
			t.Errorf("to %s: %v, %v; the kernel says from %v via %v", to, u, err, src, via)
		}
	}
	w.tun("ezvpn0")
	must(t, h.Apply(full()))
	is("in a full tunnel", eth)
	w.ip("route", "replace", "default", "via", "192.0.2.254", "metric", "100")
	eth.Via = netip.MustParseAddr("192.0.2.254")
	is("with another router, before Apply", eth)
	must(t, h.Apply(full()))
	is("with another router, after Apply", eth)
	w.ip("addr", "add", "192.0.2.77/24", "dev", "eth0")
	w.ip("route", "replace", "default", "via", "192.0.2.254", "metric", "100", "src", "192.0.2.77")
	eth.Source = netip.MustParseAddr("192.0.2.77")
	is("with another source", eth)
	w.ip("link", "set", "eth0", "down")
	if u, err := h.Uplink(gateway); !errors.Is(err, host.ErrNoUplink) {
		t.Errorf("without a link: %v, %v", u, err)
	}
}
