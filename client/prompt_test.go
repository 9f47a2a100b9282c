package client

import (
	"context"
	"errors"
	"math/rand/v2"
	"net/netip"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"ezvpn/client/gateway"
	"ezvpn/client/profile"
	"ezvpn/client/status"
	"ezvpn/ike"
)

// TestThreeAnswerers: a tray, a terminal and a script see the same question and answer at the same moment. One answer
// goes to the gateway, the other two learn that nothing is asked any more, and all three see the question gone. Each
// round is a question of its own.
func TestThreeAnswerers(t *testing.T) {
	inLab(t, func(l *lab) {
		g := l.serve(gw1, func(p *gateway.Policy) {
			p.Rounds = []gateway.Round{
				{Kind: 2, Fields: []ike.XAUTHField{{Name: "passcode"}}, Want: map[string]string{"passcode": "123456"}},
				{Kind: 2, Fields: []ike.XAUTHField{{Name: "next-pin"}}, Want: map[string]string{"next-pin": "0815"}},
			}
		})
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		answers := map[string]profile.Secret{"passcode": "123456", "next-pin": "0815"}
		var taken, late, closed atomic.Int32
		var all sync.WaitGroup
		for range 3 {
			all.Go(func() {
				asked := ""
				for s := range l.c.Watch(ctx) {
					switch {
					case s.Prompt == nil && asked != "":
						closed.Add(1)
						asked = ""
					case s.Prompt != nil && s.Prompt.ID != asked:
						asked = s.Prompt.ID
						time.Sleep(5 * time.Second) // all type equally fast
						switch err := l.c.Answer(asked, answers, false); {
						case err == nil:
							taken.Add(1)
						case errors.Is(err, ErrNoPrompt):
							late.Add(1)
						default:
							t.Error(err)
						}
					}
				}
			})
		}
		synctest.Wait()
		l.connect(stored("manual", gw1))
		l.state(time.Minute, status.Active)
		synctest.Wait()
		cancel()
		all.Wait()
		if taken.Load() != 2 || late.Load() != 4 || closed.Load() < 3 || g.Attempts() == 0 {
			t.Errorf("%d answers were taken, %d came late, %d times a question was seen to close", taken.Load(), late.Load(), closed.Load())
		}
	})
}

// TestQuestionCountsDown: the snapshot says until when a question waits, 120 s as promised; one who never answers ends
// the attempt with that reason at that moment, and an answer a moment later is late.
func TestQuestionCountsDown(t *testing.T) {
	inLab(t, func(l *lab) {
		l.serve(gw1, nil)
		l.connect(testProfile("manual", gw1))
		asked := l.state(time.Minute, status.XAuthRequired)
		l.wire.Cut(netip.MustParseAddr(gw1), true) // the gateway does not give up first
		p := asked.Prompt
		if p == nil || p.Expires.Sub(asked.Time) != 120*time.Second {
			t.Fatalf("asked at %v: %+v", asked.Time, p)
		}
		s := l.state(time.Hour, status.Blocked)
		if !s.Time.Equal(p.Expires) || s.Prompt != nil || s.Diagnosis == nil || s.Diagnosis.Cause != "xauth-timeout" || s.Diagnosis.Next == "" {
			t.Errorf("at %v, expected %v: prompt %v, %+v", s.Time, p.Expires, s.Prompt, s.Diagnosis)
		}
		if err := l.c.Answer(p.ID, map[string]profile.Secret{"password": "alice-pw"}, false); !errors.Is(err, ErrNoPrompt) {
			t.Errorf("a late answer: %v", err)
		}
	})
}

// TestDisconnectAtAnyMoment: whatever the session is doing, and whoever answers or cancels meanwhile, disconnect comes
// back with the machine put back, and the next connect begins.
func TestDisconnectAtAnyMoment(t *testing.T) {
	const rounds = 300
	seen := map[status.State]int{}
	inLab(t, func(l *lab) {
		l.serve(gw1, nil)
		l.wire.SetWeather(gateway.Weather{Delay: 20 * time.Millisecond})
		r := rand.New(rand.NewPCG(4, 2026))
		for i := range rounds {
			p := testProfile("manual", gw1)
			if i%3 != 0 {
				p = stored("auto", gw1)
			}
			l.connect(p)
			time.Sleep(time.Duration(r.IntN(400)) * time.Millisecond)
			s := l.c.Snapshot()
			seen[s.State]++
			if s.Prompt != nil && r.IntN(2) == 0 {
				go l.c.Answer(s.Prompt.ID, map[string]profile.Secret{"password": "alice-pw"}, r.IntN(2) == 0)
			}
			ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
			if err := l.c.Disconnect(ctx); err != nil {
				t.Fatalf("round %d, in %s: %v", i, s.State, err)
			}
			cancel()
			if s := l.c.Snapshot(); s.State != status.ConnectRequired || s.Prompt != nil {
				t.Fatalf("round %d: %s, prompt %+v", i, s.State, s.Prompt)
			}
			if _, up := l.host.Current(); up {
				t.Fatalf("round %d: the machine is not put back", i)
			}
		}
	})
	for _, s := range []status.State{status.Securing, status.XAuthRequired, status.Configuring, status.Active} {
		if seen[s] == 0 {
			t.Errorf("never in %s: %v", s, seen)
		}
	}
}
