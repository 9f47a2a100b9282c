//go:build interop && linux

package interop

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"ezvpn/client/status"
)

// remote is a client of the tests that last long. Each has a host and a user of its own, so that all run at once.
type remote struct {
	host host
	user string
}

var (
	failingOver = remote{"failover", "alice"} // with gateways of its own
	patient     = remote{direct, "alice"}     // likewise
	rekeying    = remote{"rekey", "alice"}
	rekeyingNAT = remote{behindNAT, "heidi"}
	reauthed    = remote{"reauth", "bob"}
	lossy       = remote{"lossy", "carol"}
	mobile      = remote{"mobile", "dave"}
	roamer      = remote{"roamer", "erin"}
	router      = remote{"router", "frank"}
	idling      = remote{"idle", "grace"}
	wanted      = remote{"traffic", "ivan"}
	weathered   = remote{"weather", "judy"}
)

// steadfast is the gateway that nothing is done to, with many clients.
const steadfast gateway = 7

// inside is the host that every gateway has behind it.
const inside = "10.20.0.10"

const periodic = "[dpd]\ninterval = 10\nretry = 2\nmode = \"periodic\"\n"

// row is the peers of the failover tests, in their order; spare is that of those who run beside them.
var (
	row   = []gateway{4, 5, 6}
	spare = []gateway{1, 2, 3}
)

// profile is one that asks nobody.
func (r remote) profile(group, connect, more string, gws ...gateway) string {
	var peers []string
	for _, g := range gws {
		peers = append(peers, strconv.Quote(g.address()))
	}
	return fmt.Sprintf("connect = %q\npeers = [%s]\n%s[group]\nname = %q\nkey = \"group-secret\"\n"+
		"[xauth]\nusername = %q\npassword = \"%[5]s-pw\"\n", connect, strings.Join(peers, ", "), more, group, r.user)
}

// connect starts the service with one profile and waits for its tunnel.
func (r remote) connect(t *testing.T, text string) *daemon {
	t.Helper()
	d := start(t, r.host)
	d.profile(t, "remote", text)
	t.Cleanup(func() { os.Remove(r.host.file(filepath.Join(profiles, "remote.toml"))) })
	if out := d.ezvpn(t, "", "up", "remote"); out.code != 0 {
		t.Fatalf("ezvpn up: exit code %d\n%s%s", out.code, out.out, out.err)
	}
	return d
}

// end takes the tunnel down and the service with it, so that the next run begins anew. It shows what the service tells
// of a test that failed.
func (d *daemon) end(t testing.TB) {
	t.Helper()
	if t.Failed() {
		r := d.ezvpn(t, "", "status", "--json")
		t.Logf("status of the remote:\n%s%s", r.out, r.err)
	}
	if r := d.ezvpn(t, "", "down"); r.code != 0 {
		t.Errorf("ezvpn down: exit code %d\n%s%s", r.code, r.out, r.err)
	}
	d.stop(t, syscall.SIGTERM)
}

// through is the gateway that carries the traffic, 0 for none.
func (d *daemon) through(t testing.TB) gateway {
	s := d.snapshot(t)
	if s.State != status.Active {
		return 0
	}
	for _, p := range s.Peers {
		if p.Health == "active" {
			for g := gateway(1); g <= steadfast; g++ {
				if strings.HasPrefix(p.Address, g.address()+":") {
					return g
				}
			}
		}
	}
	return 0
}

// leaked is how many packets between inside networks left the host in clear.
func (h host) leaked(t testing.TB) int {
	n, err := strconv.Atoi(strings.TrimSpace(network(t, "leaked", string(h))))
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// tight fails the test if anything for the inside leaves the host in clear between the call and that of its result.
// Without a tunnel, packets for the inside go where the default route leads: look before the tunnel is taken down.
func (h host) tight(t *testing.T) func() {
	before := h.leaked(t)
	return func() {
		if now := h.leaked(t); now != before {
			t.Errorf("%d packets for the inside left %s in clear", now-before, h)
		}
	}
}

// settled waits for a moment to have passed.
func settled(t testing.TB, at time.Time) {
	t.Helper()
	<-time.After(time.Until(at))
}
