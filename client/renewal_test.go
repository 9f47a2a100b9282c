package client

import (
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"ezvpn/client/gateway"
	"ezvpn/client/profile"
	"ezvpn/client/status"
)

// pump sends a packet every 50 ms for the given time and gives the numbers sent and back, and the longest wait between
// two packets that came back.
func (l *lab) pump(span time.Duration) (sent, back int, gap time.Duration) {
	l.t.Helper()
	p := l.inside()
	last := time.Now()
	for end := last.Add(span); time.Now().Before(end); sent++ {
		p.in <- udpTo(leased, uint32(sent))
		time.Sleep(50 * time.Millisecond)
		if n := p.drain(); n > 0 {
			gap = max(gap, time.Since(last))
			back, last = back+n, time.Now()
		}
	}
	time.Sleep(time.Second)
	synctest.Wait()
	back += p.drain()
	return sent, back, max(gap, time.Since(last)-time.Second)
}

// Phase 1 is renewed by us before its life of five minutes ends, again and again, and phase 2 every minute; no packet is
// lost on the way.
func TestRenewal(t *testing.T) {
	inLab(t, func(l *lab) {
		l.serve(gw1, nil)
		p := stored("auto", gw1)
		p.DPD.Mode, p.IKE.Lifetime, p.ESP.Lifetime = "periodic", 5*time.Minute, time.Minute
		first := l.up(p)
		sent, back, gap := l.pump(time.Hour)
		s := l.c.Snapshot()
		if sent != back || gap > 200*time.Millisecond {
			t.Errorf("%d sent, %d back, longest wait %v", sent, back, gap)
		}
		if s.State != status.Active || !s.Since.Equal(first.Since) || s.ISAKMP.Cookies == first.ISAKMP.Cookies {
			t.Errorf("%s since %v, %+v", s.State, s.Since, s.ISAKMP)
		}
		if n := len(s.IPsec); n > 3 {
			t.Errorf("%d IPsec SAs at once", n)
		}
		if n := len(l.sites[0].Sessions()); n != 1 {
			t.Errorf("the gateway has %d associations", n)
		}
		if n := len(l.insides); n != 1 {
			t.Errorf("%d devices were opened", n)
		}
		// Five minutes and a minute of life: more than twelve and sixty renewals in an hour, since each comes before its time.
		if x := s.Totals; x.Connects != 1 || x.Failovers != 0 || x.Phase1Renewals < 12 || x.Phase1Renewals > 20 || x.Phase2Renewals < 40 {
			t.Errorf("the totals are %+v", x)
		}
	})
}

// The gateway renews phase 1 towards us, in reverse Aggressive Mode, and asks for the password again. Nothing is lost,
// whether we answer with a renewal of our own or have to take the gateway's because ours failed.
func TestRenewalByTheGateway(t *testing.T) {
	for _, failed := range []bool{false, true} {
		inLab(t, func(l *lab) {
			g := l.serve(gw1, nil)
			first := l.up(stored("auto", gw1))
			for range 20 {
				l.c.s.do(func(time.Time) { l.c.s.m.ownFailed = failed })
				g.RenewPhase1()
				if sent, back, gap := l.pump(40 * time.Second); sent != back || gap > 200*time.Millisecond {
					t.Errorf("%d sent, %d back, longest wait %v", sent, back, gap)
				}
			}
			s := l.c.Snapshot()
			if s.State != status.Active || !s.Since.Equal(first.Since) || s.ISAKMP.Cookies == first.ISAKMP.Cookies {
				t.Errorf("%s since %v, %+v", s.State, s.Since, s.ISAKMP)
			}
			if n := g.Attempts(); n != 21 {
				t.Errorf("%d logins, want one for each ISAKMP SA", n)
			}
			l.c.s.do(func(time.Time) {
				if n := len(l.c.s.assocs); n != 1 {
					t.Errorf("%d associations are left", n)
				}
			})
		})
	}
}

// Both ends begin at once: one new ISAKMP SA is left, and nothing is lost.
func TestRenewalByBoth(t *testing.T) {
	inLab(t, func(l *lab) {
		g := l.serve(gw1, nil)
		l.up(stored("auto", gw1))
		for range 10 {
			l.c.s.do(func(now time.Time) {
				m, acts := l.c.s.m.renew(now)
				l.c.s.m = m
				for _, a := range acts {
					l.c.s.perform(now, a)
				}
			})
			g.RenewPhase1()
			if sent, back, _ := l.pump(40 * time.Second); sent != back {
				t.Errorf("%d sent, %d back", sent, back)
			}
		}
		if s := l.c.Snapshot(); s.State != status.Active || len(s.IPsec) != 1 {
			t.Errorf("%s, %d IPsec SAs", s.State, len(s.IPsec))
		}
	})
}

// A password that may not be kept is asked for while the tunnel still carries traffic; with the answer nothing is lost.
func TestRenewalAsks(t *testing.T) {
	for _, answered := range []bool{true, false} {
		inLab(t, func(l *lab) {
			l.serve(gw1, func(p *gateway.Policy) { p.Net.SavePassword = false })
			p := testProfile("auto", gw1)
			p.IKE.Lifetime = time.Hour
			l.connect(p)
			pw := map[string]profile.Secret{"password": "alice-pw"}
			l.answer(pw)
			up := l.state(time.Minute, status.Active)
			s := l.until(2*time.Hour, "asked", func(s status.Snapshot) bool { return s.Prompt != nil })
			if s.State != status.Active || s.ISAKMP.Expires.Sub(s.Time) < 2*PromptTime {
				t.Errorf("asked in state %s, %v before the end", s.State, s.ISAKMP.Expires.Sub(s.Time))
			}
			if answered {
				if err := l.c.Answer(s.Prompt.ID, pw, false); err != nil {
					t.Fatal(err)
				}
				sent, back, _ := l.pump(time.Minute)
				if s := l.c.Snapshot(); sent != back || s.Prompt != nil || !s.Since.Equal(up.Since) {
					t.Errorf("%d sent, %d back, prompt %v", sent, back, s.Prompt)
				}
				return
			}
			s = l.state(2*time.Hour, status.XAuthRequired) // the life is over: now it stands still
			if d := s.Time.Sub(up.ISAKMP.Expires); d < 0 || d > time.Second {
				t.Errorf("asked %v after the end of the life", d)
			}
		})
	}
}

// A renewal that the gateway refuses or does not answer is tried again, and the tunnel lives until its life ends.
func TestRenewalFails(t *testing.T) {
	inLab(t, func(l *lab) {
		g := l.serve(gw1, nil)
		p := stored("auto", gw1)
		p.IKE.Lifetime = time.Hour
		up := l.up(p)
		g.Break(gateway.RefuseProposal, true)
		l.until(2*time.Hour, "renewing", func(s status.Snapshot) bool { return told(s, "renewing the ISAKMP SA") })
		if sent, back, _ := l.pump(time.Minute); sent != back {
			t.Errorf("%d sent, %d back", sent, back)
		}
		g.Break(gateway.RefuseProposal, false)
		s := l.until(time.Hour, "renewed", func(s status.Snapshot) bool { return s.ISAKMP != nil && s.ISAKMP.Cookies != up.ISAKMP.Cookies })
		if !s.Since.Equal(up.Since) || s.Time.After(up.ISAKMP.Expires) {
			t.Errorf("up since %v", s.Since)
		}
	})
}

// A forged first message, from wherever it claims to come, costs the tunnel nothing.
func TestForgedRenewal(t *testing.T) {
	inLab(t, func(l *lab) {
		g := l.serve(gw1, nil)
		up := l.up(stored("auto", gw1))
		synctest.Wait() // Quick Mode 3 has arrived
		var first []byte
		l.wire.Tap(func(from, to netip.AddrPort, data []byte) gateway.Fate {
			if from.Addr() == netip.MustParseAddr(gw1) && len(data) > 200 && first == nil {
				first = append([]byte(nil), data[4:]...)
				return gateway.Lose
			}
			return gateway.Pass
		})
		g.RenewPhase1()
		synctest.Wait()
		l.wire.Tap(nil)
		if first == nil {
			t.Fatal("no first message")
		}
		s := l.c.s
		for i := range 100 {
			s.do(func(now time.Time) {
				forged := append([]byte(nil), first...)
				forged[0] ^= byte(i + 1)
				s.receive(now, datagramFrom(gw1, forged))
				guests := 0
				for _, a := range s.assocs {
					if a.guest {
						guests++
					}
				}
				if guests > maxGuests || len(s.assocs) > maxGuests+4 {
					t.Errorf("%d guests among %d associations", guests, len(s.assocs))
				}
			})
			time.Sleep(1100 * time.Millisecond)
		}
		if sent, back, _ := l.pump(time.Minute); sent != back {
			t.Errorf("%d sent, %d back", sent, back)
		}
		if s := l.c.Snapshot(); !s.Since.Equal(up.Since) {
			t.Errorf("up since %v", s.Since)
		}
	})
}
