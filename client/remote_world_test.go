package client_test

import (
	"context"
	"errors"
	"log/slog"
	"net/netip"
	"os"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"ezvpn/client"
	"ezvpn/client/gateway"
	"ezvpn/client/profile"
	"ezvpn/client/status"
	"ezvpn/tunnel"
	"ezvpn/tunnel/host"
)

// cable is an inside made of channels: what is put into toTunnel is read by the tunnel, what the tunnel writes comes
// out of fromTunnel.
type cable struct {
	toTunnel, fromTunnel chan []byte
	done                 chan struct{}
	once                 sync.Once
}

func newCable() *cable {
	return &cable{toTunnel: make(chan []byte, 64), fromTunnel: make(chan []byte, 64), done: make(chan struct{})}
}

func (c *cable) ReadBatch(bufs [][]byte, sizes []int, offset int) (int, error) {
	select {
	case p := <-c.toTunnel:
		sizes[0] = copy(bufs[0][offset:], p)
		return 1, nil
	case <-c.done:
		return 0, os.ErrClosed
	}
}

func (c *cable) WriteBatch(bufs [][]byte, offset int) (int, error) {
	for i, b := range bufs {
		select {
		case c.fromTunnel <- append([]byte(nil), b[offset:]...):
		case <-c.done:
			return i, os.ErrClosed
		default: // nobody looks: as a full device queue
		}
	}
	return len(bufs), nil
}

func (c *cable) BatchSize() int    { return 1 }
func (c *cable) MTU() (int, error) { return 1400, nil }
func (c *cable) Name() string      { return "cable0" }
func (c *cable) Close() error      { c.once.Do(func() { close(c.done) }); return nil }
func (c *cable) closed() bool {
	select {
	case <-c.done:
		return true
	default:
		return false
	}
}

// world is a client and its gateways on an Internet in memory, in virtual time.
type world struct {
	t        *testing.T
	wire     *gateway.Wire
	gateways []*gateway.Gateway
	insides  []*cable // of the gateways
	client   *client.Client
	host     *host.Fake
	device   *cable // of the client, the latest
	opened   int
	fail     error // of OpenInside
}

const gw1, gw2 = "198.51.100.101", "198.51.100.102"

var (
	clientIP = netip.MustParseAddr("192.168.77.2")
	natIP    = netip.MustParseAddr("198.51.100.2")
)

// inWorld runs f in a bubble with n gateways; policy changes the demo policy, where given.
func inWorld(t *testing.T, n int, policy func(i int, p *gateway.Policy), f func(w *world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := &world{t: t, wire: gateway.NewWire(), host: &host.Fake{}}
		w.wire.NAT(clientIP, natIP)
		w.wire.SetWeather(gateway.Weather{Delay: 10 * time.Millisecond, Seed: 1})
		for i := range n {
			w.serve(i, policy)
		}
		w.client = client.New(client.Platform{
			OpenOutside: func(uint16) (tunnel.Outside, error) { return w.wire.Listen(netip.AddrPortFrom(clientIP, 0)) },
			OpenInside: func(client.InsideConfig) (tunnel.Inside, error) {
				if w.fail != nil {
					return nil, w.fail
				}
				w.opened++
				w.device = newCable()
				return w.device, nil
			},
			Resolve: func(_ context.Context, name string) ([]netip.Addr, error) {
				if name == "vpn.example.com" {
					return []netip.Addr{netip.MustParseAddr(gw1), netip.MustParseAddr(gw2)}, nil
				}
				return nil, errors.New("no such host")
			},
			Host: w.host,
		}, slog.New(slog.DiscardHandler))
		f(w)
		w.client.Close()
		for _, g := range w.gateways {
			g.Close()
		}
		if w.device != nil && !w.device.closed() {
			t.Error("the inside was not closed")
		}
	})
}

func (w *world) serve(i int, policy func(i int, p *gateway.Policy)) {
	addr := netip.MustParseAddr([]string{gw1, gw2}[i])
	plain, err1 := w.wire.Listen(netip.AddrPortFrom(addr, 500))
	natt, err2 := w.wire.Listen(netip.AddrPortFrom(addr, 4500))
	if err1 != nil || err2 != nil {
		w.t.Fatal(err1, err2)
	}
	p := gateway.Demo([]string{"gw1", "gw2"}[i])
	p.Net.SavePassword = false
	if policy != nil {
		policy(i, &p)
	}
	in := newCable()
	w.insides = append(w.insides, in)
	w.gateways = append(w.gateways, gateway.Serve(gateway.Options{Policy: p, Addr: netip.AddrPortFrom(addr, 500), Plain: plain, NATT: natt, Inside: in}))
}

// profile is a profile as Parse would give it, with a stored password, so that nobody is asked.
func (w *world) profile(connect string, peers ...string) *profile.Profile {
	p := &profile.Profile{Name: "office", Connect: connect, Mode: "client",
		Group: profile.Group{Name: "ezgroup", IDType: "key-id", Key: "group-secret"},
		XAUTH: profile.XAUTH{Username: "alice", Password: "alice-pw"},
		DPD:   profile.DPD{Interval: 10 * time.Second, Retry: 2 * time.Second, Mode: "on-demand"},
		IKE:   profile.IKE{Proposals: []profile.Phase1{{Cipher: 7, KeyBits: 256, Hash: 4, Group: 14}}, Exchange: "aggressive", Fragmentation: true},
		ESP:   profile.ESP{Proposals: []profile.Phase2{{Cipher: 20, KeyBits: 128}, {Cipher: 12, KeyBits: 128, Auth: 2}}},
		NAT:   profile.NAT{Mode: "force", Keepalive: 20 * time.Second}}
	for _, x := range peers {
		p.Peers = append(p.Peers, profile.Peer{Host: x, Port: 500})
	}
	return p
}

// wait gives the first snapshot that fits, within the virtual time.
func (w *world) wait(limit time.Duration, fits func(s status.Snapshot) bool) status.Snapshot {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	var last status.Snapshot
	for s := range w.client.Watch(ctx) {
		last = s
		if fits(s) {
			return s
		}
	}
	for _, e := range last.Events {
		w.t.Logf("%s %s %s", e.Time.Format("15:04:05.000"), e.Kind, e.Text)
	}
	w.t.Errorf("state %s, diagnosis %+v after %v", last.State, last.Diagnosis, limit)
	w.client.Close()
	for _, g := range w.gateways {
		g.Close()
	}
	w.t.FailNow()
	return last
}

func is(states ...status.State) func(status.Snapshot) bool {
	return func(s status.Snapshot) bool {
		for _, x := range states {
			if s.State == x {
				return true
			}
		}
		return false
	}
}

func (w *world) connect(p *profile.Profile) {
	w.t.Helper()
	if err := w.client.Connect(p, client.ConnectOptions{Owner: "alice"}); err != nil {
		w.t.Fatal(err)
	}
}

// set says that the machine is changed.
func (w *world) set() bool { _, up := w.host.Current(); return up }

// packet is an IPv4 packet with a number in it.
func packet(from, to string, n byte) []byte {
	p := make([]byte, 40)
	p[0], p[3], p[8], p[9], p[39] = 0x45, 40, 64, 17, n
	copy(p[12:], netip.MustParseAddr(from).AsSlice())
	copy(p[16:], netip.MustParseAddr(to).AsSlice())
	return p
}

// passes sends a packet and says whether it arrives at the other end.
func passes(from, to *cable, p []byte) bool {
	from.toTunnel <- p
	select {
	case got := <-to.fromTunnel:
		return string(got) == string(p)
	case <-time.After(time.Second):
		return false
	}
}
