package client

import (
	"net/netip"
	"time"

	"ezvpn/ike"
)

// The IKE engine, DPD and the gateways of the simulated fleet: a model of who sends when, and whom a gateway has time
// for. The engine sends its first message again after 1, 2, 4 and 8 s and gives up 15 s later. DPD is
// "interval 10 retry 2 periodic": a peer that is heard every 10 s is dead 20 s after it was last heard.
var firstMessages = []time.Duration{0, 1 * time.Second, 3 * time.Second, 7 * time.Second, 15 * time.Second}

const (
	noAnswerAfter = 30 * time.Second
	heardEvery    = 10 * time.Second
	deadAfter     = 20 * time.Second
	hostTime      = 20 * time.Millisecond // for the machine to be set
	backlog       = 500 * time.Millisecond
)

// gate is a gateway that takes so many connects a second, one after another. First messages wait for half a second of
// its work at most; one that comes when more are waiting is dropped.
type gate struct {
	addr    netip.Addr
	alive   bool
	rate    float64
	free    time.Duration // when it can begin with another connect
	lives   int           // how often it came to life
	up      int           // remotes whose tunnel goes through it
	tunnels []int         // the same, at the end of each second
	offered []int         // first messages that came in each second
	served  []int         // connects that it completed in each second
}

// takes says whether the gateway takes a first message, and how long that one waits.
func (g *gate) takes(now time.Duration) (time.Duration, bool) {
	begin := max(now, g.free)
	if !g.alive || begin-now > backlog {
		return 0, false
	}
	g.free = begin + time.Duration(float64(time.Second)/g.rate)
	return begin - now, true
}

// dialogue is what the engine and the gateway know of one association.
type dialogue struct {
	gate     int
	accepted int // life of the gateway in which it took the first message; 0 for not yet
	up       bool
}

// dial begins an association: the first message, again and again, until the gateway takes one.
func (f *fleet) dial(r *remote, a actDial) {
	d := &dialogue{}
	for i, g := range f.gates {
		if g.addr == a.to.Addr() {
			d.gate = i
		}
	}
	r.talks[a.assoc] = d
	f.send(r, a.assoc, d, 0)
	f.hurry(r, a, d)
}

// hurry ends a dialogue that the machine has no more patience with.
func (f *fleet) hurry(r *remote, a actDial, d *dialogue) {
	if a.patience == 0 {
		return
	}
	f.later(a.patience, func() {
		if r.talks[a.assoc] == d && d.accepted == 0 {
			f.fail(r, a.assoc, ike.NoAnswer)
		}
	})
}

// send sends the first message for the i'th time.
func (f *fleet) send(r *remote, assoc int, d *dialogue, i int) {
	if r.talks[assoc] != d || d.accepted > 0 {
		return
	}
	if i == len(firstMessages) {
		f.fail(r, assoc, ike.NoAnswer)
		return
	}
	g := f.gates[d.gate]
	f.tally(&g.offered)
	if wait, ok := g.takes(f.now); ok {
		d.accepted = g.lives
		f.later(wait+f.part(), func() { f.secured(r, assoc, d) })
		return
	}
	next := noAnswerAfter
	if i+1 < len(firstMessages) {
		next = firstMessages[i+1]
	}
	f.later(next-firstMessages[i], func() { f.send(r, assoc, d, i+1) })
}

// part is a third of a connect: all of it takes 100 to 300 ms.
func (f *fleet) part() time.Duration {
	return time.Duration((100 + 200*f.rand.Float64()) / 3 * float64(time.Millisecond))
}

func (f *fleet) fail(r *remote, assoc int, why ike.Reason) {
	f.news(r, assoc, ike.Failed{Failure: &ike.Failure{Reason: why, By: ike.Local, Phase: ike.PhaseOne}})
}

// known says that the gateway still knows of the association; otherwise the engine gives up by itself.
func (f *fleet) known(r *remote, assoc int, d *dialogue) bool {
	if g := f.gates[d.gate]; g.alive && g.lives == d.accepted {
		return true
	}
	f.later(noAnswerAfter, func() {
		if r.talks[assoc] == d {
			f.fail(r, assoc, ike.ConfigTimeout)
		}
	})
	return false
}

func (f *fleet) secured(r *remote, assoc int, d *dialogue) {
	if !f.known(r, assoc, d) {
		return
	}
	to := netip.AddrPortFrom(f.gates[d.gate].addr, 4500)
	f.news(r, assoc, ike.Secured{SA: ike.ISAKMPSA{XAUTH: true, DPD: true, Remote: to, Expires: t0.Add(f.now + 24*time.Hour)}})
	f.later(f.part(), func() {
		if f.known(r, assoc, d) {
			f.news(r, assoc, asks.event)
		}
	})
}

// answered is the rest of a connect, after the password was sent.
func (f *fleet) answered(r *remote, assoc int) {
	d := r.talks[assoc]
	f.later(f.part(), func() {
		if d == nil || r.talks[assoc] != d || !f.known(r, assoc, d) {
			return
		}
		d.up = true
		f.tally(&f.gates[d.gate].served)
		f.news(r, assoc, accepted.event)
		net := configured.event.(ike.Configured)
		net.Net.Address = netip.AddrFrom4([4]byte{10, 99, byte(1 + d.gate), 2})
		f.news(r, assoc, net)
		sa := saUp.event.(ike.SAUp)
		sa.SA.Ready, sa.SA.In.SPI = true, uint32(0x1000+assoc)
		f.news(r, assoc, sa)
	})
}

// kill silences gateways. Who has a tunnel through one notices when DPD says so: it was last heard at some time within
// the last interval, or just before when all were busy.
func (f *fleet) kill(busy bool, which ...int) {
	for _, i := range which {
		f.gates[i].alive = false
	}
	for _, r := range f.remotes {
		assoc := r.m.assoc
		d := r.talks[assoc]
		if d == nil || !d.up || f.gates[d.gate].alive {
			continue
		}
		heard := time.Duration(f.rand.Float64() * float64(heardEvery))
		if busy {
			heard /= 20
		}
		f.later(deadAfter-heard, func() {
			if r.talks[assoc] == d && assoc == r.m.assoc {
				f.step(r, evPeerDead{misses: 5})
			}
		})
	}
}

// revive starts gateways. They know nothing of before.
func (f *fleet) revive(which ...int) {
	for _, i := range which {
		g := f.gates[i]
		g.alive, g.free = true, f.now
		g.lives++
	}
}
