package client

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"ezvpn/client/profile"
	"ezvpn/ike"
	"ezvpn/ike/isakmp"
	"ezvpn/tunnel/host"
)

func prefixes(s ...string) (out []netip.Prefix) {
	for _, x := range s {
		out = append(out, netip.MustParsePrefix(x))
	}
	return out
}

func TestOffersGroupByDHGroup(t *testing.T) {
	p := func(groups ...uint16) *profile.Profile {
		var x profile.Profile
		for i, g := range groups {
			x.IKE.Proposals = append(x.IKE.Proposals, profile.Phase1{Cipher: 7, KeyBits: 128 + 64*i, Hash: 2, Group: g})
		}
		return &x
	}
	tests := []struct {
		groups []uint16
		want   string
	}{
		{[]uint16{14}, "[[14]]"},
		{[]uint16{14, 14, 14}, "[[14 14 14]]"},
		{[]uint16{14, 2}, "[[14] [2]]"},
		{[]uint16{2, 14, 2}, "[[2 2] [14]]"}, // the order of the profile holds, strong or not
		{[]uint16{19, 20, 14, 20, 19}, "[[19 19] [20 20] [14]]"},
	}
	for _, tt := range tests {
		var got [][]int
		bits := 0
		for _, o := range offers(p(tt.groups...)) {
			var g []int
			last := 0
			for _, x := range o {
				if x.KeyBits <= last {
					t.Errorf("%v: the order within a group changed", tt.groups)
				}
				last, bits = x.KeyBits, bits+1
				g = append(g, int(x.Group))
			}
			got = append(got, g)
		}
		if fmt.Sprint(got) != tt.want || bits != len(tt.groups) {
			t.Errorf("%v: %v, want %s", tt.groups, got, tt.want)
		}
	}
}

// RFC 2407 §4.6.2.1 numbers the kinds: 1 address, 2 FQDN, 3 user FQDN, 11 key ID.
func TestIdentity(t *testing.T) {
	tests := []struct {
		kind, name string
		want       uint8
		data       string
	}{
		{"key-id", "ezgroup", 11, "ezgroup"},
		{"fqdn", "vpn.example.com", 2, "vpn.example.com"},
		{"user-fqdn", "a@example.com", 3, "a@example.com"},
		{"address", "192.0.2.1", 1, "\xc0\x00\x02\x01"},
		{"address", "2001:db8::1", 0, ""},
		{"address", "name", 0, ""},
		{"unknown", "x", 0, ""},
	}
	for _, tt := range tests {
		id, err := identity(tt.kind, tt.name)
		if (err != nil) != (tt.want == 0) || id.Kind != tt.want || id.Data != tt.data {
			t.Errorf("%s %s: %v, %v", tt.kind, tt.name, id, err)
		}
	}
	for s, want := range map[string]uint8{"192.0.2.1": isakmp.IDIPv4, "a@b.example": isakmp.IDUserFQDN, "gw.example": isakmp.IDFQDN} {
		if id := peerIdentity(s); id == nil || id.Kind != want {
			t.Errorf("%s: %v", s, id)
		}
	}
	if peerIdentity("") != nil {
		t.Error("an empty peer_id accepts any")
	}
}

func TestHostConfig(t *testing.T) {
	gw := netip.MustParseAddr(gw1)
	dns := []netip.Addr{netip.MustParseAddr("10.20.0.53")}
	addr := netip.MustParseAddr("10.99.1.2")
	split := prefixes("10.20.0.0/16")
	tests := []struct {
		name    string
		net     ike.ModeConfig
		set     func(p *profile.Profile)
		routes  string
		exclude string
		dns     host.DNSMode
		domains string
		warn    int
	}{
		{name: "split", net: ike.ModeConfig{Address: addr, Include: split, DNS: dns, Domain: "corp.example", SplitDNS: []string{"corp.example", "lab.example"}},
			routes: "[10.20.0.0/16]", exclude: "[]", dns: host.DNSSplit, domains: "[corp.example lab.example]"},
		{name: "full", net: ike.ModeConfig{Address: addr, DNS: dns, Domain: "corp.example"},
			routes: "[0.0.0.0/0]", exclude: "[]", dns: host.DNSFull, domains: "[corp.example]"},
		{name: "full, but names are split by the profile", net: ike.ModeConfig{Address: addr, DNS: dns, Domain: "corp.example"},
			set:    func(p *profile.Profile) { p.DNS.Mode = "split" },
			routes: "[0.0.0.0/0]", exclude: "[]", dns: host.DNSSplit, domains: "[corp.example]"},
		{name: "names off", net: ike.ModeConfig{Address: addr, Include: split, DNS: dns, Domain: "corp.example"},
			set:    func(p *profile.Profile) { p.DNS.Mode = "off" },
			routes: "[10.20.0.0/16]", exclude: "[]", dns: host.DNSOff, domains: "[corp.example]"},
		{name: "no servers", net: ike.ModeConfig{Address: addr, Include: split, Domain: "corp.example"},
			routes: "[10.20.0.0/16]", exclude: "[]", dns: host.DNSOff, domains: "[]"},
		{name: "servers without a domain", net: ike.ModeConfig{Address: addr, Include: split, DNS: dns},
			routes: "[10.20.0.0/16]", exclude: "[]", dns: host.DNSOff, domains: "[]", warn: 1},
		{name: "hostile domains", net: ike.ModeConfig{Address: addr, Include: split, DNS: dns, Domain: "corp.example\nnameserver 192.0.2.66",
			SplitDNS: []string{"$(reboot)", "ok.example", "..", strings.Repeat("a", 64) + ".example", "a b"}},
			routes: "[10.20.0.0/16]", exclude: "[]", dns: host.DNSSplit, domains: "[ok.example]", warn: 5},
		{name: "the gateway may not keep networks outside", net: ike.ModeConfig{Address: addr, Exclude: prefixes("192.168.1.0/24")},
			routes: "[0.0.0.0/0]", exclude: "[]", dns: host.DNSOff, domains: "[]", warn: 1},
		{name: "local networks, if the profile says so", net: ike.ModeConfig{Address: addr, Exclude: prefixes("192.168.1.0/24", "172.16.0.0/12", "10.0.0.0/8")},
			set:    func(p *profile.Profile) { p.Routes.LocalLAN = true },
			routes: "[0.0.0.0/0]", exclude: "[192.168.1.0/24 172.16.0.0/12 10.0.0.0/8]", dns: host.DNSOff, domains: "[]"},
		{name: "and only if they are private from end to end", net: ike.ModeConfig{Address: addr, Exclude: prefixes("8.8.8.0/24", "10.0.0.0/7", "192.168.0.0/1", "0.0.0.0/0", "172.16.0.0/8")},
			set:    func(p *profile.Profile) { p.Routes.LocalLAN = true },
			routes: "[0.0.0.0/0]", exclude: "[]", dns: host.DNSOff, domains: "[]", warn: 5},
		{name: "the profile's own exceptions", net: ike.ModeConfig{Address: addr},
			set:    func(p *profile.Profile) { p.Routes.Exclude = prefixes("192.0.2.0/24"); p.Routes.Metric = 7 },
			routes: "[0.0.0.0/0]", exclude: "[192.0.2.0/24]", dns: host.DNSOff, domains: "[]"},
		{name: "what the engine refused is told", net: ike.ModeConfig{Address: addr, Include: split, Dropped: []string{"INTERNAL_IP4_DNS: no address"}},
			routes: "[10.20.0.0/16]", exclude: "[]", dns: host.DNSOff, domains: "[]", warn: 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := testProfile("auto", gw1)
			if tt.set != nil {
				tt.set(p)
			}
			c, warnings := hostConfig(p, tt.net, []netip.Addr{gw})
			if fmt.Sprint(c.Routes) != tt.routes || fmt.Sprint(c.Exclude) != tt.exclude || c.DNS.Mode != tt.dns || fmt.Sprint(c.DNS.Domains) != tt.domains {
				t.Errorf("routes %v, outside %v, names %+v", c.Routes, c.Exclude, c.DNS)
			}
			if len(warnings) != tt.warn {
				t.Errorf("warnings %q, want %d", warnings, tt.warn)
			}
			if !slices.Equal(c.Gateways, []netip.Addr{gw}) || c.Metric != p.Routes.Metric || fmt.Sprint(c.Addresses) != "[10.99.1.2/32]" {
				t.Errorf("gateways %v, metric %d, addresses %v", c.Gateways, c.Metric, c.Addresses)
			}
		})
	}
}

// The same inputs are not changed: they stay in the machine.
func TestHostConfigSharesNothing(t *testing.T) {
	p := testProfile("auto", gw1)
	p.Routes.Exclude = append(make([]netip.Prefix, 0, 8), prefixes("192.0.2.0/24")...)
	p.Routes.LocalLAN = true
	n := ike.ModeConfig{Include: append(make([]netip.Prefix, 0, 8), prefixes("10.20.0.0/16")...), Exclude: prefixes("192.168.1.0/24")}
	a, _ := hostConfig(p, n, []netip.Addr{netip.MustParseAddr(gw1)})
	b, _ := hostConfig(p, n, []netip.Addr{netip.MustParseAddr(gw2)})
	a.Routes[0], a.Exclude[0], a.Gateways[0] = everything, everything, netip.Addr{}
	if b.Routes[0] == everything || n.Include[0] == everything || b.Exclude[0] == everything || p.Routes.Exclude[0] == everything || !b.Gateways[0].IsValid() {
		t.Error("two configurations share memory")
	}
}
