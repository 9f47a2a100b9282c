package client

import (
	"container/heap"
	"math/rand/v2"
	"net/netip"
	"testing"
	"time"

	"ezvpn/client/profile"
	"ezvpn/client/status"
	"ezvpn/ike"
)

// remote is one machine and its associations.
type remote struct {
	m      machine
	talks  map[int]*dialogue
	wake   time.Duration // the date that a tick is queued for; 0 for none
	behind int           // gateway of the tunnel, -1 for none
}

// happening is one entry of the queue.
type happening struct {
	at  time.Duration
	seq int // what was queued first comes first
	do  func()
}

type agenda []happening

func (q agenda) Len() int { return len(q) }
func (q agenda) Less(i, j int) bool {
	if q[i].at != q[j].at {
		return q[i].at < q[j].at
	}
	return q[i].seq < q[j].seq
}
func (q agenda) Swap(i, j int) { q[i], q[j] = q[j], q[i] }
func (q *agenda) Push(x any)   { *q = append(*q, x.(happening)) }
func (q *agenda) Pop() any {
	old := *q
	x := old[len(old)-1]
	*q = old[:len(old)-1]
	return x
}

// fleet is a world of remotes and gateways in virtual time. The remotes are the machine of the product.
type fleet struct {
	t       *testing.T
	now     time.Duration // since t0
	queue   agenda
	seq     int
	rand    *rand.Rand
	gates   []*gate
	remotes []*remote
}

// newFleet makes gateways that take rate connects a second each, and remotes that are not yet connected.
func newFleet(t *testing.T, size int, rate float64, seed uint64) *fleet {
	f := &fleet{t: t, rand: rand.New(rand.NewPCG(uint64(size), seed))}
	for _, a := range []string{gw1, gw2, "198.51.100.103"} {
		f.gates = append(f.gates, &gate{addr: netip.MustParseAddr(a), alive: true, lives: 1, rate: rate})
	}
	for range size {
		f.remotes = append(f.remotes, &remote{m: newMachine(t0), talks: map[int]*dialogue{}, behind: -1})
	}
	f.later(time.Second, f.count)
	return f
}

func (f *fleet) later(in time.Duration, do func()) {
	f.seq++
	heap.Push(&f.queue, happening{at: f.now + in, seq: f.seq, do: do})
}

// run lets time pass until done says so, at most for so long.
func (f *fleet) run(most time.Duration, done func() bool) {
	end := f.now + most
	for len(f.queue) > 0 && f.queue[0].at <= end {
		h := heap.Pop(&f.queue).(happening)
		f.now = h.at
		h.do()
		if done() {
			return
		}
	}
	f.now = end
}

func (f *fleet) wait(d time.Duration) { f.run(d, func() bool { return false }) }

// count notes through which gateway how many are up, every second.
func (f *fleet) count() {
	for _, g := range f.gates {
		g.tunnels = append(g.tunnels, g.up)
	}
	f.later(time.Second, f.count)
}

func (f *fleet) up() int {
	n := 0
	for _, g := range f.gates {
		n += g.up
	}
	return n
}

func (f *fleet) allUp() bool { return f.up() == len(f.remotes) }

// tally adds one to the second that it is now.
func (f *fleet) tally(to *[]int) {
	s := int(f.now / time.Second)
	for len(*to) <= s {
		*to = append(*to, 0)
	}
	(*to)[s]++
}

// connect starts all remotes, spread over a time in which the first gateway can take them.
func (f *fleet) connect() {
	p := testProfile("auto", gw1, gw2, "198.51.100.103")
	p.XAUTH.Password = "stored"
	p.DPD.Mode = "periodic"
	p.Primary = profile.Primary{Return: true, Hold: time.Minute}
	all := 1.2 * float64(len(f.remotes)) / f.gates[0].rate * float64(time.Second)
	for _, r := range f.remotes {
		dice := f.rand.Uint64()
		f.later(time.Duration(f.rand.Float64()*all), func() { f.step(r, evConnect{profile: p, dice: dice}) })
	}
}

// step gives an event to a remote's machine and does what it wants.
func (f *fleet) step(r *remote, ev event) {
	m, acts := r.m.step(t0.Add(f.now), ev)
	r.m = m
	for _, a := range acts {
		f.perform(r, a)
	}
	f.follow(r)
	f.remind(r)
}

func (f *fleet) perform(r *remote, a action) {
	switch a := a.(type) {
	case actDial:
		f.dial(r, a)
	case actAnswer:
		f.answered(r, a.assoc)
	case actConfigure:
		f.later(hostTime, func() { f.step(r, evHostReady{seq: a.seq, iface: "ezvpn0", mtu: 1400}) })
	case actHangUp:
		delete(r.talks, a.assoc)
	case actDrop:
		delete(r.talks, a.assoc)
	case actRelease, actResolve, actReopen:
		f.t.Fatalf("a remote wants %T in %s", a, r.m.state)
	}
}

// follow notes through which gateway the tunnel goes.
func (f *fleet) follow(r *remote) {
	at := -1
	if d := r.talks[r.m.assoc]; d != nil && r.m.state == status.Active {
		at = d.gate
	}
	if at == r.behind {
		return
	}
	if r.behind >= 0 {
		f.gates[r.behind].up--
	}
	if r.behind = at; at >= 0 {
		f.gates[at].up++
	}
}

// remind queues the tick that the machine waits for.
func (f *fleet) remind(r *remote) {
	next := r.m.wakeAt()
	if next.IsZero() {
		r.wake = 0
		return
	}
	at := max(next.Sub(t0), f.now)
	if r.wake == at {
		return
	}
	r.wake = at
	f.later(at-f.now, func() {
		if r.wake == at {
			r.wake = 0
			f.step(r, evTick{})
		}
	})
}

// news gives an event of an association to the machine, if it still has it.
func (f *fleet) news(r *remote, assoc int, ev ike.Event) {
	switch {
	case r.talks[assoc] == nil:
	case assoc == r.m.assoc:
		f.step(r, evIKE{ev})
	default:
		f.step(r, evOther{assoc, ev})
	}
}
