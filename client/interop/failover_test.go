//go:build interop && linux

package interop

import (
	"testing"
	"time"
)

// A dead peer is noticed at the latest one interval and five retries after its last sign of life (10 + 5 × 2 s); the
// rest is for the connect. One that says good-bye is followed at once.
const (
	unannounced = 22 * time.Second
	announced   = 3 * time.Second
	holdMax     = 15 * time.Second // [primary] hold, and the half more that chance may add
)

var deaths = []struct {
	kind  string
	bound time.Duration
}{
	{"silent", unannounced}, {"crash", unannounced}, {"cable", unannounced}, {"stop", announced},
}

// away is what the deaths of one kind came to.
type away struct {
	silent []time.Duration // until the second gateway answered
	lost   []int           // pings, on the way back
}

// TestRemoteFailover kills the first of three gateways under traffic, in each way in which a gateway can die. The second
// carries the traffic in time, and when the first is there again, it gets it back.
func TestRemoteFailover(t *testing.T) {
	t.Parallel()
	for _, death := range deaths {
		t.Run(death.kind, func(t *testing.T) {
			var a away
			defer func() {
				measured(t, "failover, "+death.kind, "%s (at most %v)", spread(a.silent), death.bound)
				measured(t, "return to primary, after "+death.kind, "pings lost %v (at most 2 each)", a.lost)
			}()
			for run := 0; run < either(1, 10) && !t.Failed(); run++ {
				a.failover(t, death.kind, death.bound)
			}
		})
	}
}

// failover is one death, and the way back.
func (a *away) failover(t *testing.T, kind string, bound time.Duration) {
	first, second := row[0], row[1]
	h := failingOver.host
	first.onFailure(t, len(first.log(t)))
	defer network(t, "heal-gw", first.number())
	d := failingOver.connect(t, failingOver.profile("ezgroup", "auto",
		periodic+"[primary]\nreturn = true\nhold = 10\n", row...))
	defer d.end(t)
	defer h.tight(t)()
	p := h.ping(t, inside)
	s := h.stream(t, "again", inside, time.Hour)
	settled(t, time.Now().Add(time.Second))
	if at := d.through(t); at != first {
		t.Fatalf("the tunnel is at gateway %d, want %d", at, first)
	}

	died := time.Now()
	network(t, "fail", kind, first.number())
	eventually(t, bound+30*time.Second, "the second gateway carries ping", func() bool {
		return d.through(t) == second && p.flows(t)
	})
	silent := p.silence(t, died)
	if a.silent = append(a.silent, silent); silent > bound {
		t.Errorf("no answer for %v, want at most %v", silent, bound)
	}
	if who := h.blob(t, "whoami", inside); who != "gw"+second.number() {
		t.Errorf("whoami says %q, want gw%d", who, second)
	}

	network(t, "heal-gw", first.number())
	healed := time.Now()
	eventually(t, holdMax+20*time.Second, "the first gateway has the traffic back", func() bool {
		return d.through(t) == first && p.flows(t)
	})
	settled(t, time.Now().Add(2*time.Second))
	n := p.lost(t, healed, time.Now().Add(-time.Second))
	if a.lost = append(a.lost, n); n > 2 {
		t.Errorf("%d pings were lost on the way back, want at most 2", n)
	}
	if r := s.end(t); r.bytes == 0 {
		t.Error("the stream carried nothing")
	}
}

// TestRemoteAllDead shows that nobody gives up: when one of the gateways is there again, the tunnel is soon.
func TestRemoteAllDead(t *testing.T) {
	t.Parallel()
	h := patient.host
	d := patient.connect(t, patient.profile("ezgroup", "auto", periodic, spare...))
	defer d.end(t)
	defer h.tight(t)()
	p := h.ping(t, inside)
	for _, g := range spare {
		defer network(t, "heal-gw", g.number())
		network(t, "fail", "silent", g.number())
	}
	settled(t, time.Now().Add(either(30*time.Second, 5*time.Minute)))
	back := spare[2]
	network(t, "heal-gw", back.number())
	healed := time.Now()
	// At the worst the other two have just begun to be silent, half a minute each, and then there is a pause.
	bound := time.Minute + either(15*time.Second, 5*time.Minute)
	eventually(t, bound, "the gateway that is back carries ping", func() bool { return d.through(t) == back && p.flows(t) })
	measured(t, "all dead, then one back", "up after %v (at most %v)", time.Since(healed).Round(10*time.Millisecond), bound)
}
