package dpd

import (
	"testing"
	"time"
)

var t0 = time.Date(2026, 3, 25, 15, 47, 35, 0, time.UTC)

// run steps a detector once a tenth of a second and lists what it does, as seconds since t0.
func run(d *Detector, until time.Duration, at func(now time.Time) Activity) (probes []float64, dead float64) {
	dead = -1
	for e := time.Duration(0); e <= until; e += 100 * time.Millisecond {
		now := t0.Add(e)
		switch v, _ := d.Step(now, at(now)); v {
		case Probe:
			probes = append(probes, e.Seconds())
		case Dead:
			return probes, e.Seconds()
		}
	}
	return probes, dead
}

func silentSince(heard time.Time) func(time.Time) Activity {
	return func(now time.Time) Activity { return Activity{Heard: heard, Left: now} }
}

func equal(a, b []float64) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

// The trace of the Cisco document: one R-U-THERE and four retransmissions, 2 s apart, then "not responding".
func TestTrace(t *testing.T) {
	d := New(Policy{Interval: 10 * time.Second, Retry: 2 * time.Second, Periodic: true}, 8)
	probes, dead := run(d, time.Minute, silentSince(t0))
	if want := []float64{10, 12, 14, 16, 18}; !equal(probes, want) {
		t.Errorf("probes at %v, want %v", probes, want)
	}
	if dead != 20 {
		t.Errorf("dead at %v, want 20: five retries after the first probe", dead)
	}
}

// "crypto isakmp keepalive 30 20 periodic" of the document's Easy VPN remote.
func TestEasyVPNRemoteExample(t *testing.T) {
	d := New(Policy{Interval: 30 * time.Second, Retry: 20 * time.Second, Periodic: true}, 0)
	probes, dead := run(d, 5*time.Minute, silentSince(t0))
	if want := []float64{30, 50, 70, 90, 110}; !equal(probes, want) || dead != 130 {
		t.Errorf("probes at %v, dead at %v; want %v and 130", probes, dead, want)
	}
}

func TestOnDemand(t *testing.T) {
	policy := Policy{Interval: 10 * time.Second, Retry: 2 * time.Second}
	t.Run("nothing to send, nothing asked", func(t *testing.T) {
		d := New(policy, 0)
		probes, dead := run(d, time.Hour, func(time.Time) Activity { return Activity{Heard: t0} })
		if len(probes) != 0 || dead != -1 {
			t.Errorf("probes %v, dead %v", probes, dead)
		}
		if !d.Deadline(Activity{Heard: t0}).IsZero() {
			t.Error("a deadline while nothing is to be sent")
		}
	})
	t.Run("traffic and silence", func(t *testing.T) {
		d := New(policy, 0)
		probes, dead := run(d, time.Minute, func(now time.Time) Activity {
			a := Activity{Heard: t0}
			if now.Sub(t0) >= 25*time.Second {
				a.Left = t0.Add(25 * time.Second) // one packet, long after the last answer
			}
			return a
		})
		if want := []float64{25, 27, 29, 31, 33}; !equal(probes, want) || dead != 35 {
			t.Errorf("probes %v, dead %v; want %v and 35", probes, dead, want)
		}
	})
	t.Run("traffic both ways", func(t *testing.T) {
		d := New(policy, 0)
		probes, _ := run(d, time.Minute, func(now time.Time) Activity { return Activity{Heard: now, Left: now} })
		if len(probes) != 0 {
			t.Errorf("probes %v while the peer talks", probes)
		}
	})
}

func TestAnswers(t *testing.T) {
	p := Policy{Interval: 10 * time.Second, Retry: 2 * time.Second, Periodic: true}
	quiet := Activity{Heard: t0}
	t.Run("an answer starts the interval anew", func(t *testing.T) {
		d := New(p, 41)
		_, seq := d.Step(t0.Add(10*time.Second), quiet)
		if seq != 41 || !d.Acked(t0.Add(10200*time.Millisecond), 41) {
			t.Fatalf("sequence %d not believed", seq)
		}
		if d.RTT() != 200*time.Millisecond {
			t.Errorf("round trip %v", d.RTT())
		}
		if got, want := d.Deadline(quiet), t0.Add(20200*time.Millisecond); !got.Equal(want) {
			t.Errorf("next probe at %v, want %v", got, want)
		}
	})
	t.Run("late answer within the series", func(t *testing.T) {
		d := New(p, 41)
		d.Step(t0.Add(10*time.Second), quiet)
		d.Step(t0.Add(12*time.Second), quiet)
		if !d.Acked(t0.Add(13*time.Second), 41) {
			t.Error("the answer to the first probe was not believed")
		}
	})
	t.Run("wrong and old answers", func(t *testing.T) {
		d := New(p, 41)
		if d.Acked(t0, 41) {
			t.Error("an answer before any probe was believed")
		}
		d.Step(t0.Add(10*time.Second), quiet)
		for _, seq := range []uint32{40, 42, 41 | 1<<31} {
			if d.Acked(t0.Add(11*time.Second), seq) {
				t.Errorf("answer %d was believed", seq)
			}
		}
		if d.Stray() != 4 {
			t.Errorf("%d stray answers, want 4", d.Stray())
		}
		if d.Outstanding() != 1 {
			t.Error("a wrong answer ended the series")
		}
	})
	t.Run("a packet of the peer ends the series", func(t *testing.T) {
		d := New(p, 0)
		d.Step(t0.Add(10*time.Second), quiet)
		if v, _ := d.Step(t0.Add(12*time.Second), Activity{Heard: t0.Add(11 * time.Second)}); v != Quiet {
			t.Errorf("%v after the peer was heard", v)
		}
		if got, want := d.Deadline(Activity{Heard: t0.Add(11 * time.Second)}), t0.Add(21*time.Second); !got.Equal(want) {
			t.Errorf("next probe at %v, want %v", got, want)
		}
	})
}

func TestSequenceNumbers(t *testing.T) {
	d := New(Policy{Interval: 10 * time.Second, Retry: 2 * time.Second, Periodic: true}, 1<<31|(1<<31-1))
	a := Activity{Heard: t0}
	_, one := d.Step(t0.Add(10*time.Second), a)
	_, two := d.Step(t0.Add(12*time.Second), a)
	if one != 1<<31-1 || two != 0 {
		t.Errorf("sequence %#x then %#x; want the top bit clear and a wrap to 0", one, two)
	}
	if !d.Acked(t0.Add(13*time.Second), 0) {
		t.Error("the answer after the wrap was not believed")
	}
}

func TestProbeNow(t *testing.T) {
	d := New(Policy{Interval: time.Hour, Retry: 2 * time.Second}, 0)
	if v, _ := d.ProbeNow(t0); v != Probe {
		t.Fatalf("%v", v)
	}
	if v, seq := d.ProbeNow(t0); v != Probe || d.Acked(t0, seq-1) || d.Outstanding() != 1 {
		t.Error("the second series goes on with the first")
	}
	_, dead := run(d, time.Minute, func(time.Time) Activity { return Activity{Heard: t0.Add(-time.Hour)} })
	if dead != 10 {
		t.Errorf("dead at %v, want 10", dead)
	}
}
