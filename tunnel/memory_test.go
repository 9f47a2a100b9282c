package tunnel

import (
	"bytes"
	"encoding/binary"
	"net"
	"net/netip"
	"os"
	"slices"
	"sync"
	"testing"
	"testing/synctest"

	"ezvpn/tunnel/esp"
)

// port is one end of an in-memory network of two: an Outside.
type port struct {
	addr  netip.AddrPort
	in    chan Datagram
	other *port
	done  chan struct{}
	once  sync.Once

	mu     sync.Mutex // guards what follows
	change func(Datagram) []Datagram
	sent   []Datagram
}

func wire() (a, b *port) {
	a = &port{addr: netip.MustParseAddrPort("192.0.2.1:4500"), in: make(chan Datagram, 1024), done: make(chan struct{})}
	b = &port{addr: netip.MustParseAddrPort("198.51.100.1:4500"), in: make(chan Datagram, 1024), done: make(chan struct{})}
	a.other, b.other = b, a
	return a, b
}

func (p *port) ReadBatch(d []Datagram) (int, error) {
	select {
	case d[0] = <-p.in:
	case <-p.done:
		return 0, net.ErrClosed
	}
	for n := 1; n < len(d); n++ {
		select {
		case d[n] = <-p.in:
		default:
			return n, nil
		}
	}
	return len(d), nil
}

func (p *port) WriteBatch(d []Datagram) (int, error) {
	select {
	case <-p.done:
		return 0, net.ErrClosed
	default:
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, x := range d {
		x.Data = bytes.Clone(x.Data)
		p.sent = append(p.sent, x)
		out := []Datagram{x}
		if p.change != nil {
			out = p.change(x)
		}
		for _, y := range out {
			p.other.in <- Datagram{Peer: p.addr, Data: y.Data}
		}
	}
	return len(d), nil
}

func (p *port) LocalAddr(netip.Addr) netip.AddrPort { return p.addr }
func (p *port) Close() error {
	p.once.Do(func() { close(p.done) })
	return nil
}

// on makes every datagram that leaves pass through f.
func (p *port) on(f func(Datagram) []Datagram) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.change = f
}

// left gives what was sent so far and forgets it.
func (p *port) left() []Datagram {
	p.mu.Lock()
	defer p.mu.Unlock()
	s := p.sent
	p.sent = nil
	return s
}

// host is an Inside whose packets a test makes and takes.
type host struct {
	out  chan []byte // towards the tunnel
	done chan struct{}
	once sync.Once
	mtu  int

	mu  sync.Mutex // guards what follows
	got [][]byte
}

func newHost() *host {
	return &host{out: make(chan []byte, 1024), done: make(chan struct{}), mtu: 1400}
}

func (h *host) ReadBatch(bufs [][]byte, sizes []int, offset int) (int, error) {
	var p []byte
	select {
	case p = <-h.out:
	case <-h.done:
		return 0, os.ErrClosed
	}
	for n := 0; ; n++ {
		sizes[n] = copy(bufs[n][offset:], p)
		if n+1 == len(bufs) {
			return n + 1, nil
		}
		select {
		case p = <-h.out:
		default:
			return n + 1, nil
		}
	}
}

func (h *host) WriteBatch(bufs [][]byte, offset int) (int, error) {
	select {
	case <-h.done:
		return 0, os.ErrClosed
	default:
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, b := range bufs {
		h.got = append(h.got, bytes.Clone(b[offset:]))
	}
	return len(bufs), nil
}

func (h *host) BatchSize() int    { return 16 }
func (h *host) MTU() (int, error) { return h.mtu, nil }
func (h *host) Name() string      { return "host" }
func (h *host) Close() error {
	h.once.Do(func() { close(h.done) })
	return nil
}

// take gives what arrived and forgets it.
func (h *host) take() [][]byte {
	h.mu.Lock()
	defer h.mu.Unlock()
	g := h.got
	h.got = nil
	return g
}

// pair is two tunnels over one wire, a host behind each: 10.0.0.1 is left, 10.0.0.2 right.
type pair struct {
	t           *testing.T
	left, right *Tunnel
	a, b        *port
	ha, hb      *host
	key         byte // of the next SA
}

// bubble runs a test of two tunnels in virtual time; no goroutine may outlive it.
func bubble(t *testing.T, f func(t *testing.T, p *pair)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		p := newPair(t)
		defer p.close()
		f(t, p)
	})
}

func newPair(t *testing.T) *pair {
	p := &pair{t: t, ha: newHost(), hb: newHost()}
	p.a, p.b = wire()
	p.left, p.right = Open(p.a, Options{}), Open(p.b, Options{Marker: true})
	p.left.Attach(p.ha)
	p.right.Attach(p.hb)
	return p
}

func (p *pair) close() {
	for _, t := range []*Tunnel{p.left, p.right} {
		if err := t.Close(); err != nil {
			p.t.Error(err)
		}
	}
	_, _ = p.ha.Close(), p.hb.Close()
}

var (
	gcm128 = esp.Suite{Cipher: esp.AESGCM16, KeyBits: 128}
	cbc128 = esp.Suite{Cipher: esp.AESCBC, KeyBits: 128, Auth: 2}
)

func suites() []esp.Suite {
	all := []esp.Suite{gcm128, {Cipher: esp.AESGCM16, KeyBits: 192}, {Cipher: esp.AESGCM16, KeyBits: 256}}
	for _, auth := range []uint16{1, 2, 5, 6, 7} {
		for _, bits := range []uint16{128, 192, 256} {
			all = append(all, esp.Suite{Cipher: esp.AESCBC, KeyBits: bits, Auth: auth})
		}
		all = append(all, esp.Suite{Cipher: esp.TripleDES, Auth: auth})
	}
	return all
}

func bytesOf(n int, b byte) []byte {
	k := make([]byte, n)
	for i := range k {
		k[i] = b + byte(i)*7
	}
	return k
}

// sas gives both views of one pair of SAs: l is the left inbound SPI, r the right one.
func (p *pair) sas(s esp.Suite, l, r uint32) (left, right SA) {
	p.key++
	k := func(seed byte) (enc, auth []byte) { return bytesOf(s.KeyLen(), seed), bytesOf(s.AuthLen(), seed+100) }
	net1, net2 := netip.MustParsePrefix("10.0.0.1/32"), netip.MustParsePrefix("10.0.0.2/32")
	left = SA{Suite: s, InSPI: l, OutSPI: r, Local: net1, Remote: net2, Peer: p.b.addr}
	left.InEnc, left.InAuth = k(p.key)
	left.OutEnc, left.OutAuth = k(p.key + 50)
	right = SA{Suite: s, InSPI: r, OutSPI: l, Local: net2, Remote: net1, Peer: p.a.addr}
	right.InEnc, right.InAuth = k(p.key + 50)
	right.OutEnc, right.OutAuth = k(p.key)
	return left, right
}

// install puts a pair of SAs in use at both ends.
func (p *pair) install(s esp.Suite, l, r uint32) {
	p.t.Helper()
	left, right := p.sas(s, l, r)
	if err := p.left.Install(left); err != nil {
		p.t.Fatal(err)
	}
	if err := p.right.Install(right); err != nil {
		p.t.Fatal(err)
	}
}

// cross sends packets from the left host and gives what the right host got.
func (p *pair) cross(packets ...[]byte) [][]byte {
	for _, x := range packets {
		p.ha.out <- x
	}
	synctest.Wait()
	return p.hb.take()
}

// back is the other direction.
func (p *pair) back(packets ...[]byte) [][]byte {
	for _, x := range packets {
		p.hb.out <- x
	}
	synctest.Wait()
	return p.ha.take()
}

// udp4 is an inner packet of n bytes with a marked payload.
func udp4(src, dst string, n int, mark byte) []byte {
	p := make([]byte, n)
	p[0], p[8], p[9] = 0x45, 64, 17
	binary.BigEndian.PutUint16(p[2:], uint16(n))
	s, d := netip.MustParseAddr(src).As4(), netip.MustParseAddr(dst).As4()
	copy(p[12:], s[:])
	copy(p[16:], d[:])
	for i := 20; i < n; i++ {
		p[i] = mark
	}
	return p
}

func there(n int, mark byte) []byte { return udp4("10.0.0.1", "10.0.0.2", n, mark) }
func again(n int, mark byte) []byte { return udp4("10.0.0.2", "10.0.0.1", n, mark) }

func same(t *testing.T, what string, got, want [][]byte) {
	t.Helper()
	if !slices.EqualFunc(got, want, bytes.Equal) {
		t.Errorf("%s: %d packets arrived, want %d, or one is not what was sent", what, len(got), len(want))
	}
}

// drops compares all counters, so that nothing else was lost.
func drops(t *testing.T, tun *Tunnel, want map[string]uint64) {
	t.Helper()
	got := tun.Stats().Drops
	for k := range want {
		if got[k] != want[k] {
			t.Errorf("drops %q: %d, want %d", k, got[k], want[k])
		}
	}
	for k, n := range got {
		if _, ok := want[k]; !ok {
			t.Errorf("drops %q: %d, want none", k, n)
		}
	}
}
