package client

import (
	"net/netip"
	"slices"
	"testing"
	"time"

	"ezvpn/client/gateway"
	"ezvpn/client/profile"
	"ezvpn/client/status"
	"ezvpn/ike"
)

// A cluster sends its clients on to the member with the least to do.
func TestRedirect(t *testing.T) {
	inLab(t, func(l *lab) {
		first := l.serve(gw1, func(p *gateway.Policy) { p.Redirect = netip.MustParseAddr(gw2) })
		l.serve(gw2, nil)
		s := l.up(stored("manual", gw1))
		if len(s.Peers) != 2 || s.Peers[1].Origin != "redirect" || s.Peers[1].Health != "active" || s.ISAKMP.Remote != gw2+":4500" {
			t.Errorf("peers %+v, ISAKMP SA with %s", s.Peers, s.ISAKMP.Remote)
		}
		if n := first.Attempts(); n != 0 {
			t.Errorf("the first gateway was told the password %d times", n)
		}
		if l.pings(2, time.Millisecond) != 2 {
			t.Error("packets do not come back")
		}
	})
}

// Two gateways that point at each other are not followed for ever.
func TestRedirectLoop(t *testing.T) {
	inLab(t, func(l *lab) {
		l.serve(gw1, func(p *gateway.Policy) { p.Redirect = netip.MustParseAddr(gw2) })
		l.serve(gw2, func(p *gateway.Policy) { p.Redirect = netip.MustParseAddr(gw1) })
		l.connect(stored("manual", gw1))
		s := l.state(time.Minute, status.ConnectRequired)
		if s.Diagnosis == nil || s.Diagnosis.Cause != "redirect-loop" {
			t.Errorf("%+v", s.Diagnosis)
		}
	})
}

// Passcode, then a new PIN: each round has its own prompt with the gateway's own words, and only what was asked for.
func TestFurtherRounds(t *testing.T) {
	inLab(t, func(l *lab) {
		l.serve(gw1, func(p *gateway.Policy) {
			p.Rounds = []gateway.Round{
				{Kind: 2, Fields: []ike.XAUTHField{{Name: "passcode"}}, Message: "Token code", Want: map[string]string{"passcode": "123456"}},
				{Kind: 2, Fields: []ike.XAUTHField{{Name: "next-pin"}}, Message: "Choose a PIN", Want: map[string]string{"next-pin": "0815"}},
			}
		})
		l.connect(stored("manual", gw1))
		for _, r := range []struct{ field, value, message string }{{"passcode", "123456", "Token code"}, {"next-pin", "0815", "Choose a PIN"}} {
			p := l.answer(map[string]profile.Secret{r.field: profile.Secret(r.value)})
			if len(p.Fields) != 1 || p.Fields[0].Name != r.field || !p.Fields[0].Hidden || p.Message != r.message {
				t.Errorf("prompt %+v", p)
			}
		}
		l.state(time.Minute, status.Active)
	})
}

// A gateway that asks without end gets the stored password once and three answers at most.
func TestEndlessQuestions(t *testing.T) {
	inLab(t, func(l *lab) {
		g := l.serve(gw1, nil)
		g.Break(gateway.XAUTHEndless, true)
		l.connect(stored("auto", gw1))
		for range 2 {
			l.answer(map[string]profile.Secret{"password": "alice-pw"})
		}
		s := l.state(time.Minute, status.Blocked)
		if s.Diagnosis == nil || s.Diagnosis.Cause != "xauth-too-many" || g.Attempts() != 3 {
			t.Errorf("%d attempts, %+v", g.Attempts(), s.Diagnosis)
		}
	})
}

// Nobody answers the prompt: the session ends when we, or the gateway, have waited long enough. It is not begun again
// without somebody, and what DPD thinks meanwhile does not count: some gateways answer no R-U-THERE before XAUTH is done.
func TestNobodyAnswers(t *testing.T) {
	for _, gone := range []bool{false, true} {
		inLab(t, func(l *lab) {
			g := l.serve(gw1, nil)
			p := testProfile("auto", gw1)
			p.DPD.Mode = "periodic"
			g.Break(gateway.DPDIgnored, true)
			l.connect(p)
			began := l.state(time.Minute, status.XAuthRequired).Time
			if gone {
				l.wire.Cut(netip.MustParseAddr(gw1), true)
			}
			s := l.state(time.Hour, status.Blocked)
			if s.Diagnosis == nil || s.Diagnosis.Cause != "xauth-timeout" || s.Time.Sub(began) > PromptTime || gone && s.Time.Sub(began) != PromptTime {
				t.Errorf("after %v: %+v", s.Time.Sub(began), s.Diagnosis)
			}
			time.Sleep(24 * time.Hour)
			if s := l.c.Snapshot(); s.State != status.Blocked || g.Attempts() != 0 {
				t.Errorf("a day later: %s, %d attempts", s.State, g.Attempts())
			}
		})
	}
}

// A gateway that answers no R-U-THERE lives as long as its packets come.
func TestPacketsAreAnAnswer(t *testing.T) {
	inLab(t, func(l *lab) {
		g := l.serve(gw1, nil)
		g.Break(gateway.DPDIgnored, true)
		p := stored("auto", gw1)
		p.DPD.Mode = "periodic"
		since := l.up(p).Since
		if back := l.pings(300, time.Second); back != 300 {
			t.Errorf("%d of 300 packets came back", back)
		}
		if s := l.c.Snapshot(); s.State != status.Active || !s.Since.Equal(since) {
			t.Errorf("state %s since %v, up since %v", s.State, s.Since, since)
		}
	})
}

// A gateway that restarted knows nothing any more; DPD finds out, and the same gateway is dialed again.
func TestGatewayRestarts(t *testing.T) {
	inLab(t, func(l *lab) {
		g := l.serve(gw1, nil)
		l.up(stored("auto", gw1))
		g.Break(gateway.ForgetSAs, true)
		l.inside().in <- udpTo(leased, 1)
		l.state(time.Minute, status.FailingOver)
		s := l.state(time.Minute, status.Active)
		if s.Network.Address != leased || l.pings(3, time.Millisecond) != 3 || slices.Contains(l.host.Calls(), "revert") {
			t.Errorf("network %+v, calls %v", s.Network, l.host.Calls())
		}
	})
}

// A gateway that lets us in and throws us out at once is asked again, but not without a pause.
func TestThrownOutAtOnce(t *testing.T) {
	inLab(t, func(l *lab) {
		g := l.serve(gw1, nil)
		g.Break(gateway.DeleteAfterConnect, true)
		l.connect(stored("auto", gw1))
		time.Sleep(time.Minute)
		if n := g.Attempts(); n > 20 {
			t.Errorf("%d logins in a minute", n)
		}
		g.Break(gateway.DeleteAfterConnect, false)
		l.state(10*time.Minute, status.Active)
	})
}

// A life in bytes: the SA is replaced before its volume is used up, and no packet is lost on the way.
func TestRekeyByVolume(t *testing.T) {
	inLab(t, func(l *lab) {
		const kilobytes = 4096
		l.serve(gw1, func(p *gateway.Policy) { p.KBytes = kilobytes })
		s := l.up(stored("auto", gw1))
		if len(s.IPsec) != 1 || s.IPsec[0].Bytes < kilobytes*1024 {
			t.Fatalf("IPsec SAs %+v", s.IPsec)
		}
		first, p := s.IPsec[0].InSPI, l.inside()
		big := udpTo(leased, 0)
		big = append(big, make([]byte, 1100)...)
		big[2], big[3] = byte(len(big)>>8), byte(len(big))
		sent, back := 0, 0
		for sent = 0; uint64(sent)*uint64(len(big)) < s.IPsec[0].Bytes; sent += 50 {
			for range 50 {
				p.in <- big
			}
			time.Sleep(100 * time.Millisecond)
			for len(p.out) > 0 {
				<-p.out
				back++
			}
		}
		time.Sleep(time.Minute)
		now := l.c.Snapshot()
		if len(now.IPsec) != 1 || now.IPsec[0].InSPI == first || now.Diagnosis != nil {
			t.Errorf("first SA %s, now %+v", first, now.IPsec)
		}
		if back != sent {
			t.Errorf("%d of %d packets came back", back, sent)
		}
	})
}

// IKE messages that are too long for the path go in fragments, both ways.
func TestNarrowPath(t *testing.T) {
	inLab(t, func(l *lab) {
		l.wire.SetWeather(gateway.Weather{MTU: 1280, Delay: 10 * time.Millisecond})
		l.serve(gw1, func(p *gateway.Policy) {
			for i := range 200 {
				p.Net.Include = append(p.Net.Include, netip.PrefixFrom(netip.AddrFrom4([4]byte{10, 30, byte(i), 0}), 24))
			}
		})
		s := l.up(stored("manual", gw1))
		if len(s.Network.Include) != 201 {
			t.Errorf("%d networks of 201", len(s.Network.Include))
		}
	})
}

// A NAT that forgets its mapping does not end the tunnel: DPD or the next packet shows the gateway the new port.
func TestRebind(t *testing.T) {
	inLab(t, func(l *lab) {
		l.serve(gw1, nil)
		l.up(stored("auto", gw1))
		l.wire.Rebind(clientAddr)
		l.inside().in <- udpTo(leased, 1)
		time.Sleep(time.Minute)
		if s := l.state(time.Minute, status.Active); l.pings(3, time.Millisecond) != 3 {
			t.Errorf("state %s, but no packet comes back", s.State)
		}
	})
}

// Timeline, banner and warnings never grow without bound, whatever the session goes through.
func TestTimelineIsBounded(t *testing.T) {
	inLab(t, func(l *lab) {
		l.connect(stored("auto", "198.51.100.200"))
		time.Sleep(48 * time.Hour)
		s := l.c.Snapshot()
		if len(s.Events) != timelineLimit || s.State == status.Blocked || s.Diagnosis == nil || s.Diagnosis.Cause != "no-answer" {
			t.Errorf("%d events, state %s, %+v", len(s.Events), s.State, s.Diagnosis)
		}
		if !slices.IsSortedFunc(s.Events, func(a, b status.Event) int { return a.Time.Compare(b.Time) }) {
			t.Error("events are not in order")
		}
		if last := s.Events[len(s.Events)-1]; time.Since(last.Time) > 5*time.Minute {
			t.Errorf("the last event is of %v", last.Time)
		}
	})
}
