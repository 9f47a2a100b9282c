package dpd

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// drive sleeps from Deadline to Deadline and from packet to packet, as the owner does, and lists what was said, as
// seconds after the full minute of the document's trace.
func drive(t *testing.T, d *Detector, heard, left []float64, until float64) (probes []float64, dead float64) {
	minute := t0.Truncate(time.Minute)
	at := func(s float64) time.Time { return minute.Add(time.Duration(s * float64(time.Second))) }
	a := Activity{}
	for now := at(heard[0]); !now.After(at(until)); {
		for _, s := range heard {
			if !at(s).After(now) {
				a.Heard = at(s)
			}
		}
		for _, s := range left {
			if !at(s).After(now) {
				a.Left = at(s)
			}
		}
		switch v, _ := d.Step(now, a); v {
		case Probe:
			probes = append(probes, now.Sub(minute).Seconds())
		case Dead:
			return probes, now.Sub(minute).Seconds()
		}
		next := at(until).Add(1)
		if due := d.Deadline(a); !due.IsZero() && due.Before(next) {
			if next = due; !next.After(now) {
				t.Fatalf("after a Step at %v the deadline is %v", now, due)
			}
		}
		for _, s := range slices.Concat(heard, left) {
			if at(s).After(now) && at(s).Before(next) {
				next = at(s)
			}
		}
		now = next
	}
	return probes, 0
}

// each are n times, gap apart.
func each(from, gap float64, n int) (out []float64) {
	for i := range n {
		out = append(out, from+float64(i)*gap)
	}
	return out
}

// The times of the document: the trace ("10 periodic", retry 2 by default) asks at 15:47:35 and is done at :45.
func TestTimes(t *testing.T) {
	ten := Policy{Interval: 10 * time.Second, Retry: 2 * time.Second}
	periodic := Policy{Interval: 10 * time.Second, Retry: 2 * time.Second, Periodic: true}
	thirty := Policy{Interval: 30 * time.Second, Retry: 20 * time.Second, Periodic: true}
	const hour = 3600
	for _, x := range []struct {
		name        string
		policy      Policy
		heard, left []float64
		want        []float64
		dead        float64
	}{
		{"the trace", periodic, []float64{25}, nil, []float64{35, 37, 39, 41, 43}, 45},
		{"the trace, and traffic that nobody answers", periodic, []float64{25}, each(25, 1, 100), []float64{35, 37, 39, 41, 43}, 45},
		{"30 20 periodic", thirty, []float64{0}, nil, []float64{30, 50, 70, 90, 110}, 130},
		{"periodic, heard all the time", periodic, each(0, 9.9, 400), nil, nil, 0},
		{"periodic, heard once in the series", periodic, []float64{25, 42}, nil, []float64{35, 37, 39, 41, 52, 54, 56, 58, 60}, 62},
		{"on demand, nothing to send", ten, []float64{25}, nil, nil, 0},
		{"on demand, what left before the peer was heard", ten, []float64{25}, []float64{24}, nil, 0},
		{"on demand, traffic all the time", ten, []float64{25}, each(25.5, 1, 100), []float64{35, 37, 39, 41, 43}, 45},
		{"on demand, traffic that begins in the silence", ten, []float64{0}, []float64{301.5}, []float64{301.5, 303.5, 305.5, 307.5, 309.5}, 311.5},
		{"on demand, traffic that begins before the silence is long enough", ten, []float64{0}, []float64{7}, []float64{10, 12, 14, 16, 18}, 20},
		{"on demand, traffic that stops in the series", ten, []float64{25}, each(34.5, 0.5, 5), []float64{35, 37, 39, 41, 43}, 45},
		{"on demand, the peer talks and we do not", ten, each(0, 60, 50), nil, nil, 0},
		{"on demand, question and answer every 9 s", ten, each(0.1, 9, 50), each(0, 9, 50), nil, 0},
		{"on demand, question and answer once a minute", ten, each(0.1, 60, 50), each(0, 60, 50), each(60, 60, 49), 0},
		{"3600 60 periodic", Policy{Interval: time.Hour, Retry: time.Minute, Periodic: true}, []float64{0}, nil, each(hour, 60, 5), hour + 300},
	} {
		t.Run(x.name, func(t *testing.T) {
			probes, dead := drive(t, New(x.policy, 8), x.heard, x.left, 2*hour)
			last := x.heard[len(x.heard)-1]
			if x.name == "periodic, heard all the time" { // then silence, which ends as every other one
				x.want, x.dead = each(last+10, 2, 5), last+20
			}
			if !near(probes, x.want) || !near([]float64{dead}, []float64{x.dead}) {
				t.Errorf("probes at %v, dead at %v; want %v and %v", probes, dead, x.want, x.dead)
			}
		})
	}
}

// near compares to the microsecond: seconds in floating point are not exact.
func near(a, b []float64) bool {
	return slices.EqualFunc(a, b, func(x, y float64) bool { return x-y < 1e-6 && y-x < 1e-6 })
}

// A clock that stands still gives one verdict, however often the owner asks; one that is early gives none.
func TestClockStandsStill(t *testing.T) {
	d := New(Policy{Interval: 10 * time.Second, Retry: 2 * time.Second, Periodic: true}, 0)
	a := Activity{Heard: t0}
	for k := range time.Duration(Misses) {
		at := t0.Add(10*time.Second + 2*k*time.Second)
		for range 1000 {
			if v, _ := d.Step(at.Add(-1), a); v != Quiet {
				t.Fatalf("%v a nanosecond too early", v)
			}
		}
		if v, seq := d.Step(at, a); v != Probe || seq != uint32(k) {
			t.Fatalf("%v with number %d at %v", v, seq, at.Sub(t0))
		}
		for range 1000 {
			if v, _ := d.Step(at, a); v != Quiet {
				t.Fatalf("a second verdict at one moment: %v", v)
			}
		}
	}
	end := t0.Add(20 * time.Second)
	for range 3 {
		if v, _ := d.Step(end, a); v != Dead {
			t.Fatalf("%v, want dead, and dead for good", v)
		}
	}
	if !d.Deadline(a).IsZero() {
		t.Error("a deadline after death")
	}
	if v, _ := d.ProbeNow(end); v != Dead || d.Acked(end, 4) {
		t.Error("the dead peer came back")
	}
}

// A clock that jumps, as after a sleep that nobody told of: one question is due, not all those that were missed, and
// nobody is dead who was not asked five times.
func TestClockJumps(t *testing.T) {
	const night = 8 * time.Hour
	for asked := range Misses + 1 {
		d := New(Policy{Interval: 10 * time.Second, Retry: 2 * time.Second, Periodic: true}, 0)
		a := Activity{Heard: t0}
		now := t0
		for k := range time.Duration(asked) {
			now = t0.Add(10*time.Second + 2*k*time.Second)
			d.Step(now, a)
		}
		now = now.Add(night)
		probes := asked
		for {
			v, _ := d.Step(now, a)
			if v == Dead {
				break
			}
			if probes++; v != Probe || probes > Misses {
				t.Fatalf("%v at a deadline, after %d probes", v, probes-1)
			}
			if due := d.Deadline(a); due.Sub(now) != 2*time.Second {
				t.Fatalf("asked %d times before the jump: the next moment is %v away, want 2 s", asked, due.Sub(now))
			}
			now = now.Add(2 * time.Second)
		}
		if probes != Misses {
			t.Errorf("asked %d times before the jump: dead after %d probes", asked, probes)
		}
	}
	t.Run("with a word of the owner", func(t *testing.T) {
		d := New(Policy{Interval: 10 * time.Second, Retry: 2 * time.Second, Periodic: true}, 0)
		a := Activity{Heard: t0}
		for k := range time.Duration(Misses) {
			d.Step(t0.Add(10*time.Second+2*k*time.Second), a)
		}
		woke := t0.Add(night)
		if v, seq := d.ProbeNow(woke); v != Probe || seq != Misses {
			t.Fatalf("%v, number %d", v, seq)
		}
		if d.Acked(woke.Add(time.Second), 3) {
			t.Error("an answer of yesterday was believed")
		}
		if v, _ := d.Step(woke.Add(time.Second), a); v != Quiet {
			t.Errorf("%v a second after the owner asked", v)
		}
		if !d.Acked(woke.Add(time.Second), Misses) {
			t.Error("the answer was not believed")
		}
		if got, want := d.Deadline(a), woke.Add(11*time.Second); !got.Equal(want) {
			t.Errorf("next question at %v, want %v", got, want)
		}
	})
}

// An owner that comes late asks late: no two questions are nearer to each other than Retry, and death is Retry after the
// fifth at the earliest.
func TestLateOwner(t *testing.T) {
	for seed := range uint64(2000) {
		r := rand.New(rand.NewPCG(seed, 6))
		p := Policy{Interval: time.Duration(10+r.IntN(3591)) * time.Second, Retry: time.Duration(2+r.IntN(59)) * time.Second, Periodic: true}
		d := New(p, r.Uint32())
		a := Activity{Heard: t0}
		last, probes, now := time.Time{}, 0, t0
		for {
			now = d.Deadline(a).Add(time.Duration(r.Int64N(int64(20 * p.Retry))))
			v, seq := d.Step(now, a)
			if v == Quiet || seq>>31 != 0 {
				t.Fatalf("%+v: %v, number %#x at a deadline", p, v, seq)
			}
			if !last.IsZero() && now.Sub(last) < p.Retry {
				t.Fatalf("%+v: verdicts %v apart", p, now.Sub(last))
			}
			if last = now; v == Dead {
				break
			}
			if probes++; probes > Misses {
				break
			}
		}
		if probes != Misses {
			t.Fatalf("%+v: dead after %d probes", p, probes)
		}
	}
}

// The round trip is known from an answer to the latest question only: another one may have waited for its question.
func TestRoundTrip(t *testing.T) {
	d := New(Policy{Interval: 10 * time.Second, Retry: 2 * time.Second, Periodic: true}, 100)
	a := Activity{Heard: t0}
	d.Step(t0.Add(10*time.Second), a)
	d.Acked(t0.Add(10*time.Second+30*time.Millisecond), 100)
	if d.RTT() != 30*time.Millisecond || !d.LastAck().Equal(t0.Add(10*time.Second+30*time.Millisecond)) || d.Outstanding() != 0 {
		t.Fatalf("round trip %v, answer at %v, %d outstanding", d.RTT(), d.LastAck(), d.Outstanding())
	}
	d.Step(d.Deadline(a), a)
	d.Step(d.Deadline(a), a)
	if d.Outstanding() != 2 {
		t.Fatalf("%d outstanding, want 2", d.Outstanding())
	}
	late := d.Deadline(a).Add(-time.Second)
	if !d.Acked(late, 101) || d.RTT() != 30*time.Millisecond || !d.LastAck().Equal(late) {
		t.Errorf("round trip %v, answer at %v", d.RTT(), d.LastAck())
	}
	if d.Acked(late, 102) || d.Stray() != 1 {
		t.Errorf("the other question of the series was over; %d strays", d.Stray())
	}
}

// A packet of the peer moves the deadline at once, also before a Step was told of it: the owner is not woken by ESP.
func TestDeadlineBeforeStep(t *testing.T) {
	for _, periodic := range []bool{true, false} {
		d := New(Policy{Interval: 10 * time.Second, Retry: 2 * time.Second, Periodic: periodic}, 0)
		a := Activity{Heard: t0, Left: t0}
		d.Step(t0.Add(10*time.Second), a)
		a.Heard = t0.Add(11 * time.Second)
		want := t0.Add(21 * time.Second)
		if !periodic {
			want = time.Time{} // what left before is answered
		}
		if got := d.Deadline(a); !got.Equal(want) {
			t.Errorf("periodic %v: deadline %v, want %v", periodic, got, want)
		}
	}
}
