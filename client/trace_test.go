package client

import (
	"context"
	"fmt"
	"log/slog"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"ezvpn/client/gateway"
	"ezvpn/client/profile"
	"ezvpn/client/status"
	"ezvpn/ike/isakmp"
)

// sighting is one IKE message that the client sent.
type sighting struct {
	at       time.Time
	to       string
	exchange isakmp.ExchangeType
}

// sightings watches the wire.
type sightings struct {
	mu   sync.Mutex // guards seen
	seen []sighting
}

func (s *sightings) tap(from, to netip.AddrPort, data []byte) gateway.Fate {
	if len(data) > 4 && [4]byte(data) == [4]byte{} {
		data = data[4:] // the non-ESP marker
	}
	h, err := isakmp.ParseHeader(data)
	if err == nil && from.Addr() == clientAddr && len(data) >= isakmp.HeaderLen {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.seen = append(s.seen, sighting{time.Now(), to.Addr().String(), h.Exchange})
	}
	return gateway.Pass
}

// seconds are the times of one kind of message to one gateway, from since on.
func (s *sightings) seconds(since time.Time, to string, x isakmp.ExchangeType) (out []float64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, m := range s.seen {
		if m.to == to && m.exchange == x && !m.at.Before(since) {
			out = append(out, m.at.Sub(since).Seconds())
		}
	}
	return out
}

func withDPD(p *profile.Profile, interval, retry time.Duration, mode string) *profile.Profile {
	p.DPD = profile.DPD{Interval: interval, Retry: retry, Mode: mode}
	return p
}

// The trace of the Cisco document: the last answer at :25, then R-U-THERE at :35, :37, :39, :41 and :43, and at :45 the
// peer is dead, its SAs are deleted, and the next listed peer is tried. The same for its other example, "30 20 periodic".
func TestTheTrace(t *testing.T) {
	for _, x := range []struct {
		interval, retry, connect time.Duration // connect: second of the minute
		first                    string
	}{{10 * time.Second, 2 * time.Second, 55 * time.Second, "35.000"}, {30 * time.Second, 20 * time.Second, 5 * time.Second, "05.000"}} {
		t.Run(fmt.Sprint(x.interval, x.retry), func(t *testing.T) {
			inLab(t, func(l *lab) {
				time.Sleep(x.connect) // a bubble begins at midnight
				for _, g := range []string{gw1, gw2, gw3} {
					l.serve(g, nil)
				}
				l.up(withDPD(stored("auto", gw1, gw2, gw3), x.interval, x.retry, "periodic"))
				var wire sightings
				l.wire.Tap(wire.tap)
				time.Sleep(3*x.interval + time.Second) // three answers; then the cable is cut
				lastAck := l.c.Snapshot().DPD.LastAck
				l.wire.Cut(netip.MustParseAddr(gw1), true)
				s := l.until(10*time.Minute, "with the second", func(s status.Snapshot) bool { return s.Peers[1].Health == "active" })
				first := lastAck.Add(x.interval)
				if got := first.Format("05.000"); got != x.first {
					t.Errorf("the last answer was %v before :%s, want :%s", x.interval, got, x.first)
				}
				dead := 5 * x.retry.Seconds()
				var want []float64
				for i := range 5 {
					want = append(want, float64(i)*x.retry.Seconds())
				}
				want = append(want, dead, dead) // the Deletes of the IPsec SA and of the ISAKMP SA
				if got := wire.seconds(first, gw1, isakmp.Informational); !slices.Equal(got, want) {
					t.Errorf("messages to the dead peer at %v after the first question, want %v", got, want)
				}
				if got := wire.seconds(first, gw2, isakmp.Aggressive); len(got) == 0 || got[0] != dead {
					t.Errorf("phase 1 with the next peer at %v, want %v", got, dead)
				}
				if got := wire.seconds(first, gw3, isakmp.Aggressive); got != nil {
					t.Errorf("phase 1 with the third peer at %v", got)
				}
				if took := s.Time.Sub(lastAck); took > x.interval+5*x.retry+time.Second {
					t.Errorf("the second peer carries traffic %v after the last answer", took)
				}
				if _, up := l.host.Current(); !up || len(l.insides) != 1 {
					t.Errorf("the inside did not stay: host set %v, %d devices", up, len(l.insides))
				}
				if back := l.pings(10, 100*time.Millisecond); back != 10 {
					t.Errorf("%d of 10 packets came back through the second peer", back)
				}
			})
		})
	}
}

// What `ezvpn debug isakmp` and the log say meanwhile, in the words and the order of the document.
func TestTheWordsOfTheTrace(t *testing.T) {
	inLab(t, func(l *lab) {
		var log strings.Builder
		l.c.s.log = slog.New(slog.NewTextHandler(&log, nil))
		l.serve(gw1, nil)
		l.serve(gw2, nil)
		time.Sleep(15 * time.Second) // a bubble begins at midnight; the answer comes at :25
		l.up(withDPD(stored("auto", gw1, gw2), 10*time.Second, 2*time.Second, "periodic"))
		time.Sleep(11 * time.Second)
		l.wire.Cut(netip.MustParseAddr(gw1), true)
		l.until(time.Minute, "with the second", func(s status.Snapshot) bool { return s.Peers[1].Health == "active" })
		lines, _ := l.c.Debug(context.Background(), time.Time{})
		const down = "%CRYPTO-5-SESSION_STATUS: Crypto tunnel is DOWN.  Peer " + gw1 + ":500       Id: " + gw1
		const up = "%CRYPTO-5-SESSION_STATUS: Crypto tunnel is UP.  Peer " + gw2 + ":500       Id: " + gw2
		want := []string{
			"15 IKE_DPD is enabled, initializing timers",
			"25 sending packet to " + gw1 + " my_port ",
			"25 Input = IKE_MESG_FROM_TIMER, IKE_TIMER_IM_ALIVE",
			"25 Old State = IKE_P1_COMPLETE  New State = IKE_P1_COMPLETE",
			"25 received packet from " + gw1 + " dport ",
			"25 DPD/R_U_THERE_ACK received from peer " + gw1 + ", sequence 0x",
			"25 Input = IKE_MESG_FROM_PEER, IKE_INFO_NOTIFY",
			"25 Old State = IKE_P1_COMPLETE  New State = IKE_P1_COMPLETE",
			"35 sending packet to " + gw1 + " my_port ",
			"35 Input = IKE_MESG_FROM_TIMER, IKE_TIMER_IM_ALIVE",
		}
		for _, at := range []string{"37 ", "39 ", "41 ", "43 "} {
			want = append(want, at+"incrementing error counter on sa: PEERS_ALIVE_TIMER", at+"sending packet to "+gw1+" my_port ",
				at+"Input = IKE_MESG_FROM_TIMER, IKE_TIMER_PEERS_ALIVE", at+"Old State = IKE_P1_COMPLETE  New State = IKE_P1_COMPLETE")
		}
		want = append(want, "45 incrementing error counter on sa: PEERS_ALIVE_TIMER", "45 peer "+gw1+" not responding!",
			"45 peer does not do paranoid keepalives.", `45 deleting SA reason "peers alive" state (I) QM_IDLE       (peer `+gw1+") input queue 0", "45 "+down,
			"45 IKE_DPD is enabled, initializing timers", "45 "+up)
		misses := 0
		for _, line := range lines {
			text := line.Text
			if strings.HasPrefix(text, "ISAKMP") { // ISAKMP:(0:1:SW:1): or ISAKMP (0:1):
				_, text, _ = strings.Cut(text, "):")
				text = strings.TrimSpace(text)
			}
			if len(want) > 0 && strings.HasPrefix(line.Time.Format("05 ")+text, want[0]) {
				want = want[1:]
			}
			if strings.Contains(text, "incrementing error counter") {
				misses++
			}
		}
		if len(want) > 0 {
			t.Errorf("missing, or not in this order: %q", want)
			for _, line := range lines {
				t.Log(line.Time.Format("05.000 "), line.Text)
			}
		}
		if misses != 5 {
			t.Errorf("%d misses were told, want 5: one probe and four retries", misses)
		}
		for i, line := range lines {
			if line.Serial != uint64(i+1) {
				t.Fatalf("line %d has the serial %d", i+1, line.Serial)
			}
		}
		synctest.Wait()
		l.c.s.do(func(time.Time) {
			for _, w := range []string{down, up, "%CRYPTO-6-EZVPN_CONNECTION_DOWN: (Client)  User=alice  Group=ezgroup  Server_public_addr=" + gw1} {
				if !strings.Contains(log.String(), w) {
					t.Errorf("the log lacks %q", w)
				}
			}
		})
	})
}

// On demand nothing is asked while nothing is to be sent, however long; and with traffic as soon as the silence is long
// enough.
func TestOnDemandOnTheWire(t *testing.T) {
	inLab(t, func(l *lab) {
		l.serve(gw1, nil)
		l.serve(gw2, nil)
		p := withDPD(stored("auto", gw1, gw2), 10*time.Second, 2*time.Second, "on-demand")
		l.up(p)
		var wire sightings
		l.wire.Tap(wire.tap)
		began := time.Now()
		l.wire.Cut(netip.MustParseAddr(gw1), true)
		time.Sleep(40 * time.Minute) // the gateway gives the IPsec SA an hour
		if got := wire.seconds(began, gw1, isakmp.Informational); got != nil {
			t.Errorf("asked at %v, and nothing was to be sent", got)
		}
		if s := l.c.Snapshot(); s.State != status.Active {
			t.Fatalf("state %s", s.State)
		}
		sent := time.Now()
		l.inside().in <- udpTo(leased, 1)
		l.until(time.Minute, "with the second", func(s status.Snapshot) bool { return s.Peers[1].Health == "active" })
		if got := wire.seconds(sent, gw1, isakmp.Informational); !slices.Equal(got, []float64{0, 2, 4, 6, 8, 10, 10}) {
			t.Errorf("messages to the dead peer at %v after the packet", got)
		}
	})
}

// A peer that does not announce DPD is never asked, and the status says so.
func TestPeerWithoutDPD(t *testing.T) {
	inLab(t, func(l *lab) {
		l.serve(gw1, func(p *gateway.Policy) { p.NoDPD = true })
		s := l.up(withDPD(stored("auto", gw1), 10*time.Second, 2*time.Second, "periodic"))
		if s.DPD.Mode != "unsupported" {
			t.Errorf("DPD %+v", s.DPD)
		}
		var wire sightings
		l.wire.Tap(wire.tap)
		began := time.Now()
		time.Sleep(20 * time.Minute)
		if got := wire.seconds(began, gw1, isakmp.Informational); got != nil {
			t.Errorf("asked at %v", got)
		}
	})
}
