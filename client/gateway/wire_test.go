package gateway

import (
	"errors"
	"net"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"ezvpn/tunnel"
)

var (
	hostA = netip.MustParseAddr("192.168.1.10")
	hostB = netip.MustParseAddr("198.51.100.1")
	natA  = netip.MustParseAddr("203.0.113.9")
)

func listen(t *testing.T, w *Wire, a netip.Addr, port uint16) *Port {
	t.Helper()
	p, err := w.Listen(netip.AddrPortFrom(a, port))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func write(t *testing.T, p *Port, to netip.AddrPort, data string) {
	t.Helper()
	if n, err := p.WriteBatch([]tunnel.Datagram{{Peer: to, Data: []byte(data)}}); n != 1 || err != nil {
		t.Fatal(n, err)
	}
}

// took empties a port.
func (p *Port) took() (out []tunnel.Datagram) {
	for {
		select {
		case d := <-p.in:
			out = append(out, d)
		default:
			return out
		}
	}
}

func TestWeather(t *testing.T) {
	const n = 1000
	tests := []struct {
		name     string
		weather  Weather
		min, max int // that arrive
		late     time.Duration
	}{
		{"fair", Weather{}, n, n, 0},
		{"delay", Weather{Delay: time.Second}, n, n, time.Second},
		{"loss", Weather{Loss: 0.1, Seed: 3}, 850, 950, 0},
		{"duplicates", Weather{Duplicate: 0.1, Seed: 3}, 1050, 1150, 0},
		{"narrow", Weather{MTU: 31}, 0, 0, 0},
		{"just wide enough", Weather{MTU: 32}, n, n, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := NewWire()
				w.SetWeather(tt.weather)
				a, b := listen(t, w, hostA, 0), listen(t, w, hostB, 500)
				got := 0
				for range n {
					write(t, a, b.Addr(), "abcd")
					got += len(b.took())
				}
				if tt.late > 0 {
					time.Sleep(tt.late - 1)
					if got += len(b.took()); got != 0 {
						t.Errorf("%d came early", got)
					}
					time.Sleep(1)
					synctest.Wait()
				}
				got += len(b.took())
				if got < tt.min || got > tt.max {
					t.Errorf("%d of %d arrived", got, n)
				}
				if lost := int(w.Lost()); tt.weather.Duplicate == 0 && lost != n-got {
					t.Errorf("%d counted as lost, %d are", lost, n-got)
				}
			})
		})
	}
}

// Jitter puts datagrams out of order; the same seed gives the same order.
func TestJitterReorders(t *testing.T) {
	order := func() (out string) {
		synctest.Test(t, func(t *testing.T) {
			w := NewWire()
			w.SetWeather(Weather{Jitter: time.Second, Seed: 5})
			a, b := listen(t, w, hostA, 0), listen(t, w, hostB, 500)
			for _, s := range []string{"1", "2", "3", "4", "5", "6", "7", "8"} {
				write(t, a, b.Addr(), s)
			}
			time.Sleep(time.Second)
			synctest.Wait()
			for _, d := range b.took() {
				out += string(d.Data)
			}
		})
		return out
	}
	first := order()
	if len(first) != 8 || first == "12345678" || first != order() {
		t.Errorf("%q", first)
	}
}

func TestTapAndCut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := NewWire()
		a, b := listen(t, w, hostA, 0), listen(t, w, hostB, 500)
		for fate, want := range map[Fate]int{Pass: 1, Lose: 0, Double: 2, Late: 0} {
			w.Tap(func(netip.AddrPort, netip.AddrPort, []byte) Fate { return fate })
			write(t, a, b.Addr(), "x")
			if n := len(b.took()); n != want {
				t.Errorf("fate %d: %d arrived", fate, n)
			}
		}
		time.Sleep(time.Second)
		synctest.Wait()
		if n := len(b.took()); n != 1 {
			t.Errorf("a second later %d arrived", n)
		}
		w.Tap(nil)
		w.Cut(hostB, true)
		write(t, a, b.Addr(), "x")
		write(t, b, a.Addr(), "x")
		w.Cut(hostB, false)
		write(t, a, b.Addr(), "y")
		if n := len(b.took()); n != 1 || len(a.took()) != 0 {
			t.Errorf("%d arrived around a cut", n)
		}
	})
}

// A NAT gives each inside port a port of its own, lets in what it knows, and hides the rest.
func TestNAT(t *testing.T) {
	w := NewWire()
	w.NAT(hostA, natA)
	a1, a2, b := listen(t, w, hostA, 0), listen(t, w, hostA, 0), listen(t, w, hostB, 500)
	write(t, b, netip.AddrPortFrom(natA, 20001), "knock")
	write(t, b, a1.Addr(), "knock")
	if len(a1.took()) != 0 {
		t.Error("came in without a mapping")
	}
	write(t, a1, b.Addr(), "1")
	write(t, a2, b.Addr(), "2")
	write(t, a1, b.Addr(), "3")
	got := b.took()
	if len(got) != 3 || got[0].Peer.Addr() != natA || got[0].Peer == got[1].Peer || got[0].Peer != got[2].Peer {
		t.Fatalf("%v", got)
	}
	write(t, b, got[1].Peer, "back")
	if d := a2.took(); len(d) != 1 || d[0].Peer != b.Addr() {
		t.Errorf("the answer: %v", d)
	}
	w.Rebind(hostA)
	write(t, b, got[1].Peer, "back")
	if len(a2.took()) != 0 {
		t.Error("the old mapping holds after a rebind")
	}
	write(t, a2, b.Addr(), "4")
	if d := b.took(); len(d) != 1 || d[0].Peer == got[1].Peer || d[0].Peer.Addr() != natA {
		t.Errorf("after a rebind: %v", d)
	}
}

func TestPort(t *testing.T) {
	w := NewWire()
	a, b := listen(t, w, hostA, 0), listen(t, w, hostB, 500)
	if _, err := w.Listen(b.Addr()); err == nil {
		t.Error("the same port twice")
	}
	for range queueLen + 10 {
		write(t, a, b.Addr(), "x")
	}
	if w.Lost() != 10 {
		t.Errorf("%d lost beyond a full queue", w.Lost())
	}
	var d [7]tunnel.Datagram
	if n, err := b.ReadBatch(d[:]); n != 7 || err != nil {
		t.Errorf("%d, %v", n, err)
	}
	data := []byte("mine")
	a.WriteBatch([]tunnel.Datagram{{Peer: a.Addr(), Data: data}})
	data[0] = 'x'
	if got := a.took(); len(got) != 1 || string(got[0].Data) != "mine" {
		t.Error("a datagram shares memory with its sender")
	}
	if err := errors.Join(b.Close(), b.Close()); err != nil {
		t.Error(err)
	}
	b.took()
	if _, err := b.ReadBatch(d[:]); !errors.Is(err, net.ErrClosed) {
		t.Errorf("reading a closed port: %v", err)
	}
	if _, err := b.WriteBatch(d[:1]); !errors.Is(err, net.ErrClosed) {
		t.Errorf("writing a closed port: %v", err)
	}
	write(t, a, b.Addr(), "x")
	listen(t, w, hostB, 500)
}
