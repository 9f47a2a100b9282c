package ike

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"testing"
	"time"

	"ezvpn/ike/isakmp"
	"ezvpn/ike/keymat"
)

var t0 = time.Date(2026, 3, 25, 12, 0, 0, 0, time.UTC)

// pair is a client and a gateway in virtual time, with a queue of datagrams on the way.
type pair struct {
	t      testing.TB
	now    time.Time
	client *Conn
	server *Conn
	srv    *Server
	queue  []flight
	fault  func(i int, f flight) []flight // what becomes of the i-th datagram
	sent   int

	users    map[string]string
	net      ModeConfig
	push     bool
	answers  map[string]string // what the user answers by field
	asked    []AskXAUTH
	ask      func(p *pair, round int, r XAUTHReply) // the gateway's side of XAUTH; nil: user and password once
	rounds   int
	client1  []Event // all events of the client but Send and Noted
	server1  []Event
	failures []*Failure
}

type flight struct {
	at       time.Time
	toServer bool
	d        Datagram
}

const latency = 20 * time.Millisecond

var (
	clientAddr  = netip.MustParseAddrPort("192.168.77.2:40000")
	natAddr     = netip.MustParseAddrPort("198.51.100.2:20001")
	gatewayAddr = netip.MustParseAddrPort("198.51.100.101:500")
)

func aes(bits int, h keymat.Hash, g keymat.Group) Phase1 {
	return Phase1{Cipher: keymat.AES, KeyBits: bits, Hash: h, Group: g}
}

func testConfig() *Config {
	return &Config{
		Rand: rand.NewChaCha8([32]byte{1}), Local: clientAddr, Remote: gatewayAddr,
		Identity: Identity{isakmp.IDKeyID, "ezgroup"}, GroupKey: Secret("group-secret"),
		Phase1: []Phase1{aes(256, keymat.SHA256, 19), aes(128, keymat.SHA1, 19)},
		Phase2: []Suite{{20, 128, 0}, {12, 128, 2}}, XAUTH: true, InitialContact: true, Hostname: "laptop", AppVersion: "ezvpn",
	}
}

func testServer() *Server {
	return &Server{
		Rand: rand.NewChaCha8([32]byte{2}), Local: gatewayAddr, Identity: Identity{isakmp.IDIPv4, "\xc6\x33\x64\x65"},
		Group: func(id Identity) (Secret, bool) {
			return Secret("group-secret"), id == Identity{isakmp.IDKeyID, "ezgroup"}
		},
		Phase1: testConfig().Phase1, Phase2: []Suite{{20, 128, 0}, {12, 128, 2}}, XAUTH: true,
		Narrow: func(s Selector) (Selector, bool) { return s, true },
	}
}

func newPair(t testing.TB, cfg *Config, srv *Server) *pair { return newPairWith(t, cfg, srv, nil) }

func newPairWith(t testing.TB, cfg *Config, srv *Server, fault func(i int, f flight) []flight) *pair {
	p := &pair{t: t, now: t0, srv: srv, fault: fault, users: map[string]string{"alice": "alice-pw"}, answers: map[string]string{"username": "alice", "password": "alice-pw"},
		net: ModeConfig{Address: netip.MustParseAddr("10.99.1.2"), DNS: []netip.Addr{netip.MustParseAddr("10.20.0.53")}, PFS: -1,
			Include: []netip.Prefix{netip.MustParsePrefix("10.20.0.0/16")}, Domain: "corp.example", Banner: "hello"}}
	p.server = Accept(p.now, srv)
	var ev []Event
	p.client, ev = Initiate(p.now, cfg)
	p.take(ev, true)
	return p
}

// take puts datagrams on the way and keeps the other events.
func (p *pair) take(events []Event, fromClient bool) {
	for _, e := range events {
		switch e := e.(type) {
		case Send:
			f := flight{at: p.now.Add(latency), toServer: fromClient, d: e.Datagram}
			f.d.Data = slices.Clone(f.d.Data)
			out := []flight{f}
			if p.fault != nil {
				out = p.fault(p.sent, f)
			}
			p.sent++
			p.queue = append(p.queue, out...)
		case Noted:
		default:
			if fromClient {
				p.client1 = append(p.client1, e)
				p.clientEvent(e)
			} else {
				p.server1 = append(p.server1, e)
				p.serverEvent(e)
			}
		}
	}
}

func (p *pair) clientEvent(e Event) {
	switch e := e.(type) {
	case AskXAUTH:
		p.asked = append(p.asked, e)
		a := XAUTHAnswer{Round: e.Round, Fields: map[string]Secret{}}
		for _, f := range e.Fields {
			a.Fields[f.Name] = Secret(p.answers[f.Name])
		}
		p.take(p.client.Answer(p.now, a), true)
	case Failed:
		p.failures = append(p.failures, e.Failure)
	}
}

func (p *pair) serverEvent(e Event) {
	do := func(ev []Event, err error) {
		if err != nil {
			p.t.Fatalf("gateway: %v", err)
		}
		p.take(ev, false)
	}
	switch e := e.(type) {
	case Secured:
		if p.srv.XAUTH {
			do(p.server.RequestXAUTH(p.now, 0, []XAUTHField{{Name: "username"}, {Name: "password"}}, ""))
		}
	case XAUTHReply:
		p.rounds++
		if p.ask != nil {
			p.ask(p, p.rounds, e)
			return
		}
		do(p.server.FinishXAUTH(p.now, p.users[string(e.Fields["username"])] == string(e.Fields["password"]), ""))
		if p.push {
			do(p.server.PushConfig(p.now, p.net))
		}
	case ConfigAsked:
		do(p.server.ReplyConfig(p.now, p.net))
	}
}

// drive runs until nothing happens any more, or until the limit.
func (p *pair) drive(limit time.Duration) {
	end := p.now.Add(limit)
	for range 100000 {
		next := time.Time{}
		earlier := func(t time.Time) {
			if !t.IsZero() && (next.IsZero() || t.Before(next)) {
				next = t
			}
		}
		for _, f := range p.queue {
			earlier(f.at)
		}
		earlier(p.client.Deadline())
		earlier(p.server.Deadline())
		if next.IsZero() || next.After(end) {
			p.now = end
			return
		}
		if next.After(p.now) {
			p.now = next
		}
		p.deliver()
		p.take(p.client.Advance(p.now), true)
		p.take(p.server.Advance(p.now), false)
	}
	p.t.Fatal("no end of events at one time")
}

func (p *pair) deliver() {
	var now, later []flight
	for _, f := range p.queue {
		if f.at.After(p.now) {
			later = append(later, f)
		} else {
			now = append(now, f)
		}
	}
	p.queue = later
	for _, f := range now {
		d := f.d
		if f.toServer {
			d.Remote = natAddr
			p.take(p.server.Receive(p.now, d), false)
		} else {
			d.Remote = gatewayAddr
			if d.Marker {
				d.Remote = netip.AddrPortFrom(gatewayAddr.Addr(), 4500)
			}
			p.take(p.client.Receive(p.now, d), true)
		}
	}
}

// sas gives the IPsec SAs that an end holds ready, oldest first.
func sas(events []Event) (up []IPsecSA) {
	for _, e := range events {
		switch e := e.(type) {
		case SAUp:
			up = slices.DeleteFunc(up, func(s IPsecSA) bool { return s.In.SPI == e.SA.In.SPI })
			if e.SA.Ready {
				up = append(up, e.SA)
			}
		case SADown:
			up = slices.DeleteFunc(up, func(s IPsecSA) bool { return s.In.SPI == e.In })
		}
	}
	return up
}

// connected checks that both ends have the same keys for n SAs, and that the association did not end after that.
func (p *pair) connected(n int) error {
	if len(p.failures) != 0 {
		return fmt.Errorf("it ended: %v", p.failures)
	}
	c, s := sas(p.client1), sas(p.server1)
	if len(c) != n || len(s) != n {
		return fmt.Errorf("client has %d IPsec SAs, gateway %d, want %d; failures %v", len(c), len(s), n, p.failures)
	}
	for i := range c {
		j := slices.IndexFunc(s, func(x IPsecSA) bool { return x.In.SPI == c[i].Out.SPI })
		if j < 0 || s[j].Out.SPI != c[i].In.SPI || !bytes.Equal(s[j].In.Enc, c[i].Out.Enc) || !bytes.Equal(s[j].Out.Auth, c[i].In.Auth) ||
			!bytes.Equal(s[j].Out.Enc, c[i].In.Enc) || s[j].Suite != c[i].Suite || s[j].Selector.Local != c[i].Selector.Remote {
			return fmt.Errorf("the ends disagree about SA %d", i)
		}
	}
	return nil
}

func find[E Event](events []Event) (found []E) {
	for _, e := range events {
		if x, ok := e.(E); ok {
			found = append(found, x)
		}
	}
	return found
}

func TestConnect(t *testing.T) {
	p := newPair(t, testConfig(), testServer())
	p.drive(time.Minute)
	if err := p.connected(1); err != nil {
		t.Fatal(err)
	}
	sa, ok := p.client.ISAKMPSA()
	if !ok || !sa.XAUTH || !sa.DPD || !sa.Unity || !sa.NATLocal || sa.Remote.Port() != 4500 || !sa.Marker {
		t.Errorf("ISAKMP SA %+v", sa)
	}
	if got := find[Configured](p.client1)[0].Net; got.Address != p.net.Address || got.Banner != "hello" || !slices.Equal(got.Include, p.net.Include) {
		t.Errorf("Mode Config %+v", got)
	}
	if s := sas(p.client1)[0]; s.Selector != (Selector{netip.MustParsePrefix("10.99.1.2/32"), everything}) {
		t.Errorf("selector %v", s.Selector)
	}
	// Disconnect: both ends forget.
	p.take(p.client.Close(p.now, "test"), true)
	p.drive(time.Minute)
	if len(sas(p.server1)) != 0 && len(find[Failed](p.server1)) == 0 {
		t.Error("the gateway was not told")
	}
	if f := find[Failed](p.server1); len(f) != 1 || f[0].Failure.Reason != PeerDeleted {
		t.Errorf("gateway: %v", f)
	}
}

func TestSuites(t *testing.T) {
	for _, g := range []keymat.Group{2, 5, 14, 15, 16, 19, 20, 21, 31} {
		for _, h := range []keymat.Hash{keymat.MD5, keymat.SHA1, keymat.SHA256, keymat.SHA384, keymat.SHA512} {
			for i, c := range []Phase1{{Cipher: keymat.AES, KeyBits: 128}, {Cipher: keymat.AES, KeyBits: 192}, {Cipher: keymat.AES, KeyBits: 256}, {Cipher: keymat.TripleDES}} {
				if (g == 15 || g == 16) && (h != keymat.SHA512 || i != 2) {
					continue // large groups are slow; the cipher does not depend on the group
				}
				cfg, srv := testConfig(), testServer()
				c.Hash, c.Group = h, g
				esp := []Suite{{12, 128, 1}, {12, 192, 2}, {12, 256, 5}, {12, 256, 6}, {12, 256, 7}, {3, 0, 2}, {20, 128, 0}, {20, 256, 0}}[(i+int(h))%8]
				cfg.Phase1, srv.Phase1 = []Phase1{c}, []Phase1{c}
				cfg.Phase2, srv.Phase2 = []Suite{esp}, []Suite{esp}
				p := newPair(t, cfg, srv)
				p.drive(10 * time.Second)
				if err := p.connected(1); err != nil {
					t.Errorf("%+v with %+v: %v", c, esp, err)
				}
			}
		}
	}
}
