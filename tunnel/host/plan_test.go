package host

import (
	"net/netip"
	"slices"
	"strings"
	"testing"
)

func TestPlan(t *testing.T) {
	tun := LinkView{"ezvpn0", 1400, true}
	eth := LinkView{"eth0", 1500, true}
	way := SeenRoute{Route: Route{Dst: prefix("0.0.0.0/0"), Via: addr("192.0.2.1"), Link: "eth0", Src: addr("192.0.2.2")}}
	lan := SeenRoute{Route: Route{Dst: prefix("192.168.1.0/24"), Link: "eth0"}}
	ours := func(s string) SeenRoute { return SeenRoute{Route: Route{Dst: prefix(s), Link: "ezvpn0"}, Marked: true} }
	base := Config{Interface: "ezvpn0", MTU: 1400}
	with := func(change func(*Config)) Config { c := base; change(&c); return c }
	for _, c := range []struct {
		name   string
		made   made
		want   Config
		routes []SeenRoute
		steps  []string
		note   string
	}{
		{"nothing to do", made{}, base, []SeenRoute{way}, nil, ""},
		{"a network", made{}, with(func(c *Config) { c.Routes = prefixes("10.1.0.0/16") }), []SeenRoute{way},
			[]string{"add-route 10.1.0.0/16 dev ezvpn0 metric 0"}, ""},
		{"a network with host bits and a double", made{}, with(func(c *Config) { c.Routes = prefixes("10.1.2.3/16", "10.1.0.0/16"); c.Metric = 7 }), []SeenRoute{way},
			[]string{"add-route 10.1.0.0/16 dev ezvpn0 metric 7"}, ""},
		{"the way to the gateway comes first, by the same next hop and source", made{}, with(func(c *Config) { c.Routes = prefixes("0.0.0.0/0"); c.Gateways = addrs("203.0.113.1") }), []SeenRoute{way},
			[]string{"add-route 203.0.113.1/32 via 192.0.2.1 dev eth0 src 192.0.2.2 metric 0", "add-route ::/1 unreachable metric 1", "add-route 8000::/1 unreachable metric 1",
				"add-route 0.0.0.0/1 dev ezvpn0 metric 0", "add-route 128.0.0.0/1 dev ezvpn0 metric 0"}, "IPv6 is blocked"},
		{"a gateway outside the pushed networks needs no route", made{}, with(func(c *Config) { c.Routes = prefixes("10.0.0.0/8"); c.Gateways = addrs("203.0.113.1") }), []SeenRoute{way},
			[]string{"add-route 10.0.0.0/8 dev ezvpn0 metric 0"}, ""},
		{"a gateway on the local network", made{}, with(func(c *Config) { c.Routes = prefixes("192.168.0.0/16"); c.Gateways = addrs("192.168.1.9") }), []SeenRoute{way, lan},
			[]string{"add-route 192.168.1.9/32 dev eth0 metric 0", "add-route 192.168.0.0/16 dev ezvpn0 metric 0"}, "192.168.1.0/24 passes beside the tunnel: eth0"},
		{"the outside route is not looked for in the tunnel", made{Links: []string{"ezvpn0"}}, with(func(c *Config) { c.Routes = prefixes("10.0.0.0/8"); c.Gateways = addrs("10.0.0.1") }), []SeenRoute{way, ours("10.0.0.0/8")},
			[]string{"add-route 10.0.0.1/32 via 192.0.2.1 dev eth0 src 192.0.2.2 metric 0"}, ""},
		{"nor on the tunnel's device, whoever set it", made{}, with(func(c *Config) { c.Routes = prefixes("10.0.0.0/8"); c.Gateways = addrs("10.0.0.1") }), []SeenRoute{way, {Route: Route{Dst: prefix("10.0.0.0/8"), Link: "ezvpn0"}}},
			[]string{"add-route 10.0.0.1/32 via 192.0.2.1 dev eth0 src 192.0.2.2 metric 0"}, ""},
		{"no outside route: the gateway must not enter the tunnel", made{}, with(func(c *Config) { c.Routes = prefixes("10.0.0.0/8"); c.Gateways = addrs("10.0.0.1") }), nil,
			[]string{"add-route 10.0.0.1/32 unreachable metric 0", "add-route 10.0.0.0/8 dev ezvpn0 metric 0"}, "gateway 10.0.0.1 cannot be reached"},
		{"a dead link is no way", made{}, with(func(c *Config) { c.Routes = prefixes("10.0.0.0/8"); c.Gateways = addrs("10.0.0.1") }), []SeenRoute{{Route: way.Route, Dead: true}},
			[]string{"add-route 10.0.0.1/32 unreachable metric 0", "add-route 10.0.0.0/8 dev ezvpn0 metric 0"}, "gateway 10.0.0.1 cannot be reached"},
		{"the local network as pushed network", made{}, with(func(c *Config) { c.Routes = prefixes("192.168.1.0/24") }), []SeenRoute{way, lan},
			[]string{"add-route 192.168.1.0/25 dev ezvpn0 metric 0", "add-route 192.168.1.128/25 dev ezvpn0 metric 0"}, "192.168.1.0/24 is also a network of eth0"},
		{"another tunnel has the halves of the default route", made{}, with(func(c *Config) { c.Routes = prefixes("0.0.0.0/0") }),
			[]SeenRoute{way, {Route: Route{Dst: prefix("0.0.0.0/1"), Link: "tun7"}}, {Route: Route{Dst: prefix("::/1"), Metric: 1, Unreachable: true}}},
			[]string{"add-route 8000::/1 unreachable metric 1", "add-route 0.0.0.0/2 dev ezvpn0 metric 0", "add-route 64.0.0.0/2 dev ezvpn0 metric 0", "add-route 128.0.0.0/1 dev ezvpn0 metric 0"}, "0.0.0.0/1 is also"},
		{"a rogue DHCP server draws packets past the tunnel", made{}, with(func(c *Config) { c.Routes = prefixes("10.0.0.0/8") }),
			[]SeenRoute{way, {Route: Route{Dst: prefix("10.3.0.0/16"), Via: addr("192.0.2.66"), Link: "eth0", Metric: 100}}},
			[]string{"add-route 10.0.0.0/8 dev ezvpn0 metric 0"}, "10.3.0.0/16 passes beside the tunnel: eth0"},
		{"a user's host route is not overridden", made{}, with(func(c *Config) { c.Routes = prefixes("10.1.1.1/32") }), []SeenRoute{{Route: Route{Dst: prefix("10.1.1.1/32"), Link: "eth0"}}},
			nil, "10.1.1.1/32 stays outside"},
		{"an exclusion inside a network", made{}, with(func(c *Config) {
			c.Routes = prefixes("10.0.0.0/8")
			c.Exclude = prefixes("10.7.0.0/16", "172.16.0.0/12")
		}), []SeenRoute{way},
			[]string{"add-route 10.7.0.0/16 via 192.0.2.1 dev eth0 src 192.0.2.2 metric 0", "add-route 10.0.0.0/8 dev ezvpn0 metric 0"}, ""},
		{"a network inside an exclusion", made{}, with(func(c *Config) { c.Routes = prefixes("10.7.1.0/24"); c.Exclude = prefixes("10.7.0.0/16") }), []SeenRoute{way},
			nil, "10.7.1.0/24 stays outside"},
		{"what is no longer wanted goes last, the way to the gateway at the very end", made{Links: []string{"ezvpn0"}}, with(func(c *Config) { c.Routes = prefixes("10.2.0.0/16") }),
			[]SeenRoute{{Route: Route{Dst: prefix("203.0.113.1/32"), Via: addr("192.0.2.1"), Link: "eth0"}, Marked: true}, way, ours("10.1.0.0/16")},
			[]string{"add-route 10.2.0.0/16 dev ezvpn0 metric 0", "del-route 10.1.0.0/16 dev ezvpn0 metric 0", "del-route 203.0.113.1/32 via 192.0.2.1 dev eth0 metric 0"}, ""},
		{"a new next hop takes the old one's place in one step", made{}, with(func(c *Config) { c.Routes = prefixes("10.0.0.0/8"); c.Gateways = addrs("10.0.0.1") }),
			[]SeenRoute{way, ours("10.0.0.0/8"), {Route: Route{Dst: prefix("10.0.0.1/32"), Via: addr("192.0.2.254"), Link: "wlan0"}, Marked: true}},
			[]string{"swap-route 10.0.0.1/32 via 192.0.2.1 dev eth0 src 192.0.2.2 metric 0"}, ""},
		{"address and a device that is down", made{}, Config{Interface: "down0", MTU: 1300, Addresses: prefixes("10.9.9.9/32")}, nil,
			[]string{"add-address 10.9.9.9/32 on down0", "bring up down0 with mtu 1300"}, ""},
		{"a name server that is the gateway", made{}, with(func(c *Config) {
			c.Gateways = addrs("203.0.113.1")
			c.DNS = DNS{Mode: DNSFull, Servers: addrs("203.0.113.1", "10.0.0.53")}
		}), []SeenRoute{way}, []string{"add-route 10.0.0.53/32 dev ezvpn0 metric 0", "set-dns by resolv.conf"}, "name server 203.0.113.1 is the gateway itself"},
	} {
		t.Run(c.name, func(t *testing.T) {
			v := MachineView{Links: []LinkView{tun, eth, {Name: "down0"}}, Routes: c.routes, Marks: true, DNSBy: byFile}
			steps, notes, err := plan(c.made, c.want, v)
			must(t, err)
			var got []string
			for _, s := range steps {
				got = append(got, s.String())
			}
			if !slices.Equal(got, c.steps) {
				t.Errorf("steps\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(c.steps, "\n"))
			}
			if all := strings.Join(notes, "\n"); !strings.Contains(all, c.note) || c.note == "" && all != "" {
				t.Errorf("notes %q, want %q", all, c.note)
			}
		})
	}
}

func TestPlanRefuses(t *testing.T) {
	v := MachineView{Links: []LinkView{{"ezvpn0", 1400, true}}, Marks: true,
		Addresses: []Address{{"eth0", prefix("192.0.2.2/24")}},
		Routes:    []SeenRoute{{Route: Route{Dst: prefix("::/1"), Link: "tun9", Metric: 1}}}}
	for name, c := range map[string]Config{
		"is already the address of eth0":    {Interface: "ezvpn0", Addresses: prefixes("192.0.2.2/32")},
		"no interface ezvpn7":               {Interface: "ezvpn7"},
		"IPv6 would pass beside the tunnel": {Interface: "ezvpn0", Routes: prefixes("0.0.0.0/0")},
	} {
		if _, _, err := plan(made{}, c, v); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("plan: %v, want %q", err, name)
		}
	}
}

// Values that no honest gateway sends, each alone in a Config that is otherwise good.
func TestHostileConfig(t *testing.T) {
	must(t, check(splitConfig()))
	must(t, check(fullConfig()))
	for name, change := range map[string]func(*Config){
		"no interface":            func(c *Config) { c.Interface = "" },
		"interface is a path":     func(c *Config) { c.Interface = "../../etc" },
		"interface is an option":  func(c *Config) { c.Interface = "-f" },
		"tiny mtu":                func(c *Config) { c.MTU = 100 },
		"loopback address":        func(c *Config) { c.Addresses = prefixes("127.0.0.1/32") },
		"multicast address":       func(c *Config) { c.Addresses = prefixes("224.0.0.1/32") },
		"no address":              func(c *Config) { c.Addresses = prefixes("0.0.0.0/32") },
		"mask that covers all":    func(c *Config) { c.Addresses = prefixes("10.0.0.1/0") },
		"gateway's address":       func(c *Config) { c.Addresses = prefixes("203.0.113.1/32") },
		"multicast gateway":       func(c *Config) { c.Gateways = addrs("239.0.0.1") },
		"loopback network":        func(c *Config) { c.Routes = prefixes("127.0.0.0/8") },
		"part of loopback":        func(c *Config) { c.Routes = prefixes("127.0.0.53/32") },
		"cloud metadata":          func(c *Config) { c.Routes = prefixes("169.254.169.254/32") },
		"multicast network":       func(c *Config) { c.Routes = prefixes("224.0.0.0/4") },
		"this network":            func(c *Config) { c.Routes = prefixes("0.0.0.0/8") },
		"IPv6 network":            func(c *Config) { c.Routes = prefixes("2001:db8::/32") },
		"invalid network":         func(c *Config) { c.Routes = []netip.Prefix{{}} },
		"thousands of networks":   func(c *Config) { c.Routes = make([]netip.Prefix, 5000) },
		"half the Internet stays": func(c *Config) { c.Exclude = prefixes("0.0.0.0/1") },
		"everything stays":        func(c *Config) { c.Exclude = prefixes("0.0.0.0/0") },
		"loopback server":         func(c *Config) { c.DNS.Servers = addrs("127.0.0.53") },
		"server is nobody":        func(c *Config) { c.DNS.Servers = addrs("0.0.0.0") },
		"server is everybody":     func(c *Config) { c.DNS.Servers = addrs("255.255.255.255") },
		"mapped loopback server":  func(c *Config) { c.DNS.Servers = addrs("::ffff:127.0.0.1") },
		"link-local server":       func(c *Config) { c.DNS.Servers = addrs("fe80::1%eth0") },
		"invalid server":          func(c *Config) { c.DNS.Servers = []netip.Addr{{}} },
		"hundreds of servers":     func(c *Config) { c.DNS.Servers = make([]netip.Addr, 300) },
		"no server":               func(c *Config) { c.DNS.Servers = nil },
		"newline in a domain":     func(c *Config) { c.DNS.Domains = []string{"a.example\nnameserver 6.6.6.6"} },
		"shell in a domain":       func(c *Config) { c.DNS.Search = []string{"$(reboot).example"} },
		"root as a domain":        func(c *Config) { c.DNS.Domains = []string{"."} },
		"empty domain":            func(c *Config) { c.DNS.Domains = []string{""} },
		"dots":                    func(c *Config) { c.DNS.Domains = []string{"a..b"} },
		"option as a domain":      func(c *Config) { c.DNS.Search = []string{"-x"} },
		"long label":              func(c *Config) { c.DNS.Domains = []string{strings.Repeat("a", 64)} },
		"long name":               func(c *Config) { c.DNS.Domains = []string{strings.Repeat("a.", 127) + "b"} },
		"hundreds of domains":     func(c *Config) { c.DNS.Domains = slices.Repeat([]string{"a.example"}, 300) },
		"mode out of nowhere":     func(c *Config) { c.DNS.Mode = "everything" },
		"split without domains":   func(c *Config) { c.DNS.Domains = nil },
		"metric out of range":     func(c *Config) { c.Metric = -1 },
	} {
		t.Run(name, func(t *testing.T) {
			c := splitConfig()
			change(&c)
			m := laptop(t)
			m.plug("ezvpn0")
			if err := machineOf(m, t.TempDir()+"/state").Apply(c); err == nil {
				t.Error("applied")
			}
			if m.steps != 0 {
				t.Errorf("%d steps were done", m.steps)
			}
		})
	}
}

func FuzzParseJournal(f *testing.F) {
	f.Add([]byte(`{"version":1,"made":{"links":["ezvpn0"],"routes":[{"dst":"10.0.0.0/8","link":"ezvpn0","metric":0}]}}`))
	f.Add([]byte(`{"version":1,"made":{"links":["ezvpn0"],"forwarding":[{"link":"lan0"},{"link":"lan1","all":true}]}}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := parseJournal(b)
		if err != nil {
			return
		}
		if _, _, err := plan(m, Config{}, MachineView{Marks: true, Forwarding: []string{"lan0", "lan1"}}); err != nil {
			t.Errorf("a journal that was read cannot be undone: %v", err)
		}
	})
}

func prefixes(list ...string) []netip.Prefix {
	var out []netip.Prefix
	for _, s := range list {
		out = append(out, prefix(s))
	}
	return out
}

func addrs(list ...string) []netip.Addr {
	var out []netip.Addr
	for _, s := range list {
		out = append(out, addr(s))
	}
	return out
}

// A rogue network claims public addresses as its own; the private one of every home is not worth a word.
func TestFullTunnelTellsWhatPassesBeside(t *testing.T) {
	m := laptop(t)
	m.plug("ezvpn0")
	m.routes = append(m.routes, SeenRoute{Route: Route{Dst: prefix("8.8.8.0/24"), Link: "wlan0"}})
	h := machineOf(m, t.TempDir()+"/state")
	must(t, h.Apply(fullConfig()))
	notes := strings.Join(h.Notes(), "\n")
	if !strings.Contains(notes, "8.8.8.0/24 passes beside the tunnel: wlan0") || strings.Contains(notes, "192.168.1.0/24") {
		t.Errorf("notes\n%s", notes)
	}
}
