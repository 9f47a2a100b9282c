package ike

import (
	"fmt"
	"testing"
	"time"
)

// mistreatments are what can become of a datagram.
var mistreatments = map[string]func(f flight) []flight{
	"lost":    func(flight) []flight { return nil },
	"doubled": func(f flight) []flight { return []flight{f, f} },
	"doubled late": func(f flight) []flight {
		g := f
		g.at = g.at.Add(5 * time.Second)
		return []flight{f, g}
	},
	"delayed 1.5 s": func(f flight) []flight { f.at = f.at.Add(1500 * time.Millisecond); return []flight{f} },
	"delayed 5 s":   func(f flight) []flight { f.at = f.at.Add(5 * time.Second); return []flight{f} },
	"behind the next": func(f flight) []flight {
		f.at = f.at.Add(latency + time.Millisecond)
		return []flight{f}
	},
}

// settled says whether a renewal came to its end: one association at each end, one IPsec SA, and the client lost none
// on the way.
func (r *ring) settled(n int) error {
	if f := r.ends[0].failed; len(f) != 0 {
		return fmt.Errorf("the client: %v", f)
	}
	if r.client() == r.ends[0].conns[0] {
		return fmt.Errorf("the client kept the old association")
	}
	return r.holds(n)
}

// Whatever happens to one datagram of a renewal, it comes to its end, and traffic passes at any moment.
func TestRenewalEveryDatagram(t *testing.T) {
	for way, begin := range ways {
		for _, keeps := range []bool{false, true} {
			calm := ringUp(t, nil, func(_ int, f flight) []flight { return []flight{f} })
			calm.gatewayKeeps = keeps
			begin(calm)
			calm.drive(2 * time.Minute)
			for name, w := range mistreatments {
				for i := range calm.sent {
					t.Run(fmt.Sprintf("%s/keeps %v/%d %s", way, keeps, i, name), func(t *testing.T) {
						r := ringUp(t, nil, func(k int, f flight) []flight {
							if k == i {
								return w(f)
							}
							return []flight{f}
						})
						r.gatewayKeeps, r.always = keeps, true
						begin(r)
						r.drive(3 * time.Minute)
						if err := r.settled(1); err != nil && !(name == "lost" && !keeps && orphan(r)) {
							t.Error(err)
						}
					})
				}
			}
		}
	}
}

// orphan says whether a gateway that keeps its IPsec SAs with the old ISAKMP SA did not hear of its end, which nobody
// repeats: it has them until DPD or its own dates end them. The client has one, and traffic passes.
func orphan(r *ring) bool {
	return len(sas(r.ends[0].events)) == 1 && len(r.ends[1].conns[0].children) == 1 && r.passes() == nil
}

// dice is a source of chance that is the same for a seed.
func dice(seed uint64) func(n uint64) uint64 {
	x := seed*0x9e3779b97f4a7c15 + 1
	return func(n uint64) uint64 {
		x ^= x << 13
		x ^= x >> 7
		x ^= x << 17
		return x % n
	}
}

// storm loses, doubles and delays.
func storm(chance func(n uint64) uint64) func(int, flight) []flight {
	return func(_ int, f flight) []flight {
		f.at = f.at.Add(time.Duration(chance(300)) * time.Millisecond)
		switch chance(10) {
		case 0, 1:
			return nil
		case 2:
			g := f
			g.at = g.at.Add(time.Duration(chance(3000)) * time.Millisecond)
			return []flight{f, g}
		}
		return []flight{f}
	}
}

// Renewals in a storm, one after the other, begun by either end while the IPsec SA is rekeyed: the client never has
// nothing, and in the end each side has the same SA once.
func TestRenewalStorm(t *testing.T) {
	for seed := range uint64(100) {
		chance := dice(seed)
		r := ringUp(t, func(c *Config, _ *Server) { c.Phase2Life.Time = 10 * time.Minute }, nil)
		r.gatewayKeeps = seed%2 == 0
		weather := storm(chance)
		for range 4 {
			r.fault = weather
			switch chance(3) {
			case 0:
				r.again()
			case 1:
				r.reverse()
			case 2:
				r.again()
				r.drive(time.Duration(chance(200)) * time.Millisecond)
				if in := sas(r.ends[0].events); len(in) > 0 {
					r.take(0, r.client(), r.client().Rekey(r.now, in[len(in)-1].In.SPI))
				}
			}
			r.drive(90 * time.Second)
			r.fault = nil
			r.drive(4 * time.Minute)
			if len(sas(r.ends[0].events)) == 0 && r.client().phase != closed {
				t.Fatalf("seed %d: nothing is left", seed)
			}
		}
		r.drive(12 * time.Minute)
		if len(r.ends[0].failed) != 0 {
			continue // a renewal that failed in the storm; the owner begins again
		}
		err := r.holds(1)
		if err != nil { // in the middle of a rekey
			r.drive(overlap + time.Minute)
			err = r.holds(1)
		}
		if err != nil {
			t.Errorf("seed %d: %v", seed, err)
		}
	}
}

// Damage to any datagram of a renewal at any place costs the renewal at most.
func TestDamagedRenewal(t *testing.T) {
	for way, begin := range ways {
		var sizes []int
		calm := ringUp(t, nil, func(_ int, f flight) []flight { sizes = append(sizes, len(f.d.Data)); return []flight{f} })
		begin(calm)
		calm.drive(19 * time.Second)
		for i, size := range sizes {
			for at := i % 5; at < size; at += 5 {
				for _, flip := range []bool{false, true} {
					r := ringUp(t, nil, func(k int, f flight) []flight {
						switch {
						case k != i:
						case flip:
							f.d.Data[at] ^= 0x40
						default:
							f.d.Data = f.d.Data[:at]
						}
						return []flight{f}
					})
					r.always, r.gatewayKeeps = true, true
					begin(r)
					r.drive(3 * time.Minute)
					if err := r.holds(1); err != nil || r.client().phase == closed {
						t.Errorf("%s, datagram %d at byte %d, flip %v: %v", way, i, at, flip, err)
					}
				}
			}
		}
	}
}
