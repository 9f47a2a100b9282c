//go:build interop && linux

package interop

import (
	"fmt"
	"testing"
	"time"

	"ezvpn/client/status"
)

// TestRemoteTraffic leaves a tunnel with connect = "traffic" alone until it is taken down, and then sends a packet for
// the inside: it waits for the tunnel, and none goes out in clear.
func TestRemoteTraffic(t *testing.T) {
	t.Parallel()
	const idle, atOnce = time.Minute, 5 * time.Second
	h := wanted.host
	steadfast.onFailure(t, len(steadfast.log(t)))
	d := wanted.connect(t, fmt.Sprintf("idle_timeout = %d\n", int(idle.Seconds()))+
		wanted.profile("ezgroup", "traffic", "[dpd]\ninterval = 10\nretry = 2\n", steadfast))
	defer d.end(t)
	defer h.tight(t)()
	h.run(t, "ping", "-c1", "-W2", inside)
	address := d.snapshot(t).Network.Address.String()
	eventually(t, idle+20*time.Second, "the tunnel rests", func() bool { return d.snapshot(t).State == status.Standby })
	eventually(t, 10*time.Second, "the gateway forgets the SAs of "+address, func() bool { return !steadfast.holds(t, address) })
	begin := time.Now()
	h.run(t, "ping", "-c1", fmt.Sprintf("-W%d", int(atOnce.Seconds())), inside)
	measured(t, "connect by traffic", "first ping answered after %v (at most %v)", time.Since(begin).Round(time.Millisecond), atOnce)
}
