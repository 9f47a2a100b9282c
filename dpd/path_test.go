package dpd

import (
	"slices"
	"testing"
	"time"
)

const (
	grain = 10 * time.Millisecond // packets come and go at multiples of it; a driver without deadlines steps so often
	never = time.Duration(1<<63 - 1)
)

// path is what happens between us and a peer, as sorted times since the peer was first heard.
type path struct {
	policy  Policy
	seq     uint32          // of the first probe
	heard   []time.Duration // packets of the peer arrive
	left    []time.Duration // packets for the inside leave
	asked   []time.Duration // the owner wants to know at once; between two grains
	forged  []time.Duration // an ACK comes that answers nothing
	offsets []uint32        // its number, from the number of the latest probe
	answers []time.Duration // to the n-th probe, after it; negative, or not in the list: it is lost
	until   time.Duration
}

// happening is one verdict, or an answer under way.
type happening struct {
	at      time.Duration
	verdict Verdict
	seq     uint32
}

// outcome is what a Detector made of a path, and the signs of life that it had: packets, and answers that it believed.
type outcome struct {
	steps []happening
	life  []time.Duration
}

// walker plays a path to a Detector, and keeps its own account of the answers that count.
type walker struct {
	outcome
	t      *testing.T
	p      path
	d      *Detector
	start  time.Time
	known  Activity
	coming []happening
	open   []uint32 // numbers of the unanswered probes of the present series
	stray  uint64
	probes int
	dead   bool
}

// walk plays a path. A dense driver steps every 10 ms and at everything that happens; one that is not, when something
// happens and when the Deadline has come.
func walk(t *testing.T, p path, dense bool) outcome {
	t.Helper()
	w := &walker{t: t, p: p, d: New(p.policy, p.seq), start: time.Date(2026, 3, 25, 15, 0, 0, 0, time.UTC)}
	w.known.Heard = w.start
	w.life = []time.Duration{0}
	idle := false // only the Deadline woke us
	for at := time.Duration(0); at < p.until && !w.dead; {
		said := len(w.steps)
		w.happen(at)
		w.step(at)
		if idle && len(w.steps) == said {
			t.Fatalf("%+v: %v was a deadline, and there was nothing to say", p.policy, at)
		}
		next := w.next(at)
		idle = false
		if due := w.d.Deadline(w.known); !due.IsZero() {
			if !due.After(w.start.Add(at)) {
				t.Fatalf("%+v: after a Step at %v the deadline is %v: the owner would spin", p.policy, at, due.Sub(w.start))
			}
			idle = due.Sub(w.start) < next
			next = min(next, due.Sub(w.start))
		}
		if dense {
			next, idle = min(next, (at+grain).Truncate(grain)), false
		}
		at = next
	}
	if w.d.Stray() != w.stray {
		t.Fatalf("%+v: %d stray answers counted, %d came", p.policy, w.d.Stray(), w.stray)
	}
	return w.outcome
}

// next is when something happens after at.
func (w *walker) next(at time.Duration) time.Duration {
	next := never
	for _, times := range [][]time.Duration{w.p.heard, w.p.left, w.p.asked, w.p.forged} {
		if i, _ := slices.BinarySearch(times, at+1); i < len(times) {
			next = min(next, times[i])
		}
	}
	for _, x := range w.coming {
		next = min(next, x.at)
	}
	return next
}

// happen tells what happens at this moment: signs of life first.
func (w *walker) happen(at time.Duration) {
	if _, now := slices.BinarySearch(w.p.heard, at); now {
		w.known.Heard = w.start.Add(at)
		w.life, w.open = append(w.life, at), nil
		w.step(at)
	}
	for len(w.coming) > 0 && w.coming[0].at == at {
		x := w.coming[0]
		w.coming = w.coming[1:]
		w.answer(at, x.seq)
	}
	if i, now := slices.BinarySearch(w.p.forged, at); now {
		w.answer(at, w.p.seq+uint32(w.probes)-1+w.p.offsets[i])
	}
	if _, now := slices.BinarySearch(w.p.left, at); now {
		w.known.Left = w.start.Add(at)
		w.step(at)
	}
	if _, now := slices.BinarySearch(w.p.asked, at); now && !w.dead {
		w.open = nil
		v, seq := w.d.ProbeNow(w.start.Add(at))
		w.take(at, v, seq)
	}
}

// answer gives an ACK. Only one to an unanswered probe of the present series counts.
func (w *walker) answer(at time.Duration, seq uint32) {
	want := slices.Contains(w.open, seq)
	if got := w.d.Acked(w.start.Add(at), seq); got != want && !w.dead {
		w.t.Fatalf("%+v: at %v the answer %#x is believed: %v; unanswered are %#x", w.p.policy, at, seq, got, w.open)
	}
	if want {
		w.life, w.open = append(w.life, at), nil
	} else {
		w.stray++
	}
	w.step(at)
}

// step asks the Detector; a second time at the same moment it must have nothing to add.
func (w *walker) step(at time.Duration) {
	if w.dead {
		return
	}
	v, seq := w.d.Step(w.start.Add(at), w.known)
	w.take(at, v, seq)
	if got := w.d.Outstanding(); got != len(w.open) {
		w.t.Fatalf("%+v: at %v %d probes outstanding, want %d", w.p.policy, at, got, len(w.open))
	}
	if again, _ := w.d.Step(w.start.Add(at), w.known); again != Quiet && !w.dead {
		w.t.Fatalf("%+v: at %v %v, and at once %v", w.p.policy, at, v, again)
	}
}

func (w *walker) take(at time.Duration, v Verdict, seq uint32) {
	switch v {
	case Quiet:
		return
	case Dead:
		w.dead = true
	case Probe:
		w.open = append(w.open, seq)
		if w.probes < len(w.p.answers) && w.p.answers[w.probes] >= 0 {
			w.coming = append(w.coming, happening{at: at + w.p.answers[w.probes], seq: seq})
			slices.SortStableFunc(w.coming, func(a, b happening) int { return int(a.at - b.at) })
		}
		w.probes++
	}
	w.steps = append(w.steps, happening{at, v, seq})
}
