package ike

import (
	"bytes"
	"fmt"
	"net/netip"
	"slices"
	"testing"
	"time"

	"ezvpn/ike/isakmp"
)

// ring is a client and a gateway with several associations between them in virtual time, as while one renews another.
type ring struct {
	t     testing.TB
	now   time.Time
	cfg   *Config
	srv   *Server
	ends  [2]*end // client, gateway
	queue []flight
	fault func(i int, f flight) []flight
	sent  int
	net   ModeConfig

	password     string
	trusts       bool                    // the gateway asks nobody for a password a second time
	gatewayKeeps bool                    // the gateway hands its IPsec SAs on, too
	hold         bool                    // the old association is not closed when the new one has its SA
	closeAt      time.Time               // else it is then, when the gateway surely has that SA, too
	always       bool                    // traffic must pass at any moment
	renewed      func(r *ring, c *Conn)  // instead of Adopt, when a new association is configured
	onExpiring   func(r *ring, at *Conn) // what the client does about it
}

// end is all associations of one side.
type end struct {
	conns   []*Conn
	current *Conn // that has the IPsec SAs
	old     *Conn // that it took over from
	events  []Event
	failed  []*Failure
}

func newRing(t testing.TB, cfg *Config, srv *Server, fault func(i int, f flight) []flight) *ring {
	r := &ring{t: t, now: t0, cfg: cfg, srv: srv, fault: fault, ends: [2]*end{{}, {}}, password: "alice-pw",
		net: ModeConfig{Address: netip.MustParseAddr("10.99.1.2"), PFS: -1, Include: []netip.Prefix{netip.MustParsePrefix("10.20.0.0/16")}}}
	r.initiate(cfg)
	return r
}

func (r *ring) client() *Conn  { return r.ends[0].current }
func (r *ring) gateway() *Conn { return r.ends[1].current }

func (r *ring) add(side int, c *Conn, ev []Event) {
	e := r.ends[side]
	e.conns = append(e.conns, c)
	if e.current == nil {
		e.current = c
	}
	r.take(side, c, ev)
}

func (r *ring) initiate(cfg *Config) {
	c, ev := Initiate(r.now, cfg)
	r.add(0, c, ev)
}

// again is the client's renewal: on the ports that it has, for the address that it has.
func (r *ring) again() {
	cfg := *r.cfg
	cfg.Remote, cfg.Renewal, cfg.Address = netip.AddrPortFrom(gatewayAddr.Addr(), 4500), true, r.net.Address
	r.initiate(&cfg)
}

// reverse is the gateway's.
func (r *ring) reverse() {
	c, ev := Renew(r.now, r.srv, r.gateway())
	r.add(1, c, ev)
}

func (r *ring) take(side int, c *Conn, events []Event) {
	e := r.ends[side]
	for _, ev := range events {
		switch ev := ev.(type) {
		case Send:
			f := flight{at: r.now.Add(latency), toServer: side == 0, d: ev.Datagram}
			f.d.Data = slices.Clone(f.d.Data)
			out := []flight{f}
			if r.fault != nil {
				out = r.fault(r.sent, f)
			}
			r.sent++
			r.queue = append(r.queue, out...)
			continue
		case Noted, Heard:
			continue
		case Failed:
			e.failed = append(e.failed, ev.Failure)
			if side == 1 {
				r.forget(c)
			}
		case Closed:
			if side == 1 {
				r.forget(c)
			}
		}
		e.events = append(e.events, ev)
		if side == 0 {
			r.clientEvent(c, ev)
		} else {
			r.gatewayEvent(c, ev)
		}
	}
}

// forget is what a gateway does with the IPsec SAs of an association that ended: the ISAKMP SA takes them along.
func (r *ring) forget(c *Conn) {
	e := r.ends[1]
	if c.heir != nil {
		return
	}
	held := map[uint32]bool{}
	for _, x := range e.conns {
		for _, ch := range x.children {
			held[ch.sa.In.SPI] = true
		}
	}
	for _, sa := range sas(e.events) {
		if !held[sa.In.SPI] {
			e.events = append(e.events, SADown{In: sa.In.SPI, Why: "closed"})
		}
	}
}

func (r *ring) clientEvent(c *Conn, ev Event) {
	e := r.ends[0]
	switch ev := ev.(type) {
	case AskXAUTH:
		r.take(0, c, c.Answer(r.now, XAUTHAnswer{Round: ev.Round, Fields: map[string]Secret{"username": Secret("alice"), "password": Secret(r.password)}}))
	case Configured:
		if c == e.current {
			return
		}
		if r.renewed != nil {
			r.renewed(r, c)
			return
		}
		c.Adopt(e.current)
		e.current, e.old = c, e.current
	case SAUp:
		if ev.SA.Ready && c == e.current && e.old != nil && !r.hold && r.closeAt.IsZero() {
			r.closeAt = r.now.Add(closeOld)
		}
	case Expiring:
		if r.onExpiring != nil {
			r.onExpiring(r, c)
		}
	}
}

// closeOld is how long the owner keeps the old association: message 3 of the Quick Mode may be lost, and what the
// gateway keeps under the old ISAKMP SA goes with it.
const closeOld = 20 * time.Second

func (r *ring) gatewayEvent(c *Conn, ev Event) {
	e := r.ends[1]
	do := func(ev []Event, err error) {
		if err != nil {
			r.t.Fatalf("gateway: %v", err)
		}
		r.take(1, c, ev)
	}
	switch ev := ev.(type) {
	case Secured:
		if r.srv.XAUTH && (!r.trusts || c == e.current) {
			do(c.RequestXAUTH(r.now, 0, []XAUTHField{{Name: "username"}, {Name: "password"}}, ""))
		}
	case XAUTHReply:
		do(c.FinishXAUTH(r.now, string(ev.Fields["password"]) == "alice-pw", ""))
	case ConfigAsked:
		if c != e.current {
			if r.gatewayKeeps {
				c.Adopt(e.current)
			}
			e.current, e.old = c, e.current
		}
		do(c.ReplyConfig(r.now, r.net))
	}
}

// drive runs until nothing happens any more, or until the limit.
func (r *ring) drive(limit time.Duration) {
	end := r.now.Add(limit)
	for range 1000000 {
		next := time.Time{}
		earlier := func(t time.Time) {
			if !t.IsZero() && (next.IsZero() || t.Before(next)) {
				next = t
			}
		}
		for _, f := range r.queue {
			earlier(f.at)
		}
		earlier(r.closeAt)
		for _, e := range r.ends {
			for _, c := range e.conns {
				earlier(c.Deadline())
			}
		}
		if next.IsZero() || next.After(end) {
			r.now = end
			return
		}
		if next.After(r.now) {
			r.now = next
		}
		r.deliver()
		for side, e := range r.ends {
			for _, c := range slices.Clone(e.conns) {
				r.take(side, c, c.Advance(r.now))
			}
		}
		if old := r.ends[0].old; !r.closeAt.IsZero() && !r.now.Before(r.closeAt) {
			r.closeAt, r.ends[0].old = time.Time{}, nil
			r.take(0, old, old.Close(r.now, "renewed"))
		}
		if r.always {
			if err := r.passes(); err != nil {
				r.t.Fatalf("after %v: %v", r.now.Sub(t0), err)
			}
		}
	}
	r.t.Fatal("no end of events at one time")
}

func (r *ring) deliver() {
	var now, later []flight
	for _, f := range r.queue {
		if f.at.After(r.now) {
			later = append(later, f)
		} else {
			now = append(now, f)
		}
	}
	r.queue = later
	for _, f := range now {
		side, d := 0, f.d
		d.Local, d.Remote = netip.AddrPort{}, gatewayAddr
		if d.Marker {
			d.Remote = netip.AddrPortFrom(gatewayAddr.Addr(), 4500)
		}
		if f.toServer {
			side, d.Remote = 1, natAddr
		}
		r.receive(side, d)
	}
}

// receive gives a datagram to the association that it names; one that begins an association makes it.
func (r *ring) receive(side int, d Datagram) {
	h, err := isakmp.ParseHeader(d.Data)
	if err != nil {
		return
	}
	for _, c := range r.ends[side].conns {
		if i, _ := c.Cookies(); i == h.Initiator && c.phase != closed {
			r.take(side, c, c.Receive(r.now, d))
			return
		}
	}
	switch {
	case !FirstMessage(d.Data):
	case side == 0:
		c, ev := Respond(r.now, r.cfg, d)
		r.add(0, c, ev)
	default:
		c := Accept(r.now, r.srv)
		r.add(1, c, c.Receive(r.now, d))
	}
}

// installed gives the IPsec SAs of an end as its data path has them: inbound from the first SAUp on, outbound newest
// first.
func (e *end) installed() (in map[uint32]IPsecSA, out []IPsecSA) {
	in = map[uint32]IPsecSA{}
	for _, ev := range e.events {
		switch ev := ev.(type) {
		case SAUp:
			in[ev.SA.In.SPI] = ev.SA
			if ev.SA.Ready && !slices.ContainsFunc(out, func(s IPsecSA) bool { return s.In.SPI == ev.SA.In.SPI }) {
				out = append([]IPsecSA{ev.SA}, out...)
			}
		case SADown:
			delete(in, ev.In)
			out = slices.DeleteFunc(out, func(s IPsecSA) bool { return s.In.SPI == ev.In })
		}
	}
	return in, out
}

// passes says whether a packet for each selector of the client finds its way, both ways.
func (r *ring) passes() error {
	in, out := [2]map[uint32]IPsecSA{}, [2][]IPsecSA{}
	for i, e := range r.ends {
		in[i], out[i] = e.installed()
	}
	for i, name := range []string{"the client", "the gateway"} {
		if len(out[i]) == 0 {
			return fmt.Errorf("%s has nothing to send on", name)
		}
		seen := map[Selector]bool{}
		for _, sa := range out[i] {
			if seen[sa.Selector] {
				continue
			}
			seen[sa.Selector] = true
			peer, ok := in[1-i][sa.Out.SPI]
			if !ok || !bytes.Equal(peer.In.Enc, sa.Out.Enc) || !bytes.Equal(peer.In.Auth, sa.Out.Auth) {
				return fmt.Errorf("%s sends on 0x%08x, which the other end does not have", name, sa.Out.SPI)
			}
		}
	}
	return nil
}

// holds says whether both ends have n IPsec SAs, the same ones.
func (r *ring) holds(n int) error {
	c, s := sas(r.ends[0].events), sas(r.ends[1].events)
	if len(c) != n || len(s) != n {
		return fmt.Errorf("client has %d IPsec SAs, gateway %d, want %d; client %v, gateway %v", len(c), len(s), n, r.ends[0].failed, r.ends[1].failed)
	}
	return r.passes()
}
