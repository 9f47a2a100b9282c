package dpd

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// tick is the grain of a schedule: every date in it is a multiple.
const tick = 50 * time.Millisecond

// schedule is what happens on a path, tick by tick: a packet of the peer arrives, one for the inside leaves, an answer
// to a probe comes.
type schedule struct {
	policy      Policy
	heard, left []bool
	answers     []time.Duration // to the n-th probe; negative: it is lost
}

// life is a random path: times of traffic and of silence, a peer that answers well, badly, or not at all.
func life(r *rand.Rand) schedule {
	s := schedule{policy: Policy{Interval: time.Duration(10+r.IntN(30)) * time.Second, Retry: time.Duration(2+r.IntN(4)) * time.Second,
		Periodic: r.IntN(2) == 0}}
	ticks := int(10 * time.Minute / tick)
	s.heard, s.left = bursts(r, ticks), bursts(r, ticks)
	loss := []float64{0, 0.2, 0.8, 1}[r.IntN(4)]
	for range 400 {
		d := tick * time.Duration(r.IntN(60))
		if r.Float64() < loss {
			d = -1
		}
		s.answers = append(s.answers, d)
	}
	return s
}

// bursts are times with a packet now and then, and times without one.
func bursts(r *rand.Rand, ticks int) []bool {
	out := make([]bool, ticks)
	for i := 0; i < ticks; {
		n, busy := 1+r.IntN(ticks/4), r.IntN(2) == 0
		for ; n > 0 && i < ticks; n, i = n-1, i+1 {
			out[i] = busy && r.IntN(20) == 0
		}
	}
	return out
}

// happening is one verdict.
type happening struct {
	at      time.Duration
	verdict Verdict
	seq     uint32
}

// outcome is what a Detector made of a schedule, and what it knew.
type outcome struct {
	steps []happening
	life  []time.Duration // signs of life that it was told of: packets, and answers that it believed
	left  []time.Duration
	end   time.Duration
}

// walk plays a schedule. Lazy asks the Detector only when something happened or its deadline has come.
func walk(s schedule, lazy bool) (o outcome) {
	start := time.Date(2026, 3, 25, 15, 0, 0, 0, time.UTC)
	d := New(s.policy, 1<<31-3)
	a := Activity{Heard: start}
	o.life = []time.Duration{0}
	type answer struct {
		at  int
		seq uint32
	}
	var coming []answer
	probes := 0
	for i := range s.heard {
		now := start.Add(time.Duration(i) * tick)
		news := i == 0
		if s.heard[i] {
			a.Heard, news = now, true
			o.life = append(o.life, now.Sub(start))
		}
		if s.left[i] {
			a.Left, news = now, true
			o.left = append(o.left, now.Sub(start))
		}
		for _, x := range coming {
			if x.at == i {
				if news = true; d.Acked(now, x.seq) {
					o.life = append(o.life, now.Sub(start))
				}
			}
		}
		if due := d.Deadline(a); lazy && !news && (due.IsZero() || now.Before(due)) {
			continue
		}
		o.end = now.Sub(start)
		verdict, seq := d.Step(now, a)
		switch verdict {
		case Quiet:
			continue
		case Probe:
			if after := s.answers[probes]; after >= 0 {
				coming = append(coming, answer{i + 1 + int(after/tick), seq})
			}
			probes++
		}
		o.steps = append(o.steps, happening{now.Sub(start), verdict, seq})
		if verdict == Dead {
			return o
		}
	}
	o.end = time.Duration(len(s.heard)) * tick
	return o
}

// latest is the last of the times that is not after t.
func latest(times []time.Duration, t time.Duration) time.Duration {
	last := time.Duration(-1)
	for _, x := range times {
		if x <= t {
			last = max(last, x)
		}
	}
	return last
}

// first is the first of the times that is not before t; false without one.
func first(times []time.Duration, t time.Duration) (time.Duration, bool) {
	i := slices.IndexFunc(times, func(x time.Duration) bool { return x >= t })
	if i < 0 {
		return 0, false
	}
	return times[i], true
}

// What holds on every path (RFC 3706 §5, and the numbers of the Cisco document).
func checkOutcome(t *testing.T, s schedule, o outcome) {
	t.Helper()
	p := s.policy
	series := 0
	for i, x := range o.steps {
		alive := latest(o.life, x.at)
		if series > 0 && alive >= o.steps[i-series].at {
			series = 0 // something of the peer came since the series began
		}
		if x.verdict == Probe {
			series++
		}
		switch {
		case x.verdict == Dead && series != Misses:
			t.Fatalf("%+v: dead at %v after %d probes", p, x.at, series)
		case x.verdict == Dead && x.at-alive < p.Interval+Misses*p.Retry:
			t.Fatalf("%+v: dead at %v, and a sign of life at %v", p, x.at, alive)
		case x.verdict == Dead && x.at != o.steps[i-Misses].at+Misses*p.Retry:
			t.Fatalf("%+v: dead at %v, first unanswered probe at %v", p, x.at, o.steps[i-Misses].at)
		case x.verdict == Probe && series == 1 && x.at-alive < p.Interval:
			t.Fatalf("%+v: a probe at %v, and a sign of life at %v", p, x.at, alive)
		case x.verdict == Probe && series == 1 && !p.Periodic && latest(o.left, x.at) < alive:
			t.Fatalf("%+v: a probe at %v, and nothing left since %v", p, x.at, alive)
		case x.verdict == Probe && series > 1 && x.at-o.steps[i-1].at != p.Retry:
			t.Fatalf("%+v: probes at %v and %v", p, o.steps[i-1].at, x.at)
		}
		if i > 0 && x.verdict == Probe && x.seq != (o.steps[i-1].seq+1)&(1<<31-1) {
			t.Fatalf("sequence numbers %d and %d", o.steps[i-1].seq, x.seq)
		}
	}
	checkInTime(t, p, o)
}

// checkInTime says that a silence was not overlooked: each one that is long enough ends in death, at the right moment.
func checkInTime(t *testing.T, p Policy, o outcome) {
	t.Helper()
	life := slices.Sorted(slices.Values(append(slices.Clone(o.life), o.end+time.Hour)))
	for i := range len(life) - 1 {
		begin := life[i] + p.Interval
		if !p.Periodic {
			waits, ok := first(o.left, life[i])
			if !ok {
				continue // nobody wanted to know
			}
			begin = max(begin, waits)
		}
		death := begin + Misses*p.Retry
		if death < min(life[i+1], o.end) {
			t.Fatalf("%+v: silence from %v to %v, and no death at %v", p, life[i], life[i+1], death)
		}
	}
}

func TestRandomPaths(t *testing.T) {
	deaths, probes := 0, 0
	for seed := range uint64(600) {
		s := life(rand.New(rand.NewPCG(seed, 5)))
		o := walk(s, false)
		checkOutcome(t, s, o)
		if lazy := walk(s, true); !slices.Equal(lazy.steps, o.steps) {
			t.Fatalf("seed %d: asked at every tick %v\nasked when its deadline comes %v", seed, o.steps, lazy.steps)
		}
		for _, x := range o.steps {
			if x.verdict == Dead {
				deaths++
			} else {
				probes++
			}
		}
	}
	if deaths < 100 || probes < 5_000 {
		t.Errorf("only %d deaths and %d probes: the paths are too quiet to tell anything", deaths, probes)
	}
}

func FuzzPath(f *testing.F) {
	f.Add([]byte{0, 10, 2, 0, 0, 0, 0, 0, 0, 0, 0}) // silence
	f.Add([]byte{1, 10, 2, 1, 1, 1, 3, 2, 2, 200})  // traffic, answers, then silence
	f.Add([]byte{1, 30, 20, 2, 255, 2, 255, 2, 255, 2})
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) < 3 || len(b) > 200 {
			return
		}
		s := schedule{policy: Policy{Periodic: b[0]&1 == 0, Interval: time.Duration(10+int(b[1])%60) * time.Second,
			Retry: time.Duration(2+int(b[2])%20) * time.Second}, answers: make([]time.Duration, 4000)}
		for i := range s.answers {
			s.answers[i] = time.Duration(b[i%len(b)]%80)*tick - tick
		}
		for _, x := range b[3:] { // each byte is a second
			for i := range 20 {
				s.heard = append(s.heard, x&1 != 0 && i == int(x>>2)%20)
				s.left = append(s.left, x&2 != 0 && i == int(x>>3)%20)
			}
		}
		o := walk(s, false)
		checkOutcome(t, s, o)
		if lazy := walk(s, true); !slices.Equal(lazy.steps, o.steps) {
			t.Fatalf("%v\n%v", o.steps, lazy.steps)
		}
	})
}
