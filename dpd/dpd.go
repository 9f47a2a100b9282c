// Package dpd decides when a peer is asked whether it lives, and when it is dead (RFC 3706, with the timing of Cisco
// IOS `crypto isakmp keepalive seconds [retry-seconds] [periodic | on-demand]`). It is pure: it neither sends nor
// hears anything. Its owner tells it what was heard and when traffic left, and carries out its verdicts.
//
//	quiet ──nothing heard for Interval──▶ probing: probe, then four retries, Retry apart
//	  ▲                                      │
//	  └───────────heard, or acked────────────┤
//	                                         └──fifth miss: dead, 5 × Retry after the first probe
package dpd

import "time"

// Misses is how many probes in a row go unanswered before the peer is dead: the first probe and four retries.
const Misses = 5

// Policy is one keepalive configuration.
type Policy struct {
	Interval time.Duration // 10–3600 s of silence before the first probe
	Retry    time.Duration // 2–60 s between a missed probe and the next
	Periodic bool          // ask at every Interval of silence; otherwise only when traffic waits for an answer
}

// Verdict is what is to be done now.
type Verdict uint8

const (
	Quiet Verdict = iota // nothing
	Probe                // send R-U-THERE with the sequence number
	Dead                 // the peer is dead; the Detector is spent
)

func (v Verdict) String() string { return [...]string{"quiet", "probe", "dead"}[v] }

// Detector watches one ISAKMP SA. Make a new one for each; it is not safe for concurrent use.
type Detector struct {
	policy Policy
	next   uint32 // sequence number of the next new probe
	first  uint32 // sequence number of the first probe of the present series
	sent   int    // probes in the present series, 0 when quiet
	began  time.Time
	last   time.Time // when the latest probe left
	dead   bool

	lastAck time.Time
	rtt     time.Duration
	stray   uint64
}

// New starts to watch a peer. seq is the first sequence number, random with the top bit clear (RFC 3706 §6.1).
func New(p Policy, seq uint32) *Detector {
	return &Detector{policy: p, next: seq &^ (1 << 31)}
}

// SetPolicy goes on with another configuration. A series of probes that is under way stays, with the new pause.
func (d *Detector) SetPolicy(p Policy) { d.policy = p }

// Activity is what the owner knows about the path.
type Activity struct {
	Heard time.Time // when the latest authentic packet came from the peer, ESP or IKE; an R-U-THERE-ACK only if it was believed
	Left  time.Time // when the latest packet for the inside left, or wanted to; zero if never
}

// Step says what is to be done at now. Early and repeated calls are harmless.
func (d *Detector) Step(now time.Time, a Activity) (Verdict, uint32) {
	switch {
	case d.dead:
		return Dead, 0
	case d.sent > 0 && !a.Heard.Before(d.began):
		d.sent = 0 // a packet of the peer is as good as an answer
	}
	if d.sent == 0 {
		if due, ok := d.due(a); !ok || now.Before(due) {
			return Quiet, 0
		}
		d.began, d.first = now, d.next
		return Probe, d.probe(now)
	}
	if now.Before(d.last.Add(d.policy.Retry)) {
		return Quiet, 0
	}
	if d.sent >= Misses {
		d.dead = true
		return Dead, 0
	}
	return Probe, d.probe(now)
}

func (d *Detector) probe(now time.Time) uint32 {
	seq := d.next
	d.next = (d.next + 1) &^ (1 << 31)
	d.sent++
	d.last = now
	return seq
}

// due is when the first probe of a series should leave; false means not before something changes.
func (d *Detector) due(a Activity) (time.Time, bool) {
	silent := a.Heard
	if d.lastAck.After(silent) {
		silent = d.lastAck
	}
	if !d.policy.Periodic && (a.Left.IsZero() || a.Left.Before(silent)) {
		return time.Time{}, false // nothing is waiting for an answer
	}
	return silent.Add(d.policy.Interval), true
}

// Acked takes an authentic R-U-THERE-ACK. It is believed only if it answers a probe of the present series
// (RFC 3706 §5.4); others are counted in Stray.
func (d *Detector) Acked(now time.Time, seq uint32) bool {
	if d.dead || d.sent == 0 || seq>>31 != 0 || (seq-d.first)&^(1<<31) >= uint32(d.sent) {
		d.stray++
		return false
	}
	if seq == (d.next-1)&^(1<<31) {
		d.rtt = now.Sub(d.last)
	}
	d.sent, d.lastAck = 0, now
	return true
}

// ProbeNow starts a series at once, as after a suspend or a link change. One that is under way is given up: its questions
// left from a network that is not there any more.
func (d *Detector) ProbeNow(now time.Time) (Verdict, uint32) {
	if d.dead {
		return Dead, 0
	}
	d.sent, d.began, d.first = 0, now, d.next
	return Probe, d.probe(now)
}

// Deadline is when Step may have something to say, given the same activity; zero means not before it changes.
func (d *Detector) Deadline(a Activity) time.Time {
	if d.dead {
		return time.Time{}
	}
	if d.sent > 0 && a.Heard.Before(d.began) {
		return d.last.Add(d.policy.Retry)
	}
	due, ok := d.due(a)
	if !ok {
		return time.Time{}
	}
	return due
}

// Outstanding is how many probes of the present series are unanswered at now: the last one counts as missed once
// Retry has passed.
func (d *Detector) Outstanding() int { return d.sent }

// LastAck is when the last believed answer came; RTT how long it took.
func (d *Detector) LastAck() time.Time { return d.lastAck }
func (d *Detector) RTT() time.Duration { return d.rtt }

// Stray counts answers that were not believed.
func (d *Detector) Stray() uint64 { return d.stray }
