package ike

import (
	"testing"
	"time"

	"ezvpn/ike/isakmp"
)

// thirds keeps message 3 of the first Quick Mode, and its repetitions, from the gateway for a time from the first on; it
// counts what did arrive.
func thirds(p **pair, lost time.Duration, arrived *int) func(int, flight) []flight {
	var id uint32
	var first time.Time
	sent := 0
	return func(_ int, f flight) []flight {
		h, _ := isakmp.ParseHeader(f.d.Data)
		if !f.toServer || h.Exchange != isakmp.QuickMode || id != 0 && h.MessageID != id {
			return []flight{f}
		}
		id = h.MessageID
		if sent++; sent == 1 { // message 1
			return []flight{f}
		}
		if first.IsZero() {
			first = (*p).now
		}
		if (*p).now.Sub(first) < lost {
			return nil
		}
		*arrived++
		return []flight{f}
	}
}

// A gateway that repeats message 2 has not heard message 3. One answer may be lost like the first, so the repetitions
// begin anew, until the next message 2 at the latest.
func TestMessage3IsUrgedAnew(t *testing.T) {
	var p *pair
	arrived := 0
	cfg := testConfig()
	fault := thirds(&p, 7*time.Second, &arrived)
	p = newPairWith(t, cfg, testServer(), func(i int, f flight) []flight {
		if p == nil {
			return []flight{f}
		}
		return fault(i, f)
	})
	p.drive(30 * time.Second)
	if len(sas(p.server1)) != 1 || arrived < 2 {
		t.Errorf("the gateway has %d IPsec SAs after message 3 came through %d times", len(sas(p.server1)), arrived)
	}
	if expirings(p) != 0 {
		t.Error("a new association, though the gateway came to hear message 3")
	}
}

// A gateway that goes on repeating message 2 does not understand message 3 any more. The IPsec SA leads nowhere, and a
// new association is asked for, once.
func TestDeafGatewayIsLeft(t *testing.T) {
	var p *pair
	arrived := 0
	fault := thirds(&p, time.Hour, &arrived)
	p = newPairWith(t, testConfig(), testServer(), func(i int, f flight) []flight {
		if p == nil {
			return []flight{f}
		}
		return fault(i, f)
	})
	p.drive(15 * time.Second)
	if expirings(p) != 0 {
		t.Error("given up after 15 s; a lost message is repeated for longer")
	}
	p.drive(10 * time.Second)
	if len(p.failures) != 0 || expirings(p) != 1 {
		t.Errorf("a new association was asked for %d times, failures %v", expirings(p), p.failures)
	}
}

func expirings(p *pair) (n int) {
	for _, e := range p.client1 {
		if _, ok := e.(Expiring); ok {
			n++
		}
	}
	return n
}
