package dpd

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// life is a random path of ten minutes: times of traffic and of silence in each direction, a peer that answers well,
// badly, or not at all, ACKs that answer nothing, and, on some paths, changes of the network.
func life(seed uint64) path {
	r := rand.New(rand.NewPCG(seed, 5))
	p := path{until: 10 * time.Minute, seq: r.Uint32() >> 1, policy: Policy{Interval: time.Duration(10+r.IntN(30)) * time.Second,
		Retry: time.Duration(2+r.IntN(4)) * time.Second, Periodic: r.IntN(2) == 0}}
	if r.IntN(3) == 0 {
		p.seq = 1<<31 - 1 - r.Uint32N(8) // it wraps on the way
	}
	p.heard, p.left = bursts(r, p.until), bursts(r, p.until)
	if r.IntN(3) == 0 {
		for range r.IntN(10) {
			p.asked = append(p.asked, grain*time.Duration(r.IntN(int(p.until/grain)))+grain/2)
		}
		slices.Sort(p.asked)
		p.asked = slices.Compact(p.asked)
	}
	loss := []float64{0, 0.2, 0.8, 1}[r.IntN(4)]
	for range 400 {
		delay := grain * time.Duration(1+r.IntN(300))
		if r.Float64() < loss {
			delay = -1
		}
		p.answers = append(p.answers, delay)
	}
	for range r.IntN(60) {
		p.forged = append(p.forged, grain*time.Duration(r.IntN(int(p.until/grain))))
		offset := []uint32{1 << 31, 1<<31 + 1, 1, 2, -uint32(r.IntN(12)), r.Uint32()}[r.IntN(6)]
		p.offsets = append(p.offsets, offset)
	}
	slices.Sort(p.forged)
	p.forged = slices.Compact(p.forged)
	return p
}

// bursts are times with a packet now and then, and times without one.
func bursts(r *rand.Rand, until time.Duration) (out []time.Duration) {
	for at := time.Duration(0); at < until; {
		end := at + time.Duration(1+r.IntN(150))*time.Second
		gap := 1 + r.IntN(400)
		for busy := r.IntN(2) == 0; busy && at < min(end, until); at += grain * time.Duration(1+r.IntN(gap)) {
			out = append(out, at)
		}
		at = max(at, end)
	}
	return out
}

// expected is what RFC 3706 and the numbers of the Cisco document make of a path, once it is known when the peer was
// heard: for each silence the questions in it and, if it is long enough, its end.
func expected(p path, life []time.Duration) (out []happening) {
	seq := p.seq
	add := func(at time.Duration, v Verdict) {
		x := happening{at: at, verdict: v}
		if v == Probe {
			x.seq = seq
			seq = (seq + 1) & (1<<31 - 1)
		}
		out = append(out, x)
	}
	for i, from := range life {
		to := p.until
		if i+1 < len(life) {
			to = life[i+1]
		}
		begin := questionable(p, from)
		for _, ask := range append(between(p.asked, from, to), never) {
			for k := range time.Duration(Misses) {
				if at := begin + k*p.policy.Retry; begin < never && at < min(ask, to) {
					add(at, Probe)
				}
			}
			if dead := begin + Misses*p.policy.Retry; begin < never && dead < min(ask, to) {
				add(dead, Dead)
				return out
			}
			begin = ask
		}
	}
	return out
}

// questionable is when the first question of a silence leaves that began at from.
func questionable(p path, from time.Duration) time.Duration {
	due := from + p.policy.Interval
	if p.policy.Periodic {
		return due
	}
	i, _ := slices.BinarySearch(p.left, from)
	if i == len(p.left) {
		return never
	}
	return max(due, p.left[i])
}

// between are the times from from on and before to.
func between(times []time.Duration, from, to time.Duration) []time.Duration {
	i, _ := slices.BinarySearch(times, from)
	j, _ := slices.BinarySearch(times, max(from, to))
	return slices.Clone(times[i:j])
}

// checkPath walks a path by deadlines, and holds the walk against what is expected and against the promises.
func checkPath(t *testing.T, p path) outcome {
	t.Helper()
	o := walk(t, p, false)
	if want := expected(p, o.life); !slices.Equal(o.steps, want) {
		t.Fatalf("%+v, asked at %v\nverdicts %v\nwant     %v\nheard %v", p.policy, p.asked, o.steps, want, o.life)
	}
	if len(p.asked) == 0 {
		checkPromises(t, p, o)
	}
	return o
}

// checkPromises says in other words what the product promises.
func checkPromises(t *testing.T, p path, o outcome) {
	t.Helper()
	for _, x := range o.steps {
		i, exact := slices.BinarySearch(o.life, x.at)
		if !exact {
			i--
		}
		alive := o.life[i]
		waiting := len(between(p.left, alive, x.at+1)) > 0
		switch {
		case x.verdict == Probe && !p.policy.Periodic && !waiting:
			t.Fatalf("%+v: a probe at %v, and nothing left since the peer was heard at %v", p.policy, x.at, alive)
		case x.at-alive < p.policy.Interval:
			t.Fatalf("%+v: %v at %v, and a sign of life at %v", p.policy, x.verdict, x.at, alive)
		case x.verdict == Dead && p.policy.Periodic && x.at-alive > p.policy.Interval+Misses*p.policy.Retry:
			t.Fatalf("%+v: dead at %v, and the last sign of life was at %v", p.policy, x.at, alive)
		}
	}
}

func TestRandomPaths(t *testing.T) {
	deaths, probes := 0, 0
	for seed := range uint64(3000) {
		o := checkPath(t, life(seed))
		for _, x := range o.steps {
			if x.verdict == Dead {
				deaths++
			} else {
				probes++
			}
		}
	}
	if deaths < 600 || probes < 30_000 {
		t.Errorf("only %d deaths and %d probes: the paths are too quiet to tell anything", deaths, probes)
	}
}

// The Deadline is never later than the moment that Step has something to say: who steps every 10 ms sees nothing that
// who sleeps until the Deadline does not. Nor is it too early: walk holds each wake-up against what there was to say.
func TestDeadlines(t *testing.T) {
	for seed := range uint64(60) {
		p := life(seed)
		lazy, dense := walk(t, p, false), walk(t, p, true)
		if !slices.Equal(lazy.steps, dense.steps) {
			t.Fatalf("seed %d: by deadlines %v\nevery 10 ms  %v", seed, lazy.steps, dense.steps)
		}
	}
}

func FuzzPath(f *testing.F) {
	f.Add([]byte{0, 0, 0, 0})                                                        // periodic, silence
	f.Add([]byte{1, 0, 0, 2, 2, 2, 1, 4, 4, 200})                                    // on demand: traffic, then silence
	f.Add([]byte{1, 20, 18, 255, 2, 255, 2, 255, 2})                                 // "30 20"
	f.Add([]byte{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0, 0})  // the owner asks in a series
	f.Add([]byte{0, 0, 0, 90, 0, 0, 0, 0, 0, 0, 0, 0, 4, 4, 4, 20, 36, 4, 0, 0, 0})  // answers that answer nothing
	f.Add([]byte{1, 0, 1, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 2, 0, 10}) // a packet of the peer in a series
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) < 4 || len(b) > 400 {
			return
		}
		checkPath(t, decode(b))
	})
}

// decode makes a path of bytes; from the fifth on each is a second.
func decode(b []byte) path {
	p := path{policy: Policy{Periodic: b[0]&1 == 0, Interval: time.Duration(10+int(b[1])%60) * time.Second,
		Retry: time.Duration(2+int(b[2])%20) * time.Second}, seq: 1<<31 - 3, until: time.Duration(len(b)) * time.Second * 2}
	for i := range 4000 {
		delay := grain * time.Duration(int(b[(i*7+3)%len(b)])-10)
		if delay == 0 {
			delay = -1
		}
		p.answers = append(p.answers, delay)
	}
	for i, x := range b[4:] {
		at := time.Duration(i)*time.Second + time.Duration(x>>4)*50*time.Millisecond
		if x&1 != 0 {
			p.heard = append(p.heard, at)
		}
		if x&2 != 0 {
			p.left = append(p.left, at+grain)
		}
		if x&4 != 0 {
			p.forged, p.offsets = append(p.forged, at), append(p.offsets, uint32(int32(int8(x))>>4)<<(x>>3&1*31))
		}
		if x&8 != 0 {
			p.asked = append(p.asked, at+grain/2)
		}
	}
	return p
}
