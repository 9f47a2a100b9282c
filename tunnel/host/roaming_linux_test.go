package host_test

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"os"
	"strings"
	"testing"

	"github.com/vishvananda/netlink"

	"ezvpn/tunnel/host"
)

// Each kind of change by others is told; the channel closes with its context.
func TestRealWatch(t *testing.T) {
	for _, mounted := range []bool{false, true} {
		w := newWorld(t, mounted)
		ctx, cancel := context.WithCancel(t.Context())
		events, err := host.Watch(ctx)
		must(t, err)
		for _, change := range []func(){
			func() { w.ip("addr", "add", "192.0.2.3/24", "dev", "eth0") },
			func() { w.ip("route", "add", "198.51.100.0/24", "via", "192.0.2.1") },
			func() { w.ip("link", "set", "eth0", "mtu", "1300") },
			func() { must(t, os.WriteFile("/etc/resolv.conf", []byte("nameserver 192.0.2.8\n"), 0o644)) },
			func() { w.ip("link", "set", "eth0", "down") },
			func() { w.ip("link", "set", "eth0", "up") },
			func() { w.ip("route", "add", "default", "via", "192.0.2.254") },
		} {
			change()
			if _, ok := <-events; !ok {
				t.Fatal("the watch ended by itself")
			}
		}
		cancel()
		for range events {
		}
	}
}

// settle waits for what a link does by itself after it was set up, so that nothing but the test changes the machine.
func settle(t *testing.T, names ...string) {
	t.Helper()
	for _, name := range names {
		for link(t, name).Attrs().OperState != netlink.OperUp {
		}
	}
}

// Each change of others is told; nothing of ours is, from the device that comes to the device that goes.
func TestRealWatchTellsOthersFromUs(t *testing.T) {
	w := newWorld(t, false)
	w.lan()
	for _, name := range []string{"eth0", "lan0"} {
		must(t, os.WriteFile("/proc/sys/net/ipv6/conf/"+name+"/disable_ipv6", []byte("1"), 0o644)) // it goes on by itself for a while
	}
	settle(t, "eth0", "lan0")
	h := host.New(host.Options{Dir: w.dir})
	tables := host.OpenTables(t)
	stop := 0
	told := func() []string {
		t.Helper()
		stop++
		to := fmt.Sprintf("198.18.77.%d", stop)
		w.ip("route", "add", "unreachable", to)
		return tables.Until(t, net.ParseIP(to))
	}
	told()
	dev := w.tun("ezvpn0")
	wide := extension()
	wide.Addresses = split().Addresses
	wide.Addresses[0] = netip.MustParsePrefix("10.9.0.5/24")
	for _, c := range []struct {
		name string
		ours func()
	}{
		{"the device comes", func() {}},
		{"split", func() { must(t, h.Apply(split())) }},
		{"full", func() { must(t, h.Apply(full())) }},
		{"network extension", func() { must(t, h.Apply(extension())) }},
		{"a wide address", func() { must(t, h.Apply(wide)) }},
		{"revert", func() { must(t, h.Revert()) }},
		{"the device goes", func() { must(t, dev.Close()) }},
		{"another comes", func() { w.tun("ezvpn0"); must(t, h.Apply(full())) }},
	} {
		c.ours()
		if got := told(); len(got) > 0 {
			t.Errorf("%s is told as a change: %q", c.name, got)
		}
	}
	for _, change := range []string{"addr add 192.0.2.3/24 dev eth0", "addr del 192.0.2.3/24 dev eth0", "route replace default via 192.0.2.254 metric 100",
		"route del default", "route add default via 192.0.2.1 dev ezvpn0 onlink metric 9", "link set eth0 down", "link set eth0 up", "link set lan0 mtu 1300"} {
		w.ip(strings.Fields(change)...)
		if len(told()) == 0 {
			t.Errorf("ip %s is not told", change)
		}
	}
	must(t, h.Revert())
}
