package client

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/netip"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"ezvpn/client/gateway"
	"ezvpn/client/profile"
	"ezvpn/client/status"
	"ezvpn/tunnel"
	"ezvpn/tunnel/host"
)

// laptop is a lab whose client moves between networks, sleeps, and loses its sockets.
type laptop struct {
	*lab
	changes chan struct{}

	where   sync.Mutex // guards below
	at      netip.Addr // its address on the network it is on
	down    bool       // on none
	asleep  time.Duration
	sockets []*roamer
	asked   int // for the way to a peer
	looked  int // for an address
}

// Another network: its own addresses behind its own NAT.
var (
	otherAddr = netip.MustParseAddr("172.20.10.4")
	otherNAT  = netip.MustParseAddr("203.0.113.77")
)

// onTheRoad runs f as inLab does, 20 ms away from every gateway.
func onTheRoad(t *testing.T, f func(l *laptop)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		l := &laptop{at: clientAddr, changes: make(chan struct{}),
			lab: &lab{t: t, wire: gateway.NewWire(), host: &host.Fake{}, addrs: []netip.Addr{netip.MustParseAddr(gw1)}}}
		l.wire.NAT(clientAddr, natAddr)
		l.wire.NAT(otherAddr, otherNAT)
		l.wire.SetWeather(gateway.Weather{Delay: 20 * time.Millisecond, Seed: 1})
		l.c = New(Platform{OpenOutside: l.openSocket, OpenInside: l.openInside, Resolve: l.lookUp, Host: l.host,
			Changes: func(context.Context) <-chan struct{} { return l.changes }, Asleep: l.slept}, slog.New(slog.DiscardHandler))
		defer l.close()
		f(l)
	})
}

func (l *laptop) slept() time.Duration {
	l.where.Lock()
	defer l.where.Unlock()
	return l.asleep
}

// lookUp finds names while there is a network.
func (l *laptop) lookUp(ctx context.Context, name string) ([]netip.Addr, error) {
	l.where.Lock()
	defer l.where.Unlock()
	l.looked++
	if l.down {
		return nil, errors.New("no name server is reached")
	}
	return l.addrs, nil
}

// count reads a counter.
func (l *laptop) count(n *int) int {
	l.where.Lock()
	defer l.where.Unlock()
	return *n
}

// tell makes the platform say that something changed.
func (l *laptop) tell() { l.changes <- struct{}{} }

// sleep is a suspend: for the session no time passes.
func (l *laptop) sleep(span time.Duration) {
	l.where.Lock()
	l.asleep += span
	l.where.Unlock()
	l.tell()
}

// move takes the laptop to another network.
func (l *laptop) move(to netip.Addr) {
	l.where.Lock()
	l.at = to
	for _, s := range l.sockets {
		s.follow()
	}
	l.where.Unlock()
	l.tell()
}

// unplug takes the interface down, or up again.
func (l *laptop) unplug(down bool) {
	l.where.Lock()
	l.down = down
	l.where.Unlock()
	l.wire.Cut(clientAddr, down)
	l.tell()
}

func (l *laptop) openSocket(port uint16) (tunnel.Outside, error) {
	l.where.Lock()
	defer l.where.Unlock()
	p, err := l.wire.Listen(netip.AddrPortFrom(l.at, port))
	if err != nil {
		return nil, err
	}
	r := &roamer{l: l, port: p, done: make(chan struct{})}
	l.sockets = append(l.sockets, r)
	return r, nil
}

func (l *laptop) opened() int {
	l.where.Lock()
	defer l.where.Unlock()
	return len(l.sockets)
}

func (l *laptop) socket(i int) *roamer {
	l.where.Lock()
	defer l.where.Unlock()
	return l.sockets[i]
}

// roamer is a UDP socket that is bound to no address, as the real one.
type roamer struct {
	l    *laptop
	port *gateway.Port // guarded by l.where
	done chan struct{}
	once sync.Once
}

// follow changes the address that it sends from; l.where is held.
func (r *roamer) follow() {
	if p, err := r.l.wire.Listen(netip.AddrPortFrom(r.l.at, r.port.Addr().Port())); err == nil {
		old := r.port
		r.port = p
		old.Close()
	}
}

func (r *roamer) now() (p *gateway.Port, down bool) {
	r.l.where.Lock()
	defer r.l.where.Unlock()
	return r.port, r.l.down
}

func (r *roamer) ReadBatch(d []tunnel.Datagram) (int, error) {
	for {
		p, _ := r.now()
		n, err := p.ReadBatch(d)
		if err == nil {
			return n, nil
		}
		select {
		case <-r.done:
			return 0, net.ErrClosed
		default: // it moved
		}
	}
}

func (r *roamer) WriteBatch(d []tunnel.Datagram) (int, error) {
	p, down := r.now()
	if down {
		return 0, errors.New("network is unreachable")
	}
	return p.WriteBatch(d)
}

func (r *roamer) LocalAddr(netip.Addr) netip.AddrPort {
	r.l.where.Lock()
	defer r.l.where.Unlock()
	r.l.asked++
	if r.l.down {
		return netip.AddrPort{}
	}
	return r.port.Addr()
}

func (r *roamer) Close() error {
	r.once.Do(func() { close(r.done) })
	p, _ := r.now()
	return p.Close()
}

// backWithin sends a packet each 50 ms until one comes back, and fails if that takes longer.
func (l *laptop) backWithin(limit time.Duration) time.Duration {
	l.t.Helper()
	p, began := l.inside(), time.Now()
	p.drain()
	for n := uint32(0); ; n++ {
		p.in <- udpTo(leased, n)
		time.Sleep(50 * time.Millisecond)
		if p.drain() > 0 {
			break
		}
		if time.Since(began) > 10*time.Minute {
			break
		}
	}
	took := time.Since(began)
	if took > limit {
		for _, e := range l.c.Snapshot().Events {
			l.t.Log(e.Time.Format("04:05.000 ") + e.Kind + ": " + e.Text)
		}
		l.t.Errorf("traffic is back after %v, want %v at most", took, limit)
	}
	return took
}

// settled connects, and lets the last datagrams arrive.
func (l *laptop) settled(p *profile.Profile) status.Snapshot {
	l.t.Helper()
	s := l.up(p)
	time.Sleep(time.Second)
	return s
}

// inBothModes runs f with periodic dead peer detection and with that on demand.
func inBothModes(t *testing.T, f func(l *laptop, g *gateway.Gateway, p *profile.Profile)) {
	t.Helper()
	for _, mode := range []string{"periodic", "on-demand"} {
		t.Run(mode, func(t *testing.T) {
			onTheRoad(t, func(l *laptop) {
				g := l.serve(gw1, nil)
				p := stored("auto", gw1)
				p.DPD.Mode = mode
				f(l, g, p)
			})
		})
	}
}

// kept says that the tunnel is the one of first: no new association, no new login, no device but the first.
func (l *laptop) kept(g *gateway.Gateway, first status.Snapshot) {
	l.t.Helper()
	s := l.c.Snapshot()
	if s.State != status.Active || s.ISAKMP.Cookies != first.ISAKMP.Cookies || !s.Since.Equal(first.Since) || g.Attempts() != 1 || len(l.insides) != 1 {
		l.t.Errorf("%s since %v, %+v, %d logins, %d devices", s.State, s.Since, s.ISAKMP, g.Attempts(), len(l.insides))
	}
}

// rebuilt says that there is another association with the same peer, and that the inside stayed as it was.
func (l *laptop) rebuilt(g *gateway.Gateway, first status.Snapshot) {
	l.t.Helper()
	s := l.c.Snapshot()
	if s.State != status.Active || s.ISAKMP.Cookies == first.ISAKMP.Cookies || g.Attempts() != 2 || s.Network.Address != first.Network.Address {
		l.t.Errorf("%s, %+v, %d logins", s.State, s.ISAKMP, g.Attempts())
	}
	l.closedInside()
}

// closedInside says that no packet could leave beside the tunnel since connect: the machine was never put back.
func (l *laptop) closedInside() {
	l.t.Helper()
	if c, up := l.host.Current(); !up || len(c.Addresses) != 1 || c.Addresses[0].Addr() != leased || slices.Contains(l.host.Calls(), "revert") || len(l.insides) != 1 {
		l.t.Errorf("up %v, %+v, calls %v, %d devices", up, c, l.host.Calls(), len(l.insides))
	}
}
