package isakmp_test

import (
	"net/netip"
	"slices"
	"testing"

	"ezvpn/ike/capturetest"
	. "ezvpn/ike/isakmp"
)

// The recorded Mode Config reply says what the gateway of the recordings was configured with.
func TestRecordedModeConfig(t *testing.T) {
	addrs := func(s ...string) (out []netip.Addr) {
		for _, a := range s {
			out = append(out, netip.MustParseAddr(a))
		}
		return out
	}
	seen := 0
	plain(t, "01-vpnc-aggr-aes128-sha1", func(m capturetest.Message, h Header, body []byte) {
		ps, _, err := ParsePayloads(h.Next, body)
		if err != nil {
			t.Fatal(err)
		}
		c, ok := ps[len(ps)-1].Payload.(Config)
		if _, pool := Find(c.Attributes, ConfigIPv4Address); !ok || c.Kind != ConfigReply || !pool {
			return
		}
		seen++
		value := func(kind uint16) Attribute {
			a, ok := Find(c.Attributes, kind)
			if !ok {
				t.Errorf("no %s", ConfigName(kind))
			}
			return a
		}
		for kind, want := range map[uint16][]netip.Addr{
			ConfigIPv4Address: addrs("10.99.1.2"), ConfigIPv4Netmask: addrs("255.255.255.0"),
			ConfigIPv4DNS: addrs("10.20.0.53", "10.20.0.54"), ConfigIPv4NBNS: addrs("10.20.0.55"),
		} {
			if got, refused := Addrs(c.Attributes, kind); !slices.Equal(got, want) || refused != 0 {
				t.Errorf("%s is %v", ConfigName(kind), got)
			}
		}
		if nets, _, err := value(UnitySplitInclude).Networks(); err != nil || !slices.Equal(nets, prefixes("10.20.0.0/16")) {
			t.Errorf("split networks are %v, %v", nets, err)
		}
		if names, _ := value(UnitySplitDNS).Domains(); !slices.Equal(names, []string{"corp.example", "lab.example"}) {
			t.Errorf("split DNS is %q", names)
		}
		if got := value(UnityBackupServers).Servers(); !slices.Equal(got, []string{"198.51.100.102", "198.51.100.103"}) {
			t.Errorf("backup servers are %q", got)
		}
		if n, ok := value(UnitySavePassword).Uint(); !ok || n != 1 || value(UnitySavePassword).Basic {
			t.Errorf("SAVE_PASSWD is %d, written as a variable attribute", n)
		}
		if got := string(value(UnityDefaultDomain).Value); got != "corp.example" {
			t.Errorf("domain is %q", got)
		}
	})
	if seen != 1 {
		t.Errorf("%d replies with an address, want 1", seen)
	}
}
