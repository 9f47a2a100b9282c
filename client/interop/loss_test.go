//go:build interop && linux

package interop

import (
	"testing"
	"time"
)

// TestRemoteLossyConnect connects while three of ten packets vanish, each way, and is content when a ping is answered.
func TestRemoteLossyConnect(t *testing.T) {
	t.Parallel()
	const bound = time.Minute
	slow := 0 // one may be: strongSwan asks its questions four times, and drops who has not answered within half a minute
	h := lossy.host
	steadfast.onFailure(t, len(steadfast.log(t)))
	d := start(t, h)
	d.profile(t, "lossy", lossy.profile("ezgroup", "auto", periodic, steadfast))
	defer network(t, "loss", string(h), "0")
	var took []time.Duration
	defer func() { measured(t, "connect at 30 % loss", "%s (at most %v)", spread(took), bound) }()
	for range either(3, 10) {
		network(t, "loss", string(h), "30")
		begin := time.Now()
		up := d.ezvpn(t, "", "up", "lossy")
		eventually(t, 3*bound, "a ping is answered", func() bool {
			return h.try(t, "", "ping", "-c1", "-W1", inside).code == 0
		})
		one := time.Since(begin)
		took = append(took, one)
		if one > bound {
			slow++
		}
		if up.code != 0 || slow > 1 {
			t.Errorf("ezvpn up: exit code %d, first ping after %v, want 0 and at most %v\n%s%s", up.code, one, bound, up.out, up.err)
		}
		network(t, "loss", string(h), "0")
		d.down(t)
	}
}

// TestRemoteLossyTunnel shows that one of ten packets lost, each way, does not make a gateway dead. There is nothing to
// send, so that only DPD tells life from death.
func TestRemoteLossyTunnel(t *testing.T) {
	t.Parallel()
	h, long := weathered.host, either(time.Minute, 10*time.Minute)
	steadfast.onFailure(t, len(steadfast.log(t)))
	d := weathered.connect(t, weathered.profile("ezgroup", "auto", periodic, steadfast))
	defer d.end(t)
	defer h.tight(t)()
	before := d.snapshot(t)
	defer network(t, "loss", string(h), "0")
	network(t, "loss", string(h), "10")
	settled(t, time.Now().Add(long))
	network(t, "loss", string(h), "0")
	after := d.snapshot(t)
	if after.ISAKMP == nil || after.ISAKMP.Cookies != before.ISAKMP.Cookies || !after.Since.Equal(before.Since) {
		t.Errorf("the tunnel is not the one that it was: state %s since %v, %v before", after.State, after.Since, before.Since)
	}
	h.run(t, "ping", "-c1", "-W2", inside)
	measured(t, "live tunnel at 10 % loss", "alive for %v", long)
}
