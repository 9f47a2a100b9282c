package ike

import (
	"encoding/binary"
	"net/netip"
	"testing"
	"time"

	"ezvpn/ike/isakmp"
	"ezvpn/ike/keymat"
)

func (p *pair) deleteNewest() {
	sa := sas(p.client1)
	spi := binary.BigEndian.AppendUint32(nil, sa[len(sa)-1].Out.SPI)
	p.take(p.inject(sealed(p.server, isakmp.Informational, p.freeID(), isakmp.Delete{DOI: 1, Protocol: isakmp.ProtocolESP, SPISize: 4, SPIs: [][]byte{spi}})), true)
}

// freeID is a message ID that was not used yet.
func (p *pair) freeID() uint32 {
	for id := uint32(0x10000000); ; id++ {
		if _, used := p.client.used[id]; !used {
			return id
		}
	}
}

// A gateway that deletes each IPsec SA as soon as it is up gets a new one at once, then one each half minute.
func TestDeletesInALoop(t *testing.T) {
	p := established(t)
	for range 5 * 60 {
		if len(sas(p.client1)) > 0 {
			p.deleteNewest()
		}
		p.drive(time.Second)
	}
	if n := len(find[SAUp](p.client1)); n < 10 || n > 12 {
		t.Errorf("%d IPsec SAs in five minutes", n)
	}
	if len(p.failures) != 0 {
		t.Errorf("%v", p.failures)
	}
}

// INVALID-SPI names the SPI in its own field, or in its data.
func TestInvalidSPI(t *testing.T) {
	for _, inData := range []bool{false, true} {
		p := established(t)
		old := sas(p.client1)[0]
		n := isakmp.Notify{DOI: 1, Protocol: isakmp.ProtocolESP, Kind: isakmp.InvalidSPI}
		spi := binary.BigEndian.AppendUint32(nil, old.Out.SPI)
		if inData {
			n.Data = spi
		} else {
			n.SPI = spi
		}
		p.take(p.inject(sealed(p.server, isakmp.Informational, p.freeID(), n)), true)
		p.drive(time.Second)
		if d := find[SADown](p.client1); len(d) != 1 || d[0].In != old.In.SPI || len(sas(p.client1)) != 1 {
			t.Errorf("in data %v: %v", inData, d)
		}
	}
}

// An IPsec SA that ends while the gateway refuses to rekey leaves a wish behind, not an idle association.
func TestExpiryWithoutRekey(t *testing.T) {
	cfg := testConfig()
	cfg.Phase2Life.Time = 2 * time.Minute
	p := newPair(t, cfg, testServer())
	p.drive(time.Second)
	p.client.children[0].sa.Rekey = time.Time{} // as when its date was missed while the machine slept
	p.drive(2 * time.Minute)
	if err := p.connected(1); err != nil {
		t.Error(err)
	}
	if n := len(find[SAUp](p.client1)); n != 2 {
		t.Errorf("%d IPsec SAs came up", n)
	}
}

// The collisions of a day do not add up.
func TestCollisionsDoNotAddUp(t *testing.T) {
	cfg := testConfig()
	cfg.Phase2Life.Time = 10 * time.Minute
	p := newPair(t, cfg, testServer())
	p.drive(time.Second)
	for range 20 {
		ev, err := p.server.Quick(p.now, Selector{everything, netip.MustParsePrefix("10.99.1.2/32")})
		if err != nil {
			t.Fatal(err)
		}
		p.take(ev, false)
		s := sas(p.client1)
		p.take(p.client.Rekey(p.now, s[len(s)-1].In.SPI), true)
		p.drive(9 * time.Minute)
		if n := len(sas(p.client1)); n < 1 || n > 4 {
			t.Fatalf("%d IPsec SAs", n)
		}
	}
	p.drive(30 * time.Minute)
	if err := p.connected(1); err != nil {
		t.Error(err)
	}
}

// A gateway narrowed what we proposed, and proposes everything when it rekeys: one takes the place of the other.
func TestRekeyOfANarrowedSA(t *testing.T) {
	srv := testServer()
	srv.Narrow = func(s Selector) (Selector, bool) { s.Local = netip.MustParsePrefix("10.20.0.0/16"); return s, true }
	p := newPair(t, testConfig(), srv)
	p.drive(time.Second)
	old := sas(p.client1)[0]
	ev, err := p.server.Quick(p.now, Selector{everything, netip.MustParsePrefix("10.99.1.2/32")})
	if err != nil {
		t.Fatal(err)
	}
	p.take(ev, false)
	p.drive(time.Minute)
	up := find[SAUp](p.client1)
	if last := up[len(up)-1].SA; last.Replaces != old.In.SPI || last.Selector.Remote != everything {
		t.Errorf("%+v", last)
	}
	if s := sas(p.client1); len(s) != 1 || s[0].In.SPI == old.In.SPI {
		t.Errorf("%d IPsec SAs", len(s))
	}
}

// Commit: outbound waits for CONNECTED, but not for ever, and the next Quick Mode does not wait at all.
func TestCommit(t *testing.T) {
	for _, said := range []bool{true, false} {
		cfg := testConfig()
		cfg.SAPerNetwork = true
		var p *pair
		p = newPairWith(t, cfg, testServer(), func(_ int, f flight) []flight {
			if !f.toServer && f.d.Data[18] == byte(isakmp.QuickMode) {
				f.d.Data[19] |= byte(isakmp.Commit) // the header is under no hash
			}
			return []flight{f}
		})
		p.net.Include = append(p.net.Include, netip.MustParsePrefix("10.30.0.0/16"))
		p.drive(time.Second)
		up := find[SAUp](p.client1)
		if len(up) != 2 || up[0].SA.Ready || up[1].SA.Ready {
			t.Fatalf("%d IPsec SAs, before CONNECTED", len(up))
		}
		if said {
			for _, x := range p.server.exchanges {
				if x.quick == nil {
					continue
				}
				b, err := p.server.auth.seal(&x.chain, p.server.header(isakmp.QuickMode, x.id), p.server.messageHash(x.id),
					isakmp.Notify{DOI: 1, Protocol: isakmp.ProtocolESP, Kind: isakmp.Connected})
				if err != nil {
					t.Fatal(err)
				}
				ev := p.inject(b)
				if u := find[SAUp](ev); len(u) != 1 || !u[0].SA.Ready {
					t.Errorf("after CONNECTED: %v", ev)
				}
				p.take(ev, true)
			}
		}
		p.drive(5 * time.Second)
		if err := p.connected(2); err != nil {
			t.Errorf("CONNECTED %v: %v", said, err)
		}
	}
}

// The gateway proposes PFS with a group that nobody named here; a weak one is refused, and so is none where we want it.
func TestPFSOfTheGateway(t *testing.T) {
	for _, tt := range []struct {
		ours, theirs uint16
		pushed       int
		ok           bool
	}{{0, 14, -1, true}, {0, 2, -1, false}, {19, 0, -1, false}, {19, 19, -1, true}, {19, 14, -1, false}, {0, 0, 2, false}, {0, 19, 1, true}, {0, 19, 2, true}} {
		cfg, srv := testConfig(), testServer()
		cfg.PFS = keymat.Group(tt.ours)
		srv.PFS = cfg.PFS
		if tt.pushed > 0 {
			srv.PFS = 19 // as phase 1
		}
		p := newPair(t, cfg, srv)
		p.net.PFS = tt.pushed
		p.drive(time.Second)
		if err := p.connected(1); err != nil {
			t.Fatal(err)
		}
		if g := sas(p.client1)[0].PFS; g != srv.PFS {
			t.Errorf("PFS group %d, want %d", g, srv.PFS)
		}
		srv.PFS = keymat.Group(tt.theirs)
		ev, err := p.server.Quick(p.now, Selector{everything, netip.MustParsePrefix("10.99.1.2/32")})
		if err != nil {
			t.Fatal(err)
		}
		p.take(ev, false)
		p.drive(time.Second)
		if got := len(sas(p.client1)) == 2; got != tt.ok {
			t.Errorf("ours %d, theirs %d: accepted %v", tt.ours, tt.theirs, got)
		}
	}
}

// A gateway may start many Quick Modes: those that can be open at once are bounded, and what it forgets to finish goes.
func TestManyQuickModesOfTheGateway(t *testing.T) {
	p := established(t)
	p.fault = func(_ int, f flight) []flight {
		if !f.toServer && f.d.Data[18] == byte(isakmp.QuickMode) && len(f.d.Data) < 120 {
			return nil // message 3
		}
		return []flight{f}
	}
	for range 200 {
		ev, err := p.server.Quick(p.now, Selector{everything, netip.MustParsePrefix("10.99.1.2/32")})
		if err != nil {
			t.Fatal(err)
		}
		p.take(ev, false)
	}
	p.drive(time.Second)
	if n := len(p.client.exchanges); n > maxExchanges {
		t.Errorf("%d exchanges", n)
	}
	if n := len(p.client.children); n > maxExchanges+1 {
		t.Errorf("%d IPsec SAs", n)
	}
	p.drive(3 * time.Minute)
	if len(p.client.children) > 2 || len(p.failures) != 0 {
		t.Errorf("%d IPsec SAs are left, %v", len(p.client.children), p.failures)
	}
}

// When message IDs run out the association ends by itself: it must not forget one, and must not go deaf.
func TestMessageIDsRunOut(t *testing.T) {
	p := established(t)
	for id := uint32(0x20000000); len(p.client.used) < maxUsed; id++ {
		p.client.used[id] = struct{}{}
	}
	ev := p.inject(sealed(p.server, isakmp.Informational, p.freeID(), p.server.dpd(isakmp.RUThere, 1)))
	if f := find[Failed](ev); len(f) != 1 || f[0].Failure.Reason != Expired || f[0].Failure.By != Local {
		t.Errorf("%v", ev)
	}
}

// What we give up is told, so that the gateway keeps no address for us.
func TestFailureIsTold(t *testing.T) {
	p := newPair(t, testConfig(), testServer())
	p.net.Address = netip.Addr{}
	p.drive(time.Second)
	if f := find[Failed](p.server1); len(p.failures) != 1 || len(f) != 1 || f[0].Failure.Reason != PeerDeleted {
		t.Errorf("client %v, gateway %v", p.failures, f)
	}
}
