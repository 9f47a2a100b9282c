//go:build interop && linux

package interop

import (
	"strings"
	"testing"
	"time"
)

// branch is a host behind the host router, with an address in each of two networks.
const branch host = "branch"

var branchAddresses = []string{"10.50.1.10", "10.60.1.10"}

// TestRemoteNetworkExtension connects the networks behind a client with those behind the gateway. The hosts on both sides
// know nothing of it, and each opens connections to the other.
func TestRemoteNetworkExtension(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ mode, group string }{
		{"network-extension", "ezbranch"}, {"network-extension-plus", "ezbranchplus"},
	} {
		t.Run(c.mode, func(t *testing.T) { extend(t, c.mode, c.group) })
	}
}

func extend(t *testing.T, mode, group string) {
	h, behind := router.host, host("in"+steadfast.number())
	steadfast.onFailure(t, len(steadfast.log(t)))
	forwarding, before := h.forwarding(t), h.settings(t)
	d := router.connect(t, router.profile(group, "auto", "mode = \""+mode+"\"\n"+periodic+
		"[inside]\nnetworks = [\"10.50.1.0/24\", \"10.60.1.0/24\"]\n", steadfast))
	defer func() {
		d.end(t)
		if now := h.forwarding(t); now != forwarding {
			t.Errorf("forwarding is not as before:\n%s\n--- before:\n%s", now, forwarding)
		}
		if now := h.settings(t); now != before {
			t.Errorf("the machine is not as before:\n%s\n--- before:\n%s", now, before)
		}
	}()
	defer h.tight(t)()
	for _, from := range branchAddresses {
		eventually(t, 10*time.Second, "the IPsec SA of "+from+" is there", func() bool {
			return branch.try(t, "", "ping", "-c1", "-W1", "-I", from, inside).code == 0
		})
		branch.run(t, "ping", "-c3", "-i0.2", "-W2", "-I", from, inside)
		behind.run(t, "ping", "-c3", "-i0.2", "-W2", from)
		t.Log(behind.blob(t, "get", from, megabyte))
		t.Log(behind.blob(t, "put", from, megabyte))
	}
	if who := branch.blob(t, "whoami", inside); who != "gw"+steadfast.number() {
		t.Errorf("whoami says %q, want gw%d", who, steadfast)
	}
	t.Log(branch.blob(t, "get", inside, megabyte))
	t.Log(branch.blob(t, "put", inside, megabyte))
	if s := d.snapshot(t); mode == "network-extension-plus" {
		if s.Network == nil || !strings.HasPrefix(s.Network.Address.String(), "10.99."+steadfast.number()+".") {
			t.Errorf("network is %+v, want an address of the gateway", s.Network)
		}
		h.run(t, "ping", "-c1", "-W2", inside)
	} else if s.Network != nil && s.Network.Address.IsValid() && strings.HasPrefix(s.Network.Address.String(), "10.99.") {
		t.Errorf("the gateway gave the address %v, though none was wanted", s.Network.Address)
	}
}

// forwarding is what makes a router of a host.
func (h host) forwarding(t testing.TB) string {
	t.Helper()
	out := h.run(t, "sh", "-c", "grep . /proc/sys/net/ipv4/ip_forward /proc/sys/net/ipv4/conf/*/forwarding "+
		"/proc/sys/net/ipv6/conf/*/forwarding; nft list ruleset")
	if !strings.Contains(out, "ip_forward:0") {
		t.Fatalf("the host forwards before anybody asked for it:\n%s", out)
	}
	return out
}
