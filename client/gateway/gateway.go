// Package gateway is the far end of the house: an Easy VPN server in process, for tests, benchmarks and the demo. It
// speaks through the same engine and data path as the client, so it shares their mistakes; what is right is proven
// elsewhere, on recordings and on gateways that others wrote.
package gateway

import (
	"errors"
	"maps"
	"net/netip"
	"slices"
	"sync"
	"time"

	"ezvpn/ike"
	"ezvpn/ike/isakmp"
	"ezvpn/tunnel"
	"ezvpn/tunnel/esp"
)

// Options are what a gateway stands on.
type Options struct {
	Policy Policy
	Addr   netip.AddrPort // its own address, as clients dial it
	// Plain is the port 500 side; nil when clients use one port with the marker from the start. NATT carries the
	// marker: port 4500, or that one port.
	Plain, NATT tunnel.Outside
	Inside      tunnel.Inside
}

// Gateway serves until Close. Its methods are safe for concurrent use.
type Gateway struct {
	o        Options
	tunnel   *tunnel.Tunnel
	plain    chan tunnel.IKEDatagram
	commands chan func(now time.Time)
	stop     chan struct{}
	wg       sync.WaitGroup

	// Below: owned by the loop.
	sessions map[isakmp.Cookie]*session
	leases   map[netip.Addr]string // by user
	faults   map[Fault]bool
	asked    int // XAUTH answers that were checked
}

// session is one client.
type session struct {
	conn   *ike.Conn
	user   string
	round  int // XAUTH rounds after user and password
	addr   netip.Addr
	peer   netip.AddrPort // where ESP goes
	silent bool
	up     bool
	renews *session // the one before, while phase 1 is renewed
}

// Info is one client for tests and for the demo.
type Info struct {
	User    string
	Address netip.Addr
	Peer    netip.AddrPort
	Up      bool
}

// Serve starts a gateway.
func Serve(o Options) *Gateway {
	g := &Gateway{o: o, tunnel: tunnel.Open(o.NATT, tunnel.Options{Marker: true}), plain: make(chan tunnel.IKEDatagram, 64),
		commands: make(chan func(time.Time)), stop: make(chan struct{}), sessions: map[isakmp.Cookie]*session{},
		leases: map[netip.Addr]string{}, faults: map[Fault]bool{}}
	if o.Inside != nil {
		g.tunnel.Attach(o.Inside)
	}
	if o.Plain != nil {
		g.wg.Add(1)
		go g.readPlain()
	}
	g.wg.Add(1)
	go g.loop()
	return g
}

// Close ends it without a word to the clients, as a power cut does. The inside is closed too.
func (g *Gateway) Close() error {
	close(g.stop)
	var errs []error
	if g.o.Plain != nil {
		errs = append(errs, g.o.Plain.Close())
	}
	g.tunnel.Detach()
	if g.o.Inside != nil {
		errs = append(errs, g.o.Inside.Close())
	}
	errs = append(errs, g.tunnel.Close())
	g.wg.Wait()
	return errors.Join(errs...)
}

// do runs f in the loop.
func (g *Gateway) do(f func(now time.Time)) {
	ran := make(chan struct{})
	select {
	case g.commands <- func(now time.Time) { f(now); close(ran) }:
		<-ran
	case <-g.stop:
	}
}

// Break switches a fault on or off.
func (g *Gateway) Break(f Fault, on bool) {
	g.do(func(now time.Time) {
		g.faults[f] = on
		switch {
		case f == ForgetSAs && on, f == Silent && on:
			g.sessions = map[isakmp.Cookie]*session{}
			g.tunnel.RetireAll()
		}
	})
}

// Sessions lists the clients.
func (g *Gateway) Sessions() (out []Info) {
	g.do(func(time.Time) {
		for _, s := range g.sessions {
			out = append(out, Info{s.user, s.addr, s.conn.Peer(), s.up})
		}
	})
	return out
}

// Attempts is how many XAUTH answers were checked.
func (g *Gateway) Attempts() (n int) {
	g.do(func(time.Time) { n = g.asked })
	return n
}

// Rekey starts a Quick Mode towards every client, as gateways do before a life ends.
func (g *Gateway) Rekey() {
	g.do(func(now time.Time) {
		for _, s := range g.sessions {
			g.rekey(now, s)
		}
	})
}

func (g *Gateway) rekey(now time.Time, s *session) {
	if !s.up {
		return
	}
	ev, err := s.conn.Quick(now, ike.Selector{Local: netip.MustParsePrefix("0.0.0.0/0"), Remote: netip.PrefixFrom(s.addr, 32)})
	if err == nil {
		g.take(now, s, ev)
	}
}

// RenewPhase1 begins phase 1 anew towards every client, in reverse Aggressive Mode.
func (g *Gateway) RenewPhase1() {
	g.do(func(now time.Time) {
		for _, old := range slices.Collect(maps.Values(g.sessions)) {
			if !old.up {
				continue
			}
			conn, events := ike.Renew(now, g.server(), old.conn)
			s := &session{conn: conn, user: old.user, addr: old.addr, renews: old}
			cookie, _ := conn.Cookies()
			g.sessions[cookie] = s
			g.take(now, s, events)
		}
	})
}

// Disconnect sends every client away with Deletes.
func (g *Gateway) Disconnect() {
	g.do(func(now time.Time) {
		for _, s := range g.sessions {
			g.take(now, s, s.conn.Close(now, "disconnected by the gateway"))
		}
	})
}

func (g *Gateway) readPlain() {
	defer g.wg.Done()
	d := make([]tunnel.Datagram, 64)
	for {
		n, err := g.o.Plain.ReadBatch(d)
		if err != nil {
			return
		}
		for _, x := range d[:n] {
			select {
			case g.plain <- tunnel.IKEDatagram{Peer: x.Peer, Data: append([]byte(nil), x.Data...)}:
			case <-g.stop:
				return
			}
		}
	}
}

func (g *Gateway) loop() {
	defer g.wg.Done()
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		timer.Reset(g.next(time.Now()))
		select {
		case <-g.stop:
			return
		case f := <-g.commands:
			f(time.Now())
		case d := <-g.plain:
			g.receive(time.Now(), d)
		case d, ok := <-g.tunnel.IKE():
			if !ok {
				return
			}
			g.receive(time.Now(), d)
		case <-timer.C:
		}
		now := time.Now()
		for _, s := range g.sessions {
			g.take(now, s, s.conn.Advance(now))
		}
	}
}

// next is how long nothing is due.
func (g *Gateway) next(now time.Time) time.Duration {
	wait := time.Hour
	for _, s := range g.sessions {
		if d := s.conn.Deadline(); !d.IsZero() {
			wait = min(wait, max(0, d.Sub(now)))
		}
	}
	return wait
}

// receive finds the client of a message, or makes one for the first message of an unknown cookie.
func (g *Gateway) receive(now time.Time, d tunnel.IKEDatagram) {
	h, err := isakmp.ParseHeader(d.Data)
	if err != nil || g.faults[Silent] || g.faults[DPDIgnored] && h.Exchange == isakmp.Informational {
		return
	}
	s := g.sessions[h.Initiator]
	if s == nil {
		if !h.Responder.IsZero() || h.Exchange != isakmp.Aggressive {
			return
		}
		s = &session{conn: ike.Accept(now, g.server())}
		g.sessions[h.Initiator] = s
	}
	if !s.silent {
		defer g.follow(now, s)
		g.take(now, s, s.conn.Receive(now, ike.Datagram{Remote: d.Peer, Marker: d.Marker, Data: d.Data}))
	}
}

// follow gives a client that comes from a new address, as after a NAT forgot it, new SAs that go there.
func (g *Gateway) follow(now time.Time, s *session) {
	if moved := s.conn.Peer(); s.up && moved != s.peer {
		s.peer = moved
		g.rekey(now, s)
	}
}

// install puts an IPsec SA in use. The outbound half of a first SA does not wait for Quick Mode 3: the answer to the
// client's first packet may be ready before the loop has seen that message.
func (g *Gateway) install(s *session, sa ike.IPsecSA) {
	err := g.tunnel.Install(tunnel.SA{Suite: esp.Suite(sa.Suite), InSPI: sa.In.SPI, OutSPI: sa.Out.SPI, InEnc: sa.In.Enc, InAuth: sa.In.Auth,
		OutEnc: sa.Out.Enc, OutAuth: sa.Out.Auth, Local: sa.Selector.Local, Remote: sa.Selector.Remote, Peer: s.conn.Peer(), InOnly: !sa.Ready && (sa.Replaces != 0 || g.renewed(s))})
	if err == nil && sa.Ready {
		s.up, s.peer = true, s.conn.Peer()
	}
}

// renewed says whether the client of s has another association that carries its traffic.
func (g *Gateway) renewed(s *session) bool {
	for _, x := range g.sessions {
		if x != s && x.up && x.addr == s.addr {
			return true
		}
	}
	return false
}

func (g *Gateway) send(d ike.Datagram) {
	if d.Marker || g.o.Plain == nil {
		_ = g.tunnel.WriteIKE(d.Remote, d.Marker, d.Data) // a datagram may be lost
		return
	}
	_, _ = g.o.Plain.WriteBatch([]tunnel.Datagram{{Peer: d.Remote, Data: d.Data}})
}
