//go:build interop && linux

package interop

import (
	"testing"
	"time"
)

// TestRemoteRoaming changes the way between client and gateway under traffic, and wants the traffic back.
func TestRemoteRoaming(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		remote remote
		change func(t *testing.T, h host)
		undo   func(t *testing.T, h host)
		seen   time.Duration // until the change can be noticed at all
	}{
		// Only silence tells of it. Silence is asked about after the interval of ten seconds, and strongSwan follows the
		// question, not the packets.
		{name: "nat-rebind", remote: roamer, seen: 1500 * time.Millisecond, change: func(t *testing.T, h host) { network(t, "rebind", string(h)) }},
		{name: "interface-down-up", remote: roamer, change: downUp},
		{name: "interface-down-up-nonat", remote: mobile, change: downUp},
		{name: "address-change", remote: mobile,
			change: func(t *testing.T, h host) { network(t, "move", string(h), "75") },
			undo:   func(t *testing.T, h host) { network(t, "move", string(h), "65") }},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.undo != nil {
				defer c.undo(t, c.remote.host)
			}
			roam(t, c.name, c.remote, c.change, 10*time.Second+c.seen)
		})
	}
}

// downUp takes the link away for three seconds.
func downUp(t *testing.T, h host) {
	network(t, "link", string(h), "down")
	settled(t, time.Now().Add(3*time.Second))
	network(t, "link", string(h), "up")
}

func roam(t *testing.T, name string, r remote, change func(*testing.T, host), bound time.Duration) {
	steadfast.onFailure(t, len(steadfast.log(t)))
	var took []time.Duration
	defer func() { measured(t, "roaming, "+name, "%s (at most %v)", spread(took), bound) }()
	for run := 0; run < either(1, 10) && !t.Failed(); run++ {
		func() {
			d := r.connect(t, r.profile("ezgroup", "auto", periodic, steadfast))
			defer d.end(t)
			defer r.host.tight(t)()
			p := r.host.ping(t, inside)
			settled(t, time.Now().Add(2*time.Second))
			change(t, r.host)
			changed := time.Now()
			eventually(t, bound+30*time.Second, "traffic is back", func() bool { return p.first(t, changed) > 0 && p.flows(t) })
			one := p.first(t, changed)
			if took = append(took, one); one > bound {
				t.Errorf("traffic was back after %v, want at most %v", one, bound)
			}
		}()
	}
}
