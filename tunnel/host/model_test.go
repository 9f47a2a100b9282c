package host

import (
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func prefix(s string) netip.Prefix { return netip.MustParsePrefix(s) }
func addr(s string) netip.Addr     { return netip.MustParseAddr(s) }

// model is a machine in memory that keeps the kernel's rules: one entry per destination and metric, and routes and
// addresses that go with their link.
type model struct {
	t          *testing.T
	links      []LinkView
	addrs      []Address
	routes     []SeenRoute
	marks      bool
	forwarding []string // links that forward
	allForward bool     // the switch of the whole machine
	resolv     resolvFile
	crash      int // the step, counted from 1, at which the process dies; negative: just after it
	steps      int
	after      func() // called after every step
}

type died struct{}

// laptop has Wi-Fi with a default route, its network, and a host route that the user made.
func laptop(t *testing.T) *model {
	m := &model{t: t, marks: true, links: []LinkView{{"lo", 65536, true}, {"wlan0", 1500, true}},
		addrs: []Address{{"wlan0", prefix("192.168.1.7/24")}},
		routes: []SeenRoute{
			{Route: Route{Dst: prefix("0.0.0.0/0"), Via: addr("192.168.1.1"), Link: "wlan0", Metric: 600}},
			{Route: Route{Dst: prefix("192.168.1.0/24"), Link: "wlan0", Src: addr("192.168.1.7"), Metric: 600}},
			{Route: Route{Dst: prefix("172.16.9.9/32"), Via: addr("192.168.1.254"), Link: "wlan0"}},
		},
		resolv: resolvFile{filepath.Join(t.TempDir(), "resolv.conf")}}
	m.write("# mine\nnameserver 192.168.1.1\noptions edns0\n")
	return m
}

func (m *model) write(s string) {
	m.t.Helper()
	if err := os.WriteFile(m.resolv.path, []byte(s), 0o644); err != nil {
		m.t.Fatal(err)
	}
}

func (m *model) plug(name string) { m.links = append(m.links, LinkView{Name: name, MTU: 1500}) }

func (m *model) unplug(name string) {
	m.links = slices.DeleteFunc(m.links, func(l LinkView) bool { return l.Name == name })
	m.addrs = slices.DeleteFunc(m.addrs, func(a Address) bool { return a.Link == name })
	m.forwarding = slices.DeleteFunc(m.forwarding, func(l string) bool { return l == name })
	m.routes = slices.DeleteFunc(m.routes, func(r SeenRoute) bool { return r.Link == name })
}

// forwardAll is what writing ip_forward does.
func (m *model) forwardAll(on bool) {
	m.allForward, m.forwarding = on, nil
	for _, l := range m.links {
		if on {
			m.forwarding = append(m.forwarding, l.Name)
		}
	}
}

func (m *model) system() system {
	return system{view: m.view, do: m.do, chooseDNS: func() (string, string) { return byFile, "nobody manages resolv.conf" },
		carriers: func(by string) carrier {
			c := m.resolv.carrier()
			set, clear := c.set, c.clear
			c.set = func(r dnsRecord) error { return m.mortal(func() error { return set(r) }) }
			c.clear = func(r dnsRecord) (note string, err error) {
				err = m.mortal(func() (err error) { note, err = clear(r); return err })
				return note, err
			}
			return c
		}}
}

// mortal runs a step, and dies before or after it when its turn has come.
func (m *model) mortal(step func() error) error {
	m.steps++
	if m.steps == m.crash {
		panic(died{})
	}
	err := step()
	if m.after != nil {
		m.after()
	}
	if m.steps == -m.crash {
		panic(died{})
	}
	return err
}

func (m *model) view() (MachineView, error) {
	return MachineView{Links: slices.Clone(m.links), Addresses: slices.Clone(m.addrs), Routes: slices.Clone(m.routes), Marks: m.marks,
		Forwarding: slices.Clone(m.forwarding), ForwardingAll: m.allForward}, nil
}

func (m *model) do(s step) error { return m.mortal(func() error { return m.change(s) }) }

func (m *model) change(s step) error {
	at := slices.IndexFunc(m.routes, func(r SeenRoute) bool { return r.Dst == s.Route.Dst && r.Metric == s.Route.Metric })
	link := slices.IndexFunc(m.links, func(l LinkView) bool { return l.Name == s.Link })
	switch s.Op {
	case opLink:
		if link < 0 {
			return errors.New("no such device")
		}
		m.links[link].MTU, m.links[link].Up = s.MTU, true
	case opForward:
		if link < 0 {
			return errors.New("no such device")
		}
		m.forwarding = put(m.forwarding, s.Link)
	case opUnforward:
		m.forwarding = slices.DeleteFunc(m.forwarding, func(l string) bool { return l == s.Link })
	case opAddAddress:
		m.addrs = append(m.addrs, s.Address)
	case opDelAddress:
		m.addrs = slices.DeleteFunc(m.addrs, func(a Address) bool { return a == s.Address })
	case opAddRoute:
		if at >= 0 {
			return errors.New("file exists")
		}
		m.routes = append(m.routes, SeenRoute{Route: s.Route, Marked: m.marks})
	case opSwapRoute:
		if at < 0 || m.marks && !m.routes[at].Marked {
			return fmt.Errorf("swap of what is not ours: %v", s)
		}
		m.routes[at] = SeenRoute{Route: s.Route, Marked: m.marks}
	case opDelRoute:
		if at >= 0 && m.routes[at].Route == s.Route {
			m.routes = slices.Delete(m.routes, at, at+1)
		}
	}
	return nil
}

// state is everything but the TUN devices' own flags, as text.
func (m *model) state() string {
	var b strings.Builder
	var lines []string
	for _, a := range m.addrs {
		lines = append(lines, fmt.Sprint("address ", a))
	}
	for _, r := range m.routes {
		lines = append(lines, fmt.Sprint("route ", r))
	}
	for _, l := range m.forwarding {
		lines = append(lines, "forwarding "+l)
	}
	slices.Sort(lines)
	b.WriteString(strings.Join(lines, "\n"))
	file, err := os.ReadFile(m.resolv.path)
	fmt.Fprintf(&b, "\nresolv.conf %q %v", file, err)
	return b.String()
}

// carries says where a packet to a goes: the link, "unreachable", or "" without a route.
func (m *model) carries(a string) string {
	var best *SeenRoute
	for i, r := range m.routes {
		if r.Dst.Contains(addr(a)) && (best == nil || r.Dst.Bits() > best.Dst.Bits() || r.Dst.Bits() == best.Dst.Bits() && r.Metric < best.Metric) {
			best = &m.routes[i]
		}
	}
	switch {
	case best == nil:
		return ""
	case best.Unreachable:
		return "unreachable"
	}
	return best.Link
}

func machineOf(m *model, dir string) *Machine {
	return &Machine{sys: m.system(), journal: journal{dir}}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func splitConfig() Config {
	return Config{Interface: "ezvpn0", MTU: 1400, Addresses: []netip.Prefix{prefix("10.9.0.5/32")},
		Routes: []netip.Prefix{prefix("10.0.0.0/8"), prefix("203.0.113.0/24")}, Gateways: []netip.Addr{addr("203.0.113.1")},
		DNS: DNS{Mode: DNSSplit, Servers: []netip.Addr{addr("10.0.0.53"), addr("198.18.0.53")}, Domains: []string{"corp.example"}, Search: []string{"corp.example"}}}
}

func fullConfig() Config {
	c := splitConfig()
	c.Routes = []netip.Prefix{prefix("0.0.0.0/0")}
	c.DNS.Mode = DNSFull
	return c
}
