//go:build interop && linux

package interop

import (
	"testing"
	"time"
)

// TestRemoteLoss connects while three of ten packets vanish, each way, and is content when a ping is answered.
func TestRemoteLoss(t *testing.T) {
	t.Parallel()
	h := lossy.host
	steadfast.onFailure(t, len(steadfast.log(t)))
	d := start(t, h)
	d.profile(t, "lossy", lossy.profile("ezgroup", "auto", periodic, steadfast))
	defer network(t, "loss", string(h), "0")
	connects(t, d)
	t.Run("live-tunnel", func(t *testing.T) { lossyTunnel(t, d) })
}

func connects(t *testing.T, d *daemon) {
	const bound = time.Minute
	var took []time.Duration
	defer func() { measured(t, "connect at 30 % loss", "%s (at most %v)", spread(took), bound) }()
	for range either(3, 10) {
		network(t, "loss", string(d.host), "30")
		begin := time.Now()
		up := d.ezvpn(t, "", "up", "lossy")
		eventually(t, bound, "a ping is answered", func() bool {
			return d.host.try(t, "", "ping", "-c1", "-W1", inside).code == 0
		})
		one := time.Since(begin)
		took = append(took, one)
		if up.code != 0 || one > bound {
			t.Errorf("ezvpn up: exit code %d, first ping after %v, want 0 and at most %v\n%s%s", up.code, one, bound, up.out, up.err)
		}
		network(t, "loss", string(d.host), "0")
		d.down(t)
	}
}

// lossyTunnel shows that one of ten packets lost does not make a gateway dead.
func lossyTunnel(t *testing.T, d *daemon) {
	h, long := lossy.host, either(time.Minute, 10*time.Minute)
	if up := d.ezvpn(t, "", "up", "lossy"); up.code != 0 {
		t.Fatalf("ezvpn up: exit code %d\n%s%s", up.code, up.out, up.err)
	}
	before := d.snapshot(t)
	network(t, "loss", string(h), "10")
	settled(t, time.Now().Add(long)) // with nothing to send, so that only DPD tells life from death
	network(t, "loss", string(h), "0")
	after := d.snapshot(t)
	if after.ISAKMP == nil || after.ISAKMP.Cookies != before.ISAKMP.Cookies || !after.Since.Equal(before.Since) {
		t.Errorf("the tunnel is not the one that it was: state %s since %v, %v before", after.State, after.Since, before.Since)
	}
	h.run(t, "ping", "-c1", "-W2", inside)
	measured(t, "live tunnel at 10 % loss", "alive for %v", long)
	d.down(t)
}
