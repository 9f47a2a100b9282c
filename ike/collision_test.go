package ike

import (
	"fmt"
	"net/netip"
	"testing"
	"time"

	"ezvpn/ike/isakmp"
)

var wholeOfClient = Selector{everything, netip.MustParsePrefix("10.99.1.2/32")}

// gatewayRekeys lets the gateway rekey.
func (r *ring) gatewayRekeys() {
	c := r.gateway()
	ev, err := c.Quick(r.now, wholeOfClient)
	if err != nil {
		r.t.Fatal(err)
	}
	r.take(1, c, ev)
}

func (r *ring) clientRekeys() {
	all := sas(r.ends[0].events)
	if len(all) > 0 {
		r.take(0, r.client(), r.client().Rekey(r.now, all[len(all)-1].In.SPI))
	}
}

// Both ends rekey one IPsec SA so close together that their messages cross: in the end there is one, which the client
// rekeys at its date, and traffic passed all the time.
func TestRekeyCollisions(t *testing.T) {
	for _, first := range []string{"client", "gateway", "both"} {
		for delay := time.Duration(0); delay <= 8*latency; delay += latency / 2 {
			t.Run(fmt.Sprintf("%s first by %v", first, delay), func(t *testing.T) {
				r := ringUp(t, nil, nil)
				r.always = true
				switch first {
				case "client":
					r.clientRekeys()
					r.drive(delay)
					r.gatewayRekeys()
				case "gateway":
					r.gatewayRekeys()
					r.drive(delay)
					r.clientRekeys()
				case "both":
					r.gatewayRekeys()
					r.clientRekeys()
					r.drive(delay)
					r.clientRekeys()
				}
				r.drive(2 * time.Minute)
				if err := r.holds(1); err != nil {
					t.Fatal(err)
				}
				if ch := r.client().children[0]; ch.sa.Rekey.IsZero() || !ch.retire.IsZero() || ch.yields {
					t.Errorf("what is left is not rekeyed: %+v", ch.sa)
				}
				before := len(find[SAUp](r.ends[0].events))
				r.drive(defaultLife2)
				if err := r.holds(1); err != nil || len(find[SAUp](r.ends[0].events)) == before {
					t.Errorf("after a life: %v", err)
				}
			})
		}
	}
}

// The same in storms: a hundred seeds in each order, three collisions each.
func TestRekeyCollisionStorm(t *testing.T) {
	given := 0
	for _, clientFirst := range []bool{true, false} {
	seeds:
		for seed := range uint64(100) {
			chance := dice(seed)
			r := ringUp(t, nil, nil)
			weather := storm(chance)
			for range 3 {
				r.fault = weather
				if clientFirst {
					r.clientRekeys()
					r.drive(time.Duration(chance(400)) * time.Millisecond)
					r.gatewayRekeys()
				} else {
					r.gatewayRekeys()
					r.drive(time.Duration(chance(400)) * time.Millisecond)
					r.clientRekeys()
				}
				r.drive(overlap - linger + time.Second) // the first Delete may be lost
				r.fault = nil
				r.drive(3 * time.Minute)
				if f := r.ends[1].failed; len(f) == 1 && f[0].Reason == SATimeout { // not one of five messages came through
					given++
					continue seeds
				}
				if len(r.ends[0].failed) != 0 || r.client().phase == closed {
					t.Fatalf("client first %v, seed %d: %v, gateway %v", clientFirst, seed, r.ends[0].failed, r.ends[1].failed)
				}
				if err := r.passes(); err != nil {
					t.Fatalf("client first %v, seed %d: %v", clientFirst, seed, err)
				}
			}
			r.drive(2 * defaultLife2)
			if n := len(sas(r.ends[0].events)); n > 1 {
				r.drive(overlap + time.Minute)
			}
			if err := r.holds(1); err != nil {
				t.Errorf("client first %v, seed %d: %v", clientFirst, seed, err)
			}
		}
	}
	if given > 4 {
		t.Errorf("the gateway gave up %d times in 200 storms", given)
	}
}

// Message 3 of our rekey is lost as often as it may be: what is replaced stays until the gateway has heard, or has given
// up and said so.
func TestThirdMessageLost(t *testing.T) {
	for lost := range len(pauses) + 1 {
		r := ringUp(t, nil, nil)
		r.always = lost < len(pauses) // or the gateway gives up, and the client hears of it a moment later
		n := 0
		r.fault = func(_ int, f flight) []flight {
			if f.toServer && f.d.Data[18] == byte(isakmp.QuickMode) && r.now.After(t0.Add(4*time.Second)) {
				if n++; n <= lost {
					return nil
				}
			}
			return []flight{f}
		}
		r.clientRekeys()
		r.drive(3 * time.Minute)
		if err := r.holds(1); err != nil {
			t.Errorf("%d lost: %v", lost, err)
		}
	}
}

// When the peer deletes the one that was to stay, the other one stays.
func TestCollisionDecidedByThePeer(t *testing.T) {
	r := ringUp(t, nil, nil)
	r.gatewayRekeys()
	r.clientRekeys()
	r.drive(time.Second)
	var stays, goes *child
	for _, ch := range r.client().children {
		switch {
		case ch.yields:
			goes = ch
		case ch.retire.IsZero():
			stays = ch
		}
	}
	if stays == nil || goes == nil || !stays.sa.Initiated {
		t.Fatal("no collision")
	}
	ev, err := r.gateway().Delete(r.now, stays.sa.Out.SPI)
	if err != nil {
		t.Fatal(err)
	}
	r.take(1, r.gateway(), ev)
	r.drive(time.Minute)
	if err := r.holds(1); err != nil || r.client().children[0] != goes || goes.sa.Rekey.IsZero() {
		t.Errorf("%v; a third SA was made, or nobody rekeys this one: %+v", err, r.client().children[0].sa)
	}
}

// Our message 1 is late, the gateway's SA is up before: ours takes its place all the same, and keeps its date.
func TestOursIsLate(t *testing.T) {
	r := ringUp(t, nil, nil)
	r.always = true
	r.fault = func(_ int, f flight) []flight { return nil }
	r.clientRekeys()
	r.fault = nil
	r.gatewayRekeys()
	r.drive(2 * time.Second)
	all := r.client().children
	if len(all) != 3 || all[1].sa.Initiated || !all[1].yields || all[1].retire.IsZero() || !all[2].sa.Initiated || all[2].yields || all[2].sa.Rekey.IsZero() {
		t.Fatalf("%d IPsec SAs: %+v", len(all), all[len(all)-1])
	}
	r.drive(time.Minute)
	if err := r.holds(1); err != nil {
		t.Error(err)
	}
}

// While the gateway is about to replace an SA we do not do it, too; if it never gets to the end, we do.
func TestTheirsIsUnderWay(t *testing.T) {
	for _, ends := range []bool{true, false} {
		r := ringUp(t, nil, nil)
		r.always = ends // or the gateway hears a moment late that its SA was given up
		mute := true
		r.fault = func(_ int, f flight) []flight {
			if mute && !f.toServer && f.d.Data[18] == byte(isakmp.QuickMode) && len(find[SAUp](r.ends[0].events)) > 1 {
				return nil // message 3
			}
			return []flight{f}
		}
		r.gatewayRekeys()
		r.drive(500 * time.Millisecond)
		in := sas(r.ends[0].events)[0].In.SPI
		if ev := r.client().Rekey(r.now, in); len(find[Send](ev)) != 0 {
			t.Error("a second Quick Mode for one SA")
		}
		if ends {
			mute = false
		}
		r.drive(25 * time.Second)
		if n := len(find[SAUp](r.ends[0].events)); ends && n != 3 || !ends && n != 2 {
			t.Errorf("ends %v: %d times an SA was told of", ends, n)
		}
		mute = false
		r.drive(3 * time.Minute)
		if err := r.holds(1); err != nil || r.client().child(in) != nil {
			t.Errorf("ends %v: %v", ends, err)
		}
	}
}

// A gateway that rekeys twice at once has two; the client rekeys the later one at its date.
func TestGatewayRekeysTwice(t *testing.T) {
	r := ringUp(t, nil, nil)
	r.always = true
	r.gatewayRekeys()
	r.gatewayRekeys()
	r.drive(2 * time.Minute)
	ch := r.client().newest(Selector{wholeOfClient.Remote, everything})
	if ch == nil || ch.sa.Rekey.IsZero() {
		t.Fatalf("nobody rekeys %+v", ch)
	}
	r.drive(defaultLife2 + time.Minute)
	if err := r.holds(1); err != nil {
		t.Error(err)
	}
}

// A gateway that makes an SA of its own for a part of what ours carries means it so: it is no double.
func TestPartIsNoDouble(t *testing.T) {
	r := ringUp(t, nil, nil)
	c := r.gateway()
	ev, err := c.Quick(r.now, Selector{netip.MustParsePrefix("10.20.0.0/16"), wholeOfClient.Remote})
	if err != nil {
		t.Fatal(err)
	}
	r.take(1, c, ev)
	r.drive(5 * time.Minute)
	if err := r.holds(2); err != nil {
		t.Error(err)
	}
}

// A life that is told later counts when it is shorter, in time and in volume, and the owner hears of it.
func TestLateLife(t *testing.T) {
	for _, tt := range []struct {
		name  string
		life  Life
		bytes uint64
		time  time.Duration
		told  int
	}{
		{"volume", Life{Kilobytes: 5000}, 5000 * 1024, defaultLife2, 1},
		{"both", Life{Time: time.Hour, Kilobytes: 5000}, 5000 * 1024, time.Hour, 1},
		{"longer", Life{Time: 100 * time.Hour, Kilobytes: 1 << 31}, 10000 * 1024, defaultLife2, 0},
		{"too short", Life{Time: time.Second, Kilobytes: 1}, minKilobytes * 1024, minLife2, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := ringUp(t, func(_ *Config, s *Server) { s.Kilobytes = 10000 }, nil)
			sa := sas(r.ends[0].events)[0]
			v := sa.Out.SPI
			ev, err := r.gateway().Notify(isakmp.Notify{DOI: 1, Protocol: isakmp.ProtocolESP, Kind: isakmp.ResponderLifetime,
				SPI:  []byte{byte(v >> 24), byte(v >> 16), byte(v >> 8), byte(v)},
				Data: isakmp.AppendAttributes(nil, lifeAttributes(isakmp.Phase2LifeType, isakmp.Phase2LifeDuration, tt.life)...)})
			if err != nil {
				t.Fatal(err)
			}
			r.take(1, r.gateway(), ev)
			r.drive(time.Second)
			got := r.client().children[0].sa
			told := find[SALife](r.ends[0].events)
			if got.Bytes != tt.bytes || got.Expires.Sub(got.Since) != tt.time || len(told) != tt.told {
				t.Fatalf("%d bytes, %v, told %v", got.Bytes, got.Expires.Sub(got.Since), told)
			}
			if tt.told > 0 && (told[0] != SALife{In: sa.In.SPI, Expires: got.Expires, Bytes: got.Bytes}) {
				t.Errorf("%+v", told[0])
			}
		})
	}
}
