package ike

import (
	"fmt"
	"net/netip"
	"slices"
	"testing"
	"time"

	"ezvpn/ike/isakmp"
)

func ringUp(t testing.TB, change func(*Config, *Server), fault func(int, flight) []flight) *ring {
	cfg, srv := testConfig(), testServer()
	if change != nil {
		change(cfg, srv)
	}
	r := newRing(t, cfg, srv, nil)
	r.drive(4 * time.Second)
	if err := r.holds(1); err != nil {
		t.Fatal(err)
	}
	r.fault, r.sent = fault, 0
	return r
}

// ways are the two ends that may begin a renewal.
var ways = map[string]func(*ring){"by the client": (*ring).again, "by the gateway": (*ring).reverse}

// The new association takes the IPsec SAs over and replaces them; nothing is lost on the way or doubled at the end.
func TestRenewal(t *testing.T) {
	for name, begin := range ways {
		for _, keeps := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s, gateway keeps %v", name, keeps), func(t *testing.T) {
				r := ringUp(t, nil, nil)
				r.gatewayKeeps, r.always = keeps, true
				before, first := sas(r.ends[0].events)[0], r.client()
				begin(r)
				r.drive(29 * time.Second)
				if r.client() == first || first.phase != closed || len(r.ends[0].failed) != 0 {
					t.Fatalf("the client has not changed associations: %v", r.ends[0].failed)
				}
				after := sas(r.ends[0].events)
				if len(after) != 2 || after[1].Replaces != before.In.SPI {
					t.Fatalf("%d IPsec SAs, the last replaces 0x%x", len(after), after[len(after)-1].Replaces)
				}
				r.drive(2 * time.Minute)
				if err := r.holds(1); err != nil {
					t.Error(err)
				}
				if a := find[Configured](r.ends[0].events); len(a) != 2 || a[1].Net.Address != a[0].Net.Address {
					t.Errorf("Mode Config %v", a)
				}
			})
		}
	}
}

// What the old association says last is the Delete of its ISAKMP SA alone.
func TestOldAssociationSaysOneDelete(t *testing.T) {
	r := ringUp(t, nil, nil)
	r.hold = true
	old := r.client()
	r.again()
	r.drive(5 * time.Second)
	var ev []Event
	ev = old.Close(r.now, "renewed")
	if n := len(find[Send](ev)); n != 1 || len(find[SADown](ev)) != 0 {
		t.Errorf("%d datagrams, %v", n, ev)
	}
	r.take(0, old, ev)
	r.drive(time.Minute)
	if err := r.holds(1); err != nil {
		t.Error(err)
	}
}

// The old association runs out by itself, at both ends: the IPsec SAs stay.
func TestOldAssociationExpires(t *testing.T) {
	r := ringUp(t, func(c *Config, _ *Server) { c.Phase1Life.Time = 20 * time.Minute }, nil)
	r.hold, r.gatewayKeeps, r.always = true, true, true
	r.drive(10 * time.Minute)
	old := r.client()
	r.again()
	r.drive(15 * time.Minute)
	if old.phase != closed {
		t.Fatal("the old association lives on")
	}
	if err := r.holds(1); err != nil {
		t.Error(err)
	}
}

// A late Delete of the old ISAKMP SA ends that one only; a late Delete of an IPsec SA, and INVALID-SPI, count wherever
// they are said.
func TestLateDeleteOnTheOldAssociation(t *testing.T) {
	for _, what := range []string{"ISAKMP", "IPsec", "INVALID-SPI"} {
		t.Run(what, func(t *testing.T) {
			r := ringUp(t, func(_ *Config, s *Server) { s.Narrow = onlyOnce() }, nil)
			r.hold = true
			old, gateway := r.client(), r.gateway()
			sa := sas(r.ends[0].events)[0]
			r.again()
			r.drive(5 * time.Second)
			if r.client() == old || r.client().child(sa.In.SPI) == nil || len(old.children) != 0 {
				t.Fatal("not adopted")
			}
			spi := []byte{byte(sa.Out.SPI >> 24), byte(sa.Out.SPI >> 16), byte(sa.Out.SPI >> 8), byte(sa.Out.SPI)}
			payload := map[string]isakmp.Payload{"ISAKMP": gateway.deleteSelf(),
				"IPsec":       isakmp.Delete{DOI: 1, Protocol: isakmp.ProtocolESP, SPISize: 4, SPIs: [][]byte{spi}},
				"INVALID-SPI": isakmp.Notify{DOI: 1, Protocol: isakmp.ProtocolESP, Kind: isakmp.InvalidSPI, SPI: spi}}[what]
			ev := old.Receive(r.now, Datagram{Remote: gatewayAddr, Marker: true, Data: sealed(gateway, isakmp.Informational, 0x99, payload)})
			down := find[SADown](ev)
			switch {
			case what == "ISAKMP" && (len(down) != 0 || len(find[Failed](ev)) != 1 || r.client().child(sa.In.SPI) == nil):
				t.Errorf("%v", ev)
			case what != "ISAKMP" && (len(down) != 1 || down[0].In != sa.In.SPI || r.client().child(sa.In.SPI) != nil || len(find[Send](ev)) == 0):
				t.Errorf("%v: the SA must go, and another be asked for", ev)
			}
		})
	}
}

// onlyOnce serves one Quick Mode and refuses the others, so that an adopted SA is not replaced.
func onlyOnce() func(Selector) (Selector, bool) {
	n := 0
	return func(s Selector) (Selector, bool) { n++; return s, n == 1 }
}

// Adopted SAs for which no Quick Mode runs live on and are rekeyed at their date, over the new association.
func TestAdoptedLiveOn(t *testing.T) {
	r := ringUp(t, func(c *Config, s *Server) { c.Phase2Life.Time = 30 * time.Minute }, nil)
	r.gatewayKeeps, r.hold, r.always = true, true, true
	adopted := *r.client().children[0]
	r.renewed = func(r *ring, c *Conn) {
		c.quicks = nil
		for id, x := range c.exchanges {
			if x.quick != nil {
				delete(c.exchanges, id)
			}
		}
		c.Adopt(r.client())
		r.ends[0].current, r.ends[0].old = c, r.client()
	}
	// The first message of the Quick Mode is not sent, so that there is none.
	r.fault = func(_ int, f flight) []flight {
		if f.toServer && f.d.Data[18] == byte(isakmp.QuickMode) && len(r.ends[0].conns) == 2 && r.ends[0].old != nil && r.now.Before(t0.Add(10*time.Second)) {
			return nil
		}
		return []flight{f}
	}
	r.again()
	r.drive(15 * time.Second)
	ch := r.client().child(adopted.sa.In.SPI)
	if ch == nil || ch.sa.Rekey != adopted.sa.Rekey || ch.sa.Expires != adopted.sa.Expires || ch.rekeying {
		t.Fatalf("%+v, was %+v", ch, adopted)
	}
	r.drive(40 * time.Minute)
	if err := r.holds(1); err != nil {
		t.Fatal(err)
	}
	if up := find[SAUp](r.ends[0].events); up[len(up)-1].SA.Replaces == 0 || len(r.ends[0].failed) != 0 {
		t.Errorf("%v", r.ends[0].failed)
	}
}

// Networks with an SA each: each is replaced once, in turn.
func TestRenewalOfSeveral(t *testing.T) {
	r := newRing(t, testConfig(), testServer(), nil)
	r.cfg.SAPerNetwork, r.gatewayKeeps = true, true
	r.net.Include = append(r.net.Include, netip.MustParsePrefix("10.30.0.0/16"), netip.MustParsePrefix("10.40.0.0/16"))
	r.drive(2 * time.Second)
	if err := r.holds(3); err != nil {
		t.Fatal(err)
	}
	r.always = true
	before := sas(r.ends[0].events)
	r.again()
	r.drive(20 * time.Second)
	after := sas(r.ends[0].events)
	if len(after) != 6 {
		t.Fatalf("%d IPsec SAs", len(after))
	}
	for i, old := range before {
		if s := after[3+i]; s.Replaces != old.In.SPI || s.Selector != old.Selector {
			t.Errorf("%v replaces 0x%x, want 0x%x", s.Selector, s.Replaces, old.In.SPI)
		}
	}
	r.drive(time.Minute)
	if err := r.holds(3); err != nil {
		t.Error(err)
	}
}

// The SA that the peer had still to confirm over the old association when it was adopted is confirmed there.
func TestAdoptedBeforeConfirmation(t *testing.T) {
	for _, closed := range []bool{false, true} {
		r := ringUp(t, nil, nil)
		r.gatewayKeeps, r.hold = !closed, true
		var third []flight
		r.fault = func(_ int, f flight) []flight { // the third message of the gateway's Quick Mode comes late
			if !f.toServer && f.d.Data[18] == byte(isakmp.QuickMode) && f.d.Data[3] == r.gateway().sa.Initiator[3] && len(r.ends[0].conns) == 1 &&
				len(find[SAUp](r.ends[0].events)) > 1 && len(third) == 0 {
				third = append(third, f)
				return nil
			}
			return []flight{f}
		}
		gateway, old := r.gateway(), r.client()
		ev, err := gateway.Quick(r.now, Selector{everything, netip.MustParsePrefix("10.99.1.2/32")})
		if err != nil {
			t.Fatal(err)
		}
		r.take(1, gateway, ev)
		r.drive(100 * time.Millisecond)
		if len(third) != 1 || len(old.children) != 2 {
			t.Fatalf("%d, %d IPsec SAs", len(third), len(old.children))
		}
		half := old.children[1].sa.In.SPI
		r.again()
		r.drive(900 * time.Millisecond) // before message 2 is sent again
		if closed {
			r.take(0, old, old.Close(r.now, "renewed"))
		}
		if ch := r.client().child(half); ch == nil || r.client() == old {
			t.Fatal("not adopted")
		}
		r.drive(40 * time.Second)
		r.drive(2 * time.Minute)
		if slices.Contains(find[SADown](r.ends[0].events), SADown{In: half, Why: "never confirmed"}) != closed {
			t.Errorf("closed %v: %v", closed, find[SADown](r.ends[0].events))
		}
		if err := r.holds(1); err != nil {
			t.Errorf("closed %v: %v", closed, err)
		}
	}
}
