//go:build interop && linux

package interop

import (
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"

	"ezvpn/client/status"
)

func groupProfile(gw gateway, group string) string {
	return fmt.Sprintf("peers = [%q]\n[group]\nname = %q\nkey = \"group-secret\"\n", gw.address(), group)
}

// TestCrash kills the service with a full tunnel up. The next start must put the machine back.
func TestCrash(t *testing.T) {
	for _, h := range []host{behindNAT, direct} {
		t.Run(string(h), func(t *testing.T) {
			last.onFailure(t, len(last.log(t)))
			before := h.settings(t)
			d := start(t, h)
			d.profile(t, "full", groupProfile(last, "ezfull"))
			d.up(t, "full")
			if h.settings(t) == before {
				t.Fatal("a full tunnel changed nothing")
			}
			resolves(t, h, "corp.example", "10.20.0.10")
			d.stop(t, syscall.SIGKILL)
			d = start(t, h)
			if now := h.settings(t); now != before {
				t.Errorf("the machine is not as before:\n%s\n--- before:\n%s", now, before)
			}
			h.run(t, "ping", "-c1", "-W2", "203.0.113.80")
			d.up(t, "full")
			h.run(t, "ping", "-c1", "-W2", "10.20.0.10")
			d.down(t)
			if now := h.settings(t); now != before {
				t.Errorf("the machine is not as before, after a second tunnel:\n%s\n--- before:\n%s", now, before)
			}
		})
	}
}

// TestGatewayInsidePushedNetwork shows that packets for the gateway stay outside, though its address lies inside what
// goes through the tunnel.
func TestGatewayInsidePushedNetwork(t *testing.T) {
	for _, c := range []struct{ group, covered string }{
		{"ezfull", "203.0.113.80"},  // 0.0.0.0/0
		{"ezcover", "198.51.100.1"}, // 198.51.100.0/24
	} {
		for _, h := range []host{behindNAT, direct} {
			t.Run(c.group+"-"+string(h), func(t *testing.T) {
				last.onFailure(t, len(last.log(t)))
				d := start(t, h)
				d.profile(t, c.group, groupProfile(last, c.group))
				d.up(t, c.group)
				tunnel := d.snapshot(t).Network.Interface
				if out := h.run(t, "ip", "route", "get", last.address()); !strings.Contains(out, "dev eth0") {
					t.Errorf("the way to the gateway is %q, want eth0", out)
				}
				if out := h.run(t, "ip", "route", "get", c.covered); !strings.Contains(out, "dev "+tunnel) {
					t.Errorf("the way to %s is %q, want %s", c.covered, out, tunnel)
				}
				h.run(t, "ping", "-c3", "-i0.2", "-W2", "10.20.0.10")
				h.blob(t, "get", "10.20.0.10", megabyte)
				d.down(t)
			})
		}
	}
}

// TestGatewayVanishes shows what the service does when the gateway is gone without a word.
func TestGatewayVanishes(t *testing.T) {
	before := behindNAT.settings(t)
	last.onFailure(t, len(last.log(t)))
	d := start(t, behindNAT)
	d.profile(t, "gone", groupProfile(last, "ezgroup")+"[dpd]\ninterval = 10\nretry = 2\nmode = \"periodic\"\n")
	d.up(t, "gone")
	network(t, "kill-gw", last.number())
	defer network(t, "revive-gw", last.number())
	var s status.Snapshot
	eventually(t, time.Minute, "the service sees that the gateway is gone", func() bool {
		s = d.snapshot(t)
		return s.State != status.Active
	})
	if s.Diagnosis == nil || s.Diagnosis.Cause != "peer-dead" {
		t.Errorf("diagnosis is %+v, want peer-dead", s.Diagnosis)
	}
	if r := d.ezvpn(t, "", "down"); r.code != 0 {
		t.Logf("ezvpn down says: %s%s", r.out, r.err)
	}
	if now := behindNAT.settings(t); now != before {
		t.Errorf("the machine is not as before:\n%s\n--- before:\n%s", now, before)
	}
}
