package host

import (
	"net/netip"
	"slices"
	"strings"
	"testing"
)

// router is a machine with an outside link, and a network behind each of lan0 and lan1; a further one is behind a
// router on lan1.
func router(t *testing.T) *model {
	m := laptop(t)
	m.links = []LinkView{{"lo", 65536, true}, {"wan0", 1500, true}, {"lan0", 1500, true}, {"lan1", 1500, true}}
	m.addrs = []Address{{"wan0", prefix("192.0.2.2/24")}, {"lan0", prefix("10.5.0.1/24")}, {"lan1", prefix("10.6.1.1/24")}}
	m.routes = []SeenRoute{
		{Route: Route{Dst: prefix("0.0.0.0/0"), Via: addr("192.0.2.1"), Link: "wan0"}},
		{Route: Route{Dst: prefix("192.0.2.0/24"), Link: "wan0", Src: addr("192.0.2.2")}},
		{Route: Route{Dst: prefix("10.5.0.0/24"), Link: "lan0", Src: addr("10.5.0.1")}},
		{Route: Route{Dst: prefix("10.6.1.0/24"), Link: "lan1", Src: addr("10.6.1.1")}},
		{Route: Route{Dst: prefix("10.7.0.0/16"), Via: addr("10.6.1.254"), Link: "lan1"}},
		{Route: Route{Dst: prefix("10.5.0.99/32"), Via: addr("192.0.2.66"), Link: "wan0"}}, // what a rogue DHCP server announces
	}
	return m
}

func extension(behind ...string) Config {
	return Config{Interface: "ezvpn0", MTU: 1400, Routes: prefixes("10.0.0.0/8"), Gateways: addrs("203.0.113.1"), Forward: prefixes(behind...)}
}

func TestForwarders(t *testing.T) {
	for _, c := range []struct {
		name   string
		behind []string
		links  []string
		note   string
	}{
		{"none", nil, nil, ""},
		{"an address in it", []string{"10.5.0.0/24"}, []string{"ezvpn0", "lan0"}, "lan0 forwards packets between network 10.5.0.0/24 and the tunnel"},
		{"part of the link's network", []string{"10.6.1.128/25"}, []string{"ezvpn0", "lan1"}, "this machine has no address in the networks behind it"},
		{"a route by a router", []string{"10.7.0.0/16"}, []string{"ezvpn0", "lan1"}, "this machine has no address in the networks behind it"},
		{"part of a routed one", []string{"10.7.3.0/24"}, []string{"ezvpn0", "lan1"}, ""},
		{"one link for two networks", []string{"10.6.1.0/24", "10.7.0.0/16"}, []string{"ezvpn0", "lan1"}, ""},
		{"a network in parts", []string{"10.6.0.0/15"}, []string{"ezvpn0", "lan1"}, ""},
		{"behind the outside link too", []string{"192.0.2.0/24"}, []string{"ezvpn0", "wan0"}, ""},
		{"no link has it", []string{"172.20.0.0/16"}, []string{"ezvpn0"}, "network 172.20.0.0/16 is behind no interface of this machine"},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := router(t)
			m.plug("ezvpn0")
			h := machineOf(m, t.TempDir()+"/state")
			must(t, h.Apply(extension(c.behind...)))
			if !slices.Equal(m.forwarding, c.links) {
				t.Errorf("%v forward, want %v", m.forwarding, c.links)
			}
			if notes := strings.Join(h.Notes(), "\n"); !strings.Contains(notes, c.note) {
				t.Errorf("notes\n%s\nwant %q", notes, c.note)
			}
		})
	}
}

// Without an inside address the machine speaks with the one it has behind itself; with one, the kernel takes that.
func TestSourceOfTheMachine(t *testing.T) {
	for _, c := range []struct {
		behind, inside []string
		want           netip.Addr
	}{
		{[]string{"10.7.0.0/16", "10.6.1.0/24", "10.5.0.0/24"}, nil, addr("10.6.1.1")},
		{[]string{"10.7.0.0/16"}, nil, netip.Addr{}},
		{[]string{"10.5.0.0/24"}, []string{"10.9.0.5/32"}, netip.Addr{}},
	} {
		m := router(t)
		m.plug("ezvpn0")
		want := extension(c.behind...)
		want.Addresses = prefixes(c.inside...)
		must(t, machineOf(m, t.TempDir()+"/state").Apply(want))
		if r, ok := m.routesView().holder(prefix("10.0.0.0/8"), 0); !ok || r.Src != c.want {
			t.Errorf("behind %v, inside %v: route %v, want source %v", c.behind, c.inside, r, c.want)
		}
	}
}

// A pushed network that is the one behind this machine, or lies in it, must not send its hosts' answers back.
func TestNetworkBehindStaysOutOfTheTunnel(t *testing.T) {
	m := router(t)
	m.plug("ezvpn0")
	c := extension("10.5.0.0/24")
	c.Routes = prefixes("0.0.0.0/0", "10.5.0.0/24", "10.5.0.128/25")
	h := machineOf(m, t.TempDir()+"/state")
	must(t, h.Apply(c))
	for to, want := range map[string]string{"10.5.0.7": "lan0", "10.5.0.200": "lan0", "10.5.1.7": "ezvpn0", "203.0.113.1": "wan0"} {
		if got := m.carries(to); got != want {
			t.Errorf("packet to %s goes to %q, want %q", to, got, want)
		}
	}
	if notes := strings.Join(h.Notes(), "\n"); !strings.Contains(notes, "10.5.0.128/25 stays outside: it lies behind this machine") || strings.Contains(notes, "10.5.0.0/24 passes beside") ||
		!strings.Contains(notes, "10.5.0.99/32 passes beside") {
		t.Errorf("notes\n%s", notes)
	}
}

func TestForwardAgainEmptiedAndReverted(t *testing.T) {
	m := router(t)
	m.forwarding = []string{"lan1"} // the user's own
	before := m.state()
	m.plug("ezvpn0")
	h := machineOf(m, t.TempDir()+"/state")
	c := extension("10.5.0.0/24", "10.6.1.0/24")
	must(t, h.Apply(c))
	steps := m.steps
	must(t, h.Apply(c))
	if m.steps != steps {
		t.Errorf("second Apply took %d steps", m.steps-steps)
	}
	c.Forward = nil
	must(t, h.Apply(c))
	if !slices.Equal(m.forwarding, []string{"lan1"}) {
		t.Errorf("%v forward when nothing should but the user's", m.forwarding)
	}
	c.Forward = prefixes("10.5.0.0/24")
	must(t, h.Apply(c))
	must(t, h.Revert())
	if m.state() != before {
		t.Errorf("after Revert\n%s\nwant\n%s", m.state(), before)
	}
}

// Somebody else switches the whole machine while the tunnel is up: that is kept.
func TestForwardingOfOthersIsKept(t *testing.T) {
	for _, c := range []struct {
		name   string
		before bool // the whole machine, but not lan0
		change func(*model)
		want   []string
	}{
		{"nobody", false, func(*model) {}, nil},
		{"a container engine switches it on", false, func(m *model) { m.forwardAll(true) }, []string{"ezvpn0", "lan0", "lan1", "lo", "wan0"}},
		{"somebody switches it off", false, func(m *model) { m.forwardAll(false) }, nil},
		{"on before, but not for lan0", true, func(*model) {}, []string{"ezvpn0", "lan1", "lo", "wan0"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := router(t)
			m.plug("ezvpn0")
			m.forwardAll(c.before)
			m.forwarding = slices.DeleteFunc(m.forwarding, func(l string) bool { return l == "lan0" })
			dir := t.TempDir() + "/state"
			must(t, machineOf(m, dir).Apply(extension("10.5.0.0/24")))
			c.change(m)
			must(t, machineOf(m, dir).Revert())
			slices.Sort(m.forwarding)
			if !slices.Equal(m.forwarding, c.want) {
				t.Errorf("%v forward, want %v", m.forwarding, c.want)
			}
		})
	}
}

// Packets of the networks behind must not leave in the clear while the routes come or go.
func TestForwardingIsInsideTheRoutes(t *testing.T) {
	m := router(t)
	m.plug("ezvpn0")
	h := machineOf(m, t.TempDir()+"/state")
	m.after = func() {
		if slices.Contains(m.forwarding, "lan0") && m.carries("10.1.2.3") != "ezvpn0" {
			t.Error("lan0 forwards, and the tunnel has no route")
		}
	}
	must(t, h.Apply(extension("10.5.0.0/24")))
	must(t, h.Revert())
}

func TestHostileForward(t *testing.T) {
	for name, p := range map[string]netip.Prefix{
		"invalid": {}, "everything": prefix("0.0.0.0/0"), "host bits": prefix("10.5.0.1/24"), "IPv6": prefix("2001:db8::/32"),
		"loopback": prefix("127.0.0.0/8"), "multicast": prefix("224.0.0.0/4"), "link-local": prefix("169.254.0.0/16"),
	} {
		c := extension()
		c.Forward = []netip.Prefix{p}
		if err := check(c); err == nil || !strings.Contains(err.Error(), "cannot be behind this machine") {
			t.Errorf("%s: %v", name, err)
		}
	}
	c := extension()
	c.Forward = slices.Repeat(prefixes("10.5.0.0/24"), 5000)
	if check(c) == nil {
		t.Error("thousands of networks are taken")
	}
	must(t, check(extension("10.5.0.0/24", "192.168.7.4/32")))
}
