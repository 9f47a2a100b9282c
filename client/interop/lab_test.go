//go:build interop && linux

package interop

import (
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestLab shows that the network itself is in order: another client gets through it, and its gauges measure.
func TestLab(t *testing.T) {
	t.Run("vpnc-nat", func(t *testing.T) { vpnc(t, behindNAT) })
	t.Run("vpnc-nonat", func(t *testing.T) { vpnc(t, direct) })
	t.Run("counts-fragments", func(t *testing.T) {
		before := fragments(t)
		direct.run(t, "ping", "-c1", "-W2", "-s3000", gateway(1).address())
		if now := fragments(t); now == before {
			t.Error("a ping of 3000 bytes left no fragment to count")
		}
	})
	t.Run("inside-is-not-reachable-from-outside", func(t *testing.T) {
		for _, h := range []host{behindNAT, direct} {
			if h.try(t, "", "ping", "-c1", "-W1", "10.20.0.10").code == 0 {
				t.Errorf("%s reaches 10.20.0.10 without a tunnel", h)
			}
		}
	})
}

func fragments(t testing.TB) string { return strings.TrimSpace(network(t, "fragments")) }

func vpnc(t *testing.T, h host) {
	vpncUp(t, h)
	t.Cleanup(func() { vpncDown(t, h) })
	if who := h.blob(t, "whoami", "10.20.0.10"); who != "gw1" {
		t.Errorf("whoami says %q, want gw1", who)
	}
	h.blob(t, "get", "10.20.0.10", "1000000")
	h.blob(t, "put", "10.20.0.10", "1000000")
	resolves(t, h, "gw.corp.example", "10.20.1.10")
}

func vpncUp(t testing.TB, h host) {
	t.Helper()
	h.run(t, "vpnc", filepath.Join(lab, "run", string(h), "vpnc.conf"))
}

// vpncDown may run when the test has ended.
func vpncDown(t testing.TB, h host) {
	t.Helper()
	network(t, "in", string(h), "sh", "-c", "kill $(cat /run/vpnc.pid)")
	eventually(t, 10*time.Second, "vpnc takes its device away", func() bool {
		return !strings.Contains(network(t, "in", string(h), "ip", "-o", "link"), "tun")
	})
}

// resolves asks for a name as programs do, through the host's resolv.conf.
func resolves(t testing.TB, h host, name, want string) {
	t.Helper()
	r := h.try(t, "", "getent", "ahostsv4", name)
	if !strings.HasPrefix(r.out, want+" ") {
		t.Errorf("%s is %q, want %s", name, strings.TrimSpace(r.out), want)
	}
}
