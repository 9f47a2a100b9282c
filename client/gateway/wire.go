package gateway

import (
	"errors"
	"math/rand/v2"
	"net"
	"net/netip"
	"slices"
	"sync"
	"time"

	"ezvpn/tunnel"
)

// Wire is an Internet in memory: hosts, one NAT per host that wants one, and weather. It is made of channels and
// timers, so that it runs in a synctest bubble.
type Wire struct {
	mu      sync.Mutex // guards all below
	ports   map[netip.AddrPort]*Port
	nats    map[netip.Addr]*nat // by inside address
	cut     map[netip.Addr]bool
	weather Weather
	rand    *rand.Rand
	tap     func(from, to netip.AddrPort, data []byte) Fate
	next    uint16
	lost    uint64
}

// Weather is what happens to datagrams. Chances are 0…1.
type Weather struct {
	Delay, Jitter   time.Duration
	Loss, Duplicate float64
	MTU             int // largest IP packet in bytes; 0 for no limit
	Seed            uint64
}

// Fate is what a tap decides for one datagram.
type Fate uint8

const (
	Pass Fate = iota
	Lose
	Double
	Late // a second later than the others
)

// queueLen is how many datagrams wait at a port before more are lost, as in a socket buffer.
const queueLen = 1024

// NewWire is an Internet in fair weather.
func NewWire() *Wire {
	return &Wire{ports: map[netip.AddrPort]*Port{}, nats: map[netip.Addr]*nat{}, cut: map[netip.Addr]bool{},
		rand: rand.New(rand.NewPCG(1, 1)), next: 32768}
}

// SetWeather changes what happens to datagrams from now on.
func (w *Wire) SetWeather(x Weather) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.weather, w.rand = x, rand.New(rand.NewPCG(x.Seed, 1))
}

// Tap lets f decide about every datagram that is sent; nil takes it off. f must not call the Wire.
func (w *Wire) Tap(f func(from, to netip.AddrPort, data []byte) Fate) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.tap = f
}

// Cut takes a host off the net without a word, or puts it back.
func (w *Wire) Cut(host netip.Addr, off bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.cut[host] = off
}

// Lost counts the datagrams that did not arrive.
func (w *Wire) Lost() uint64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.lost
}

// Listen opens a UDP port of a host; port 0 is any.
func (w *Wire) Listen(at netip.AddrPort) (*Port, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if at.Port() == 0 {
		w.next++
		at = netip.AddrPortFrom(at.Addr(), w.next)
	}
	if _, used := w.ports[at]; used {
		return nil, errors.New("port is in use: " + at.String())
	}
	p := &Port{wire: w, addr: at, in: make(chan tunnel.Datagram, queueLen), done: make(chan struct{})}
	w.ports[at] = p
	return p, nil
}

// send delivers one datagram, or not. The lock is held.
func (w *Wire) send(from, to netip.AddrPort, data []byte) {
	fate := Pass
	if w.tap != nil {
		fate = w.tap(from, to, data)
	}
	x := w.weather
	if fate == Lose || w.cut[from.Addr()] || w.cut[to.Addr()] || w.rand.Float64() < x.Loss || x.MTU > 0 && len(data)+28 > x.MTU {
		w.lost++
		return
	}
	from, to, ok := w.translate(from, to)
	if !ok {
		w.lost++
		return
	}
	delay := x.Delay
	if x.Jitter > 0 {
		delay += time.Duration(w.rand.Int64N(int64(x.Jitter)))
	}
	if fate == Late {
		delay += time.Second
	}
	w.deliver(from, to, data, delay)
	if fate == Double || w.rand.Float64() < x.Duplicate {
		w.deliver(from, to, data, delay)
	}
}

func (w *Wire) deliver(from, to netip.AddrPort, data []byte, delay time.Duration) {
	d := tunnel.Datagram{Peer: from, Data: slices.Clone(data)}
	if delay == 0 {
		w.arrive(to, d)
		return
	}
	time.AfterFunc(delay, func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.arrive(to, d)
	})
}

func (w *Wire) arrive(to netip.AddrPort, d tunnel.Datagram) {
	p := w.ports[to]
	if p == nil {
		w.lost++
		return
	}
	select {
	case p.in <- d:
	default:
		w.lost++
	}
}

// Port is one UDP port of a host: a tunnel.Outside.
type Port struct {
	wire *Wire
	addr netip.AddrPort
	in   chan tunnel.Datagram
	done chan struct{}
	once sync.Once
}

var _ tunnel.Outside = (*Port)(nil)

// Addr is the port's own address.
func (p *Port) Addr() netip.AddrPort { return p.addr }

// LocalAddr is the same: the host has one address.
func (p *Port) LocalAddr(netip.Addr) netip.AddrPort { return p.addr }

// ReadBatch blocks until something arrived, and takes what else is there.
func (p *Port) ReadBatch(d []tunnel.Datagram) (int, error) {
	select {
	case x := <-p.in:
		return p.fill(d, x), nil
	case <-p.done:
		return 0, net.ErrClosed
	}
}

func (p *Port) fill(d []tunnel.Datagram, x tunnel.Datagram) int {
	for n := range d {
		d[n] = x
		if n+1 == len(d) {
			return n + 1
		}
		select {
		case x = <-p.in:
		default:
			return n + 1
		}
	}
	return 0
}

// WriteBatch sends in order.
func (p *Port) WriteBatch(d []tunnel.Datagram) (int, error) {
	select {
	case <-p.done:
		return 0, net.ErrClosed
	default:
	}
	p.wire.mu.Lock()
	defer p.wire.mu.Unlock()
	for _, x := range d {
		p.wire.send(p.addr, x.Peer, x.Data)
	}
	return len(d), nil
}

// Close gives the port back.
func (p *Port) Close() error {
	p.once.Do(func() {
		close(p.done)
		p.wire.mu.Lock()
		defer p.wire.mu.Unlock()
		delete(p.wire.ports, p.addr)
	})
	return nil
}
