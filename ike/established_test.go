package ike

import (
	"net/netip"
	"testing"
	"time"

	"ezvpn/ike/isakmp"
)

func established(t *testing.T) *pair {
	p := newPair(t, testConfig(), testServer())
	p.drive(time.Second)
	if err := p.connected(1); err != nil {
		t.Fatal(err)
	}
	return p
}

func TestProbes(t *testing.T) {
	p := established(t)
	p.client1 = nil
	p.take(p.client.Probe(p.now, 41), true)
	p.drive(time.Second)
	if a := find[ProbeAcked](p.client1); len(a) != 1 || a[0].Seq != 41 {
		t.Errorf("acked %v", a)
	}
	if h := find[Heard](p.client1); len(h) != 0 {
		t.Error("an R-U-THERE-ACK counts as heard; DPD could not tell which it believes")
	}
	// The peer's own probes are answered; isakmpd repeats its number, but not for ever.
	answered := 0
	for range 20 {
		ev := p.inject(sealed(p.server, isakmp.Informational, uint32(1000+answered+len(p.client.used)), p.server.dpd(isakmp.RUThere, 7)))
		answered += len(find[Send](ev))
	}
	if answered != maxRepeats {
		t.Errorf("%d answers to one number, want %d", answered, maxRepeats)
	}
	// Netgear: no SPI, zeros before the number.
	n := isakmp.Notify{DOI: 1, Protocol: 1, Kind: isakmp.RUThere, Data: append(make([]byte, 16), 0, 0, 0, 8)}
	if ev := p.inject(sealed(p.server, isakmp.Informational, 5000, n)); len(find[Send](ev)) != 1 {
		t.Error("R-U-THERE without cookies is not answered")
	}
}

// An old message of the association, sent again, does nothing.
func TestReplay(t *testing.T) {
	var kept [][]byte
	p := newPairWith(t, testConfig(), testServer(), func(_ int, f flight) []flight {
		if !f.toServer {
			kept = append(kept, f.d.Data)
		}
		return []flight{f}
	})
	p.drive(time.Second)
	p.take(p.server.Probe(p.now, 5), false)
	p.drive(5 * time.Minute) // beyond the time that duplicates are answered
	before := len(p.client1)
	for _, b := range kept {
		p.take(p.client.Receive(p.now, Datagram{Remote: gatewayAddr, Data: b}), true)
	}
	for _, e := range p.client1[before:] {
		switch e.(type) {
		case SADown, Failed, SAUp, Configured, AskXAUTH:
			t.Errorf("a replayed message did something: %#v", e)
		}
	}
}

func TestDeletes(t *testing.T) {
	del := func(protocol uint8, spi []byte) isakmp.Delete {
		return isakmp.Delete{DOI: 1, Protocol: protocol, SPISize: uint8(len(spi)), SPIs: [][]byte{spi}}
	}
	t.Run("of the IPsec SA, by either SPI", func(t *testing.T) {
		for _, in := range []bool{true, false} {
			p := established(t)
			sa := sas(p.client1)[0]
			v := sa.Out.SPI
			if in {
				v = sa.In.SPI // some Cisco boxes name the wrong side
			}
			ev := p.inject(sealed(p.server, isakmp.Informational, 90, del(isakmp.ProtocolESP, []byte{byte(v >> 24), byte(v >> 16), byte(v >> 8), byte(v)})))
			if d := find[SADown](ev); len(d) != 1 || d[0].In != sa.In.SPI {
				t.Fatalf("%v", ev)
			}
			p.take(ev, true)
			p.drive(time.Second)
			if len(sas(p.client1)) != 1 || sas(p.client1)[0].In.SPI == sa.In.SPI {
				t.Error("no new IPsec SA in its place")
			}
		}
	})
	t.Run("of another ISAKMP SA", func(t *testing.T) {
		p := established(t)
		ev := p.inject(sealed(p.server, isakmp.Informational, 91, del(isakmp.ProtocolISAKMP, make([]byte, 16))))
		if len(find[Failed](ev)) != 0 {
			t.Error("a Delete of something else ended the association")
		}
	})
	t.Run("of this ISAKMP SA, with more behind it", func(t *testing.T) {
		p := established(t)
		ev := p.inject(sealed(p.server, isakmp.Informational, 92, del(isakmp.ProtocolISAKMP, p.server.cookies()),
			p.server.dpd(isakmp.RUThere, 3)))
		if f := find[Failed](ev); len(f) != 1 || f[0].Failure.Reason != PeerDeleted || len(find[Send](ev)) != 0 {
			t.Errorf("%v", ev)
		}
	})
}

// RESPONDER-LIFETIME can only shorten, and not below what would be a storm.
func TestResponderLifetime(t *testing.T) {
	life := func(seconds uint16) []byte {
		return isakmp.AppendAttributes(nil, isakmp.TV(isakmp.Phase2LifeType, 1), isakmp.TV(isakmp.Phase2LifeDuration, seconds))
	}
	for _, tt := range []struct {
		data []byte
		want time.Duration
	}{
		{life(600), 10 * time.Minute}, {life(1), time.Minute}, {life(65000), defaultLife2},
		{isakmp.AppendAttributes(nil, isakmp.TV(isakmp.Phase2LifeType, 1)), defaultLife2}, // FortiGate
		{[]byte{1, 2, 3}, defaultLife2},
	} {
		p := established(t)
		sa := sas(p.client1)[0]
		v := sa.Out.SPI
		p.inject(sealed(p.server, isakmp.Informational, 93, isakmp.Notify{DOI: 1, Protocol: isakmp.ProtocolESP, Kind: isakmp.ResponderLifetime,
			SPI: []byte{byte(v >> 24), byte(v >> 16), byte(v >> 8), byte(v)}, Data: tt.data}))
		if got := p.client.children[0].sa.Expires.Sub(sa.Since); got != tt.want {
			t.Errorf("%x: life %v, want %v", tt.data, got, tt.want)
		}
	}
}

// The client rekeys by itself in time; the old SA receives for a while, then both ends forget it.
func TestRekeyByTime(t *testing.T) {
	cfg := testConfig()
	cfg.Phase2Life.Time = 10 * time.Minute
	p := newPair(t, cfg, testServer())
	p.drive(8 * time.Minute)
	if len(find[SAUp](p.client1)) != 1 {
		t.Fatal("rekeyed too early")
	}
	p.drive(90 * time.Second)
	up := find[SAUp](p.client1)
	if len(up) != 2 || up[1].SA.Replaces != up[0].SA.In.SPI || len(sas(p.client1)) == 0 {
		t.Fatalf("%d SAs came up", len(up))
	}
	p.drive(31 * time.Second)
	if d := find[SADown](p.client1); len(d) != 1 || d[0].In != up[0].SA.In.SPI || d[0].Why != "replaced" {
		t.Errorf("down: %v", d)
	}
	if err := p.connected(1); err != nil {
		t.Error(err)
	}
	p.drive(3 * time.Hour)
	if err := p.connected(1); err != nil {
		t.Errorf("after hours: %v", err)
	}
	if n := len(p.client.exchanges); n > 8 {
		t.Errorf("%d exchanges are remembered", n)
	}
}

// Both rekey at once: both SAs come up, the newer is kept.
func TestRekeyCollision(t *testing.T) {
	p := established(t)
	ev, err := p.server.Quick(p.now, Selector{everything, netip.MustParsePrefix("10.99.1.2/32")})
	if err != nil {
		t.Fatal(err)
	}
	p.take(ev, false)
	p.take(p.client.Rekey(p.now, sas(p.client1)[0].In.SPI), true)
	p.drive(5 * time.Minute)
	if n := len(sas(p.client1)); n < 1 || n != len(sas(p.server1)) || len(p.failures) != 0 {
		t.Errorf("client %d, gateway %d IPsec SAs, %v", n, len(sas(p.server1)), p.failures)
	}
}

// A rekey that nobody answers leaves the SA in use alone, and is tried again.
func TestRekeyUnanswered(t *testing.T) {
	p := established(t)
	deaf := true
	p.fault = func(_ int, f flight) []flight {
		if deaf {
			return nil
		}
		return []flight{f}
	}
	p.take(p.client.Rekey(p.now, sas(p.client1)[0].In.SPI), true)
	p.drive(40 * time.Second)
	if len(sas(p.client1)) != 1 || len(p.failures) != 0 {
		t.Fatalf("%v", p.failures)
	}
	deaf = false
	p.drive(2 * time.Minute)
	if n := len(find[SAUp](p.client1)); n != 2 {
		t.Errorf("%d SAs came up; the rekey was not tried again", n)
	}
}

// A gateway whose Quick Mode 3 never arrives does not end the association.
func TestGatewayRekeyWithoutThirdMessage(t *testing.T) {
	p := established(t)
	ev, err := p.server.Quick(p.now, Selector{everything, netip.MustParsePrefix("10.99.1.2/32")})
	if err != nil {
		t.Fatal(err)
	}
	p.take(ev, false)
	p.fault = func(_ int, f flight) []flight {
		if !f.toServer {
			return nil // message 3, and all else of the gateway
		}
		return []flight{f}
	}
	p.drive(time.Minute)
	if len(p.failures) != 0 || len(sas(p.client1)) != 1 {
		t.Errorf("%v, %d SAs", p.failures, len(sas(p.client1)))
	}
	if len(p.client.children) != 1 || len(find[SADown](p.client1)) != 1 {
		t.Errorf("%d IPsec SAs are kept; the one that was never confirmed should be gone", len(p.client.children))
	}
}

// A redirect counts while the client connects, from an authentic gateway.
func TestRedirect(t *testing.T) {
	to := isakmp.Notify{DOI: 1, Protocol: 1, Kind: isakmp.UnityLoadBalance, Data: []byte{198, 51, 100, 102}}
	p := manual(t)
	if r := find[Redirected](p.inject(sealed(p.server, isakmp.Informational, 94, to))); len(r) != 1 || r[0].To != netip.MustParseAddr("198.51.100.102") {
		t.Errorf("%v", r)
	}
	q := established(t)
	if r := find[Redirected](q.inject(sealed(q.server, isakmp.Informational, 94, to))); len(r) != 0 {
		t.Error("a live tunnel was redirected")
	}
}

// Inside networks: one IPsec SA each, no address asked for.
func TestNetworkExtension(t *testing.T) {
	cfg := testConfig()
	cfg.NoAddress = true
	cfg.Inside = []netip.Prefix{netip.MustParsePrefix("192.168.5.0/24"), netip.MustParsePrefix("192.168.6.0/24")}
	p := newPair(t, cfg, testServer())
	p.net.Address = netip.Addr{}
	p.drive(time.Minute)
	if err := p.connected(2); err != nil {
		t.Fatal(err)
	}
	if s := sas(p.client1); s[0].Selector.Local != cfg.Inside[0] || s[1].Selector.Local != cfg.Inside[1] {
		t.Errorf("%v %v", s[0].Selector, s[1].Selector)
	}
}

// The gateway narrows what was proposed; less is taken.
func TestNarrowed(t *testing.T) {
	srv := testServer()
	srv.Narrow = func(s Selector) (Selector, bool) { s.Local = netip.MustParsePrefix("10.20.0.0/16"); return s, true }
	p := newPair(t, testConfig(), srv)
	p.drive(time.Minute)
	if err := p.connected(1); err != nil {
		t.Fatal(err)
	}
	if got := sas(p.client1)[0].Selector.Remote; got != netip.MustParsePrefix("10.20.0.0/16") {
		t.Errorf("selector %v", got)
	}
}

// Keys are gone when an association ends; the copies in events are the owner's.
func TestKeysAreCleared(t *testing.T) {
	p := established(t)
	auth := p.client.auth
	a := auth.keys.A
	in := p.client.children[0].sa.In.Enc
	p.take(p.client.Close(p.now, "test"), true)
	for _, k := range [][]byte{a, in} {
		for _, b := range k {
			if b != 0 {
				t.Fatal("key material stays behind")
			}
		}
	}
	if auth.keys.Key != nil {
		t.Error("the keys are still referred to")
	}
}
