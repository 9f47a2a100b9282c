package client_test

import (
	"context"
	"net/netip"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"ezvpn/client/gateway"
	"ezvpn/client/profile"
	"ezvpn/client/status"
	"ezvpn/ike/isakmp"
)

// questions watches the wire for Informational exchanges between the client and the first gateway. While a tunnel is up
// and nothing ends it, those are R-U-THERE and its ACK.
type questions struct {
	mu         sync.Mutex // guards all below
	asked      []time.Time
	answered   int
	loseAnswer func(n int) bool // of the n-th answer; nil: none
}

func (q *questions) tap(from, to netip.AddrPort, data []byte) gateway.Fate {
	if len(data) > 4 && [4]byte(data) == [4]byte{} {
		data = data[4:] // the non-ESP marker
	}
	h, err := isakmp.ParseHeader(data)
	if err != nil || h.Exchange != isakmp.Informational {
		return gateway.Pass
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	switch gw := netip.MustParseAddr(gw1); {
	case from.Addr() == clientIP && to.Addr() == gw:
		q.asked = append(q.asked, time.Now())
	case from.Addr() == gw:
		q.answered++
		if q.loseAnswer != nil && q.loseAnswer(q.answered) {
			return gateway.Lose
		}
	}
	return gateway.Pass
}

// lose says which answers are lost from now on.
func (q *questions) lose(which func(n int) bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.loseAnswer = which
}

// since gives the seconds of what the client asked from then on.
func (q *questions) since(then time.Time) (out []float64) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, at := range q.asked {
		if !at.Before(then) {
			out = append(out, at.Sub(then).Seconds())
		}
	}
	return out
}

// asking connects with `interval 10 retry 2` in the mode, and watches the wire from then on.
func (w *world) asking(mode string, peers ...string) *questions {
	w.t.Helper()
	p := w.profile("auto", peers...)
	p.DPD = profile.DPD{Interval: 10 * time.Second, Retry: 2 * time.Second, Mode: mode}
	w.connect(p)
	w.wait(10*time.Second, is(status.Active))
	time.Sleep(time.Second) // the last message of Quick Mode arrives
	q := &questions{}
	w.wire.Tap(q.tap)
	return q
}

func round(seconds []float64) (out []int) {
	for _, s := range seconds {
		out = append(out, int(s+0.5))
	}
	return out
}

// On demand, with a packet every second: nothing is asked while the peer talks; when it falls silent, it is asked ten
// seconds after its last word, although the traffic never stopped, and is dead ten seconds later.
func TestOnDemandUnderTraffic(t *testing.T) {
	inWorld(t, 2, nil, func(w *world) {
		q := w.asking("on-demand", gw1, gw2)
		began := time.Now()
		for n := range byte(60) {
			if !passes(w.device, w.insides[0], packet("10.99.1.2", "10.20.0.10", n)) || !passes(w.insides[0], w.device, packet("10.20.0.10", "10.99.1.2", n)) {
				t.Errorf("packet %d was lost", n)
				return
			}
			time.Sleep(time.Second)
		}
		if got := q.since(began); got != nil {
			t.Errorf("asked at %v, and the peer talked", got)
		}
		heard := w.client.Snapshot().DPD.Heard
		w.wire.Cut(netip.MustParseAddr(gw1), true)
		gone := make(chan struct{})
		go func() { // into the silence, until the second gateway takes it
			for n := byte(0); ; n++ {
				select {
				case <-gone:
					return
				case <-time.After(time.Second):
					w.device.toTunnel <- packet("10.99.1.2", "10.20.0.10", n)
				}
			}
		}()
		s := w.wait(time.Minute, func(s status.Snapshot) bool { return s.Peers[1].Health == "active" })
		close(gone)
		if got := round(q.since(heard)); !slices.Equal(got, []int{10, 12, 14, 16, 18, 20, 20}) {
			t.Errorf("messages to the dead peer %v seconds after its last word", got)
		}
		if took := s.Time.Sub(heard); took > 21*time.Second {
			t.Errorf("the second peer is there %v after the last word of the first", took)
		}
	})
}

// Once a question is out, the series goes on: it does not matter that nothing is to be sent any more.
func TestSeriesOutlastsTraffic(t *testing.T) {
	inWorld(t, 2, nil, func(w *world) {
		q := w.asking("on-demand", gw1, gw2)
		w.wire.Cut(netip.MustParseAddr(gw1), true)
		time.Sleep(5 * time.Minute)
		sent := time.Now()
		w.device.toTunnel <- packet("10.99.1.2", "10.20.0.10", 1)
		w.wait(time.Minute, func(s status.Snapshot) bool { return s.Peers[1].Health == "active" })
		if got := round(q.since(sent)); !slices.Equal(got, []int{0, 2, 4, 6, 8, 10, 10}) {
			t.Errorf("messages to the dead peer %v seconds after the only packet", got)
		}
	})
}

// On demand, nothing to send: no question in a day, no death, and a living peer serves the first packet.
func TestIdleOnDemandAsksNothing(t *testing.T) {
	inWorld(t, 1, func(_ int, p *gateway.Policy) { p.Life1, p.Life2 = 48*time.Hour, 48*time.Hour }, func(w *world) {
		q := w.asking("on-demand", gw1)
		began := time.Now()
		time.Sleep(time.Hour)
		if got := q.since(began); got != nil {
			t.Errorf("asked at %v in an idle hour", got)
		}
		if s := w.client.Snapshot(); s.State != status.Active || s.DPD.Misses != 0 {
			t.Errorf("state %s, %d misses", s.State, s.DPD.Misses)
		}
		if !passes(w.device, w.insides[0], packet("10.99.1.2", "10.20.0.10", 1)) {
			t.Error("the first packet after an hour was lost")
		}
	})
}

// A peer whose packets arrive is alive, whatever becomes of its answers; periodic DPD does not even ask it.
func TestTrafficProvesThePeer(t *testing.T) {
	inWorld(t, 2, nil, func(w *world) {
		q := w.asking("periodic", gw1, gw2)
		q.lose(func(int) bool { return true })
		began := time.Now()
		for n := range byte(100) {
			time.Sleep(8 * time.Second)
			if !passes(w.insides[0], w.device, packet("10.20.0.10", "10.99.1.2", n)) {
				t.Errorf("packet %d was lost", n)
				return
			}
		}
		if got := q.since(began); got != nil {
			t.Errorf("asked at %v, and the peer talked", got)
		}
		// Then a packet comes in the middle of each series.
		for n := range byte(20) {
			time.Sleep(15 * time.Second)
			if !passes(w.insides[0], w.device, packet("10.20.0.10", "10.99.1.2", n)) {
				t.Errorf("packet %d was lost", n)
				return
			}
			time.Sleep(3 * time.Second)
			if s := w.client.Snapshot(); s.State != status.Active || s.DPD.Misses != 0 || s.Peers[0].Health != "active" {
				t.Errorf("state %s, %d misses, peers %+v", s.State, s.DPD.Misses, s.Peers)
				return
			}
		}
		if got := q.since(began); len(got) < 50 {
			t.Errorf("only %d questions", len(got))
		}
	})
}

// Four answers of five are lost, or all of them take five seconds: the peer lives.
func TestNoFalseDeath(t *testing.T) {
	t.Run("one answer of five comes", func(t *testing.T) {
		inWorld(t, 2, nil, func(w *world) {
			q := w.asking("periodic", gw1, gw2)
			q.lose(func(n int) bool { return n%5 != 0 })
			began := time.Now()
			time.Sleep(10 * time.Minute)
			if s := w.client.Snapshot(); s.State != status.Active || s.Peers[0].Health != "active" || s.Peers[1].Health != "unknown" {
				t.Errorf("state %s, peers %+v", s.State, s.Peers)
			}
			got := q.since(began)
			for i := 0; i+5 < len(got); i += 5 { // five questions, then the interval after the answer
				if gaps := round([]float64{got[i+1] - got[i], got[i+4] - got[i], got[i+5] - got[i+4]}); !slices.Equal(gaps, []int{2, 8, 10}) {
					t.Errorf("questions at %v", got)
					return
				}
			}
		})
	})
	t.Run("answers take five seconds", func(t *testing.T) {
		inWorld(t, 2, nil, func(w *world) {
			w.asking("periodic", gw1, gw2)
			w.wire.SetWeather(gateway.Weather{Delay: 2500 * time.Millisecond, Seed: 1})
			time.Sleep(10 * time.Minute)
			if s := w.client.Snapshot(); s.State != status.Active || s.Peers[0].Health != "active" || s.Peers[1].Health != "unknown" {
				t.Errorf("state %s, peers %+v", s.State, s.Peers)
			}
		})
	})
}

// While the next peers are tried in vain, the inside stays as it is, and no packet of it leaves in clear.
func TestInsideStaysWhileAllAreDead(t *testing.T) {
	inWorld(t, 2, nil, func(w *world) {
		q := w.asking("periodic", gw1, gw2)
		before, _ := w.host.Current()
		var clear, other int
		var mu sync.Mutex // guards both
		w.wire.Tap(func(from, to netip.AddrPort, data []byte) gateway.Fate {
			mu.Lock()
			defer mu.Unlock()
			if strings.Contains(string(data), "in clear") {
				clear++
			}
			if from.Addr() == clientIP && to.Port() != 500 && to.Port() != 4500 {
				other++
			}
			return q.tap(from, to, data)
		})
		for _, g := range []string{gw1, gw2} {
			w.wire.Cut(netip.MustParseAddr(g), true)
		}
		began := time.Now()
		for time.Since(began) < 3*time.Minute {
			w.device.toTunnel <- append(packet("10.99.1.2", "10.20.0.10", 1), "in clear"...)
			time.Sleep(time.Second)
			now, up := w.host.Current()
			now.Gateways = before.Gateways // the way to the next gateway joins
			if !up || !reflect.DeepEqual(now, before) || w.opened != 1 || w.device.closed() {
				t.Errorf("after %v the inside is not as it was: set %v, %+v, %d devices", time.Since(began), up, now, w.opened)
				return
			}
		}
		if clear+other != 0 {
			t.Errorf("%d packets in clear, %d datagrams that are neither IKE nor ESP", clear, other)
		}
		w.wire.Cut(netip.MustParseAddr(gw2), false)
		w.wait(5*time.Minute, func(s status.Snapshot) bool { return s.State == status.Active && s.Peers[1].Health == "active" })
		if !passes(w.device, w.insides[1], packet("10.99.1.2", "10.20.0.10", 9)) || w.opened != 1 {
			t.Errorf("no packet passes through the second gateway; %d devices were opened", w.opened)
		}
	})
}

// Who follows the debug output sees each line once, as it happens, and in one order with those of before.
func TestDebugIsFollowed(t *testing.T) {
	inWorld(t, 2, nil, func(w *world) {
		w.asking("periodic", gw1, gw2)
		ctx, cancel := context.WithCancel(context.Background())
		past, live := w.client.Debug(ctx, time.Time{})
		w.wire.Cut(netip.MustParseAddr(gw1), true)
		w.wait(time.Minute, func(s status.Snapshot) bool { return s.Peers[1].Health == "active" })
		cancel()
		for line := range live {
			past = append(past, line)
		}
		all, _ := w.client.Debug(context.Background(), time.Time{})
		if len(all) < len(past) || !slices.Equal(all[:len(past)], past) {
			t.Errorf("%d lines, then and live; %d are kept", len(past), len(all))
		}
		if !slices.ContainsFunc(past, func(l status.DebugLine) bool { return strings.Contains(l.Text, "not responding!") }) {
			t.Error("the death was not told")
		}
	})
}

// The gateway's own question is answered at once, and proves the gateway as every other packet does.
func TestGatewayAsks(t *testing.T) {
	inWorld(t, 1, nil, func(w *world) {
		q := w.asking("periodic", gw1)
		began := time.Now()
		for n := range 50 {
			w.gateways[0].Probe(uint32(n + 1))
			time.Sleep(9 * time.Second)
		}
		want := []float64{}
		for n := range 50 {
			want = append(want, float64(9*n)+0.01) // one way
		}
		if got := q.since(began); !slices.EqualFunc(got, want, func(a, b float64) bool { return a-b < 1e-6 && b-a < 1e-6 }) {
			t.Errorf("answers at %v, want %v and no question of ours", got, want)
		}
	})
}
