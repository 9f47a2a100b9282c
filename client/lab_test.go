package client

import (
	"bytes"
	"context"
	"encoding/binary"
	"log/slog"
	"net"
	"net/netip"
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

// pipe is an inside made of channels: the test plays the network stack at the other end.
type pipe struct {
	name    string
	mtu     int
	in, out chan []byte // into the tunnel and out of it
	echo    bool        // sends every packet back, addresses swapped
	done    chan struct{}
	once    sync.Once
}

func newPipe(name string, mtu int) *pipe {
	return &pipe{name: name, mtu: mtu, in: make(chan []byte, 256), out: make(chan []byte, 256), done: make(chan struct{})}
}

func (p *pipe) ReadBatch(bufs [][]byte, sizes []int, offset int) (int, error) {
	select {
	case b := <-p.in:
		sizes[0] = copy(bufs[0][offset:], b)
		return 1, nil
	case <-p.done:
		return 0, net.ErrClosed
	}
}

func (p *pipe) WriteBatch(bufs [][]byte, offset int) (int, error) {
	for i, b := range bufs {
		to, packet := p.out, bytes.Clone(b[offset:])
		if p.echo {
			to = p.in
			src, dst := [4]byte(packet[12:16]), [4]byte(packet[16:20])
			copy(packet[12:], dst[:])
			copy(packet[16:], src[:])
		}
		select {
		case to <- packet:
		case <-p.done:
			return i, net.ErrClosed
		}
	}
	return len(bufs), nil
}

func (p *pipe) BatchSize() int    { return 1 }
func (p *pipe) MTU() (int, error) { return p.mtu, nil }
func (p *pipe) Name() string      { return p.name }
func (p *pipe) Close() error      { p.once.Do(func() { close(p.done) }); return nil }
func (p *pipe) closed() bool {
	select {
	case <-p.done:
		return true
	default:
		return false
	}
}

// udpTo is an IPv4 packet from the leased address to the server, with a number in it.
func udpTo(from netip.Addr, n uint32) []byte {
	b := make([]byte, 100)
	b[0], b[8], b[9] = 0x45, 64, 17
	binary.BigEndian.PutUint16(b[2:], uint16(len(b)))
	src, dst := from.As4(), server.As4()
	copy(b[12:], src[:])
	copy(b[16:], dst[:])
	binary.BigEndian.PutUint32(b[24:], n)
	return b
}

var (
	clientAddr = netip.MustParseAddr("192.168.1.10")
	natAddr    = netip.MustParseAddr("203.0.113.9")
	server     = netip.MustParseAddr("10.20.0.10") // behind every gateway
	leased     = netip.MustParseAddr("10.99.1.2")  // the first of the pool
)

// lab is a client behind a NAT, an Internet in memory, and the gateways that were started in it.
type lab struct {
	t     testing.TB
	wire  *gateway.Wire
	sites []*gateway.Gateway
	host  *host.Fake
	c     *Client

	mu      sync.Mutex   // guards below
	hang    bool         // the resolver never answers
	addrs   []netip.Addr // what it answers
	insides []*pipe
}

// inLab runs f in virtual time, then closes everything: a goroutine that stays behind fails the bubble.
func inLab(t *testing.T, f func(l *lab)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		l := &lab{t: t, wire: gateway.NewWire(), host: &host.Fake{}, addrs: []netip.Addr{netip.MustParseAddr(gw1)}}
		l.wire.NAT(clientAddr, natAddr)
		l.c = New(Platform{OpenOutside: l.openOutside, OpenInside: l.openInside, Resolve: l.resolve, Host: l.host},
			slog.New(slog.DiscardHandler))
		defer l.close()
		f(l)
	})
}

func (l *lab) openOutside(port uint16) (tunnel.Outside, error) {
	p, err := l.wire.Listen(netip.AddrPortFrom(clientAddr, port))
	if err != nil {
		return nil, err
	}
	return p, nil
}

func (l *lab) openInside(c InsideConfig) (tunnel.Inside, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	p := newPipe(c.Name, c.MTU)
	l.insides = append(l.insides, p)
	return p, nil
}

func (l *lab) resolve(ctx context.Context, name string) ([]netip.Addr, error) {
	if l.hang {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	return l.addrs, nil
}

// serve starts a gateway at addr. change may be nil.
func (l *lab) serve(addr string, change func(*gateway.Policy)) *gateway.Gateway {
	l.t.Helper()
	a := netip.MustParseAddr(addr)
	policy := gateway.Demo("gw")
	if change != nil {
		change(&policy)
	}
	plain, err := l.wire.Listen(netip.AddrPortFrom(a, 500))
	if err != nil {
		l.t.Fatal(err)
	}
	natt, err := l.wire.Listen(netip.AddrPortFrom(a, 4500))
	if err != nil {
		l.t.Fatal(err)
	}
	in := newPipe("gw", 1400)
	in.echo = true
	g := gateway.Serve(gateway.Options{Policy: policy, Addr: netip.AddrPortFrom(a, 500), Plain: plain, NATT: natt, Inside: in})
	l.sites = append(l.sites, g)
	return g
}

func (l *lab) close() {
	l.c.Close()
	synctest.Wait()
	for _, s := range l.sites {
		if err := s.Close(); err != nil {
			l.t.Error(err)
		}
	}
	if _, up := l.host.Current(); up {
		l.t.Error("the machine is not put back after Close")
	}
	for _, p := range l.insides {
		if !p.closed() {
			l.t.Error("an inside stays open after Close")
		}
	}
}

func (l *lab) connect(p *profile.Profile) {
	l.t.Helper()
	if err := l.c.Connect(p, ConnectOptions{Owner: "alice"}); err != nil {
		l.t.Fatal(err)
	}
}

// until waits, at most limit, for a snapshot that holds.
func (l *lab) until(limit time.Duration, what string, holds func(status.Snapshot) bool) status.Snapshot {
	l.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	var last status.Snapshot
	for s := range l.c.Watch(ctx) {
		if last = s; holds(s) {
			return s
		}
	}
	var b bytes.Buffer
	for _, e := range last.Events {
		b.WriteString(e.Time.Format("04:05.000 ") + e.Kind + ": " + e.Text + "\n")
	}
	l.t.Fatalf("not %s within %v: state %s, diagnosis %+v, events\n%s", what, limit, last.State, last.Diagnosis, b.String())
	return last
}

func (l *lab) state(limit time.Duration, want status.State) status.Snapshot {
	l.t.Helper()
	return l.until(limit, string(want), func(s status.Snapshot) bool { return s.State == want })
}

// answer types into the open prompt.
func (l *lab) answer(fields map[string]profile.Secret) status.Prompt {
	l.t.Helper()
	s := l.until(time.Minute, "asked", func(s status.Snapshot) bool { return s.Prompt != nil })
	if err := l.c.Answer(s.Prompt.ID, fields, false); err != nil {
		l.t.Fatal(err)
	}
	return *s.Prompt
}

// up connects with a stored password.
func (l *lab) up(p *profile.Profile) status.Snapshot {
	l.t.Helper()
	l.connect(p)
	return l.state(time.Minute, status.Active)
}

// inside is the device that was opened last.
func (l *lab) inside() *pipe {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.insides[len(l.insides)-1]
}

// pings sends n packets, gap apart, and counts what came back until a second after the last.
func (l *lab) pings(n int, gap time.Duration) (back int) {
	p := l.inside()
	for i := range n {
		p.in <- udpTo(leased, uint32(i))
		time.Sleep(gap)
		back += p.drain()
	}
	time.Sleep(time.Second)
	synctest.Wait()
	return back + p.drain()
}

// drain takes what came out.
func (p *pipe) drain() (n int) {
	for {
		select {
		case <-p.out:
			n++
		default:
			return n
		}
	}
}

// stored is a profile with the password in it: nothing is asked.
func stored(connect string, peers ...string) *profile.Profile {
	p := testProfile(connect, peers...)
	p.XAUTH.Password = "alice-pw"
	return p
}
