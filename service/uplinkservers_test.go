package service

import (
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"testing"

	"ezvpn/tunnel/host"
)

func parseAddrs(list ...string) (out []netip.Addr) {
	for _, s := range list {
		out = append(out, netip.MustParseAddr(s))
	}
	return out
}

// TestUplinkServers goes through what the ways of setting name service leave in the list of the machine.
func TestUplinkServers(t *testing.T) {
	full := host.DNS{Mode: host.DNSFull, Servers: parseAddrs("10.20.0.53")}
	split := host.DNS{Mode: host.DNSSplit, Servers: parseAddrs("10.20.0.53", "10.20.0.54")}
	for name, c := range map[string]struct {
		before []netip.Addr
		set    []host.DNS
		during []netip.Addr
		want   string
	}{
		"no name service of the tunnel": {parseAddrs("192.0.2.53"), []host.DNS{{Mode: host.DNSOff, Servers: full.Servers}}, parseAddrs("192.0.2.53"), "[]"},
		"no servers pushed":             {parseAddrs("192.0.2.53"), []host.DNS{{Mode: host.DNSFull}}, parseAddrs("192.0.2.53"), "[]"},
		"the file is replaced":          {parseAddrs("192.0.2.53", "192.0.2.54"), []host.DNS{full}, parseAddrs("10.20.0.53"), "[192.0.2.53:53 192.0.2.54:53]"},
		"one former server behind":      {parseAddrs("192.0.2.53", "192.0.2.54"), []host.DNS{split}, parseAddrs("10.20.0.53", "10.20.0.54", "192.0.2.53"), "[192.0.2.53:53 192.0.2.54:53]"},
		"resolved lists both":           {parseAddrs("192.0.2.53"), []host.DNS{full}, parseAddrs("10.20.0.53", "192.0.2.53"), "[192.0.2.53:53]"},
		"moved to another network":      {parseAddrs("192.0.2.53"), []host.DNS{full}, parseAddrs("198.51.100.1"), "[198.51.100.1:53 192.0.2.53:53]"},
		"another gateway's servers":     {parseAddrs("192.0.2.53"), []host.DNS{full, split}, parseAddrs("10.20.0.54", "10.20.0.53"), "[192.0.2.53:53]"},
		"the uplink's is pushed too":    {parseAddrs("10.20.0.53"), []host.DNS{full}, parseAddrs("10.20.0.53"), "[10.20.0.53:53]"},
		"nothing was known":             {nil, []host.DNS{full}, parseAddrs("10.20.0.53"), "[]"},
		"IPv6":                          {parseAddrs("2001:db8::53"), []host.DNS{full}, parseAddrs("10.20.0.53"), "[[2001:db8::53]:53]"},
	} {
		now := c.before
		u := &uplinkServers{read: func() []netip.Addr { return append([]netip.Addr(nil), now...) }}
		for _, d := range c.set {
			u.setting(d)
			now = c.during
		}
		if got := fmt.Sprint(u.list()); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
		u.gone()
		if got := u.list(); got != nil {
			t.Errorf("%s: %v after the tunnel", name, got)
		}
	}
}

func TestNameServers(t *testing.T) {
	for text, want := range map[string]string{
		"":                        "[] false",
		"nameserver 192.0.2.53\n": "[192.0.2.53] false",
		"# nameserver 192.0.2.1\nsearch a.example\nnameserver\t2001:db8::1 x\nnameserver 192.0.2.53": "[2001:db8::1 192.0.2.53] false",
		"nameserver 127.0.0.53\noptions edns0 trust-ad\n":                                            "[] true",
		"nameserver 127.0.0.54\nnameserver 127.0.0.1\n":                                              "[127.0.0.1] true",
		"nameserver vpn\nnameserver 192.0.2\nnameserver\nNAMESERVER 192.0.2.1\n\x00\xff":             "[] false",
		"nameserver 192.0.2.1\nnameserver ::ffff:192.0.2.1\n":                                        "[192.0.2.1] false",
	} {
		path := filepath.Join(t.TempDir(), "resolv.conf")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		servers, stub := nameServers(path)
		if got := fmt.Sprint(servers, stub); got != want {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
	}
	if servers, stub := nameServers(filepath.Join(t.TempDir(), "none")); servers != nil || stub {
		t.Error("no file lists servers")
	}
}

// ways is a machine with one answer.
type ways struct {
	uplink host.Uplink
	err    error
}

func (w ways) Uplink(netip.Addr) (host.Uplink, error) { return w.uplink, w.err }

// TestDialOutside: a server is asked over the link of the uplink, one on this machine without a link, and none at all
// where there is no way but the tunnel.
func TestDialOutside(t *testing.T) {
	server, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	to := server.LocalAddr().(*net.UDPAddr).AddrPort()
	c, err := dialOutside(ways{uplink: host.Uplink{Link: "lo", Source: to.Addr()}})(t.Context(), "udp", to)
	if err != nil {
		t.Fatal(err)
	}
	c.Close()
	if _, err := dialOutside(ways{err: host.ErrNoUplink})(t.Context(), "udp", to); err != host.ErrNoUplink {
		t.Errorf("%v", err)
	}
}
