package ike

import (
	"net/netip"
	"slices"
	"testing"
	"time"

	"ezvpn/ike/isakmp"
)

// Questions that ask for nothing are questions too: a gateway cannot go on with them for ever.
func TestEmptyQuestions(t *testing.T) {
	p := manual(t)
	for round := 1; round <= 20; round++ {
		ev := p.inject(sealed(p.server, isakmp.Transaction, p.freeID(), request(isakmp.TLV(isakmp.XAUTHMessage, []byte("please wait")))))
		if f := find[Failed](ev); len(f) == 1 {
			if f[0].Failure.Reason != XAUTHTooMany || round != maxPrompts+1 {
				t.Errorf("round %d: %v", round, f[0].Failure)
			}
			return
		}
		p.client.Answer(p.now, XAUTHAnswer{Round: round})
	}
	t.Error("no end of questions")
}

// The types of the draft are 0 to 3; of others nobody knows what becomes of the password.
func TestUnknownXAUTHType(t *testing.T) {
	for _, kind := range []isakmp.Attribute{isakmp.TV(isakmp.XAUTHType, 4), isakmp.TV(isakmp.XAUTHType, 255),
		isakmp.TLV(isakmp.XAUTHType, []byte{0, 1, 0, 0}), isakmp.TLV(isakmp.XAUTHType, nil)} {
		p := manual(t)
		ev := p.inject(sealed(p.server, isakmp.Transaction, p.freeID(), request(kind, isakmp.TLV(isakmp.XAUTHPassword, nil))))
		if len(kind.Value) == 0 {
			if len(find[AskXAUTH](ev)) != 1 {
				t.Errorf("an empty type is the generic one: %v", ev)
			}
			continue
		}
		if f := find[Failed](ev); len(f) != 1 || f[0].Failure.Reason != XAUTHRefused || len(find[AskXAUTH](ev)) != 0 {
			t.Errorf("type %x: %v", kind.Value, ev)
		}
	}
}

// A number that agrees with the offer only in its lower half was not offered.
func TestLongAttributeValues(t *testing.T) {
	offers := []Phase1{aes(256, 4, 19)}
	x := isakmp.Transform{Number: 1, ID: isakmp.KeyIKE, Attributes: phase1Attributes(offers[0], isakmp.AuthPreShared, Life{})}
	if _, _, _, err := matchPhase1(x, offers, []uint16{isakmp.AuthPreShared}); err != nil {
		t.Fatal(err)
	}
	for i, a := range x.Attributes {
		y := x
		y.Attributes = slices.Clone(x.Attributes)
		y.Attributes[i] = isakmp.TLV(a.Type, append([]byte{0, 1}, a.Value...))
		if _, _, _, err := matchPhase1(y, offers, []uint16{isakmp.AuthPreShared}); err == nil {
			t.Errorf("attribute %d with 0x10000 more was taken", a.Type)
		}
		y.Attributes[i] = isakmp.TLV(a.Type, append([]byte{0, 0}, a.Value...))
		if _, _, _, err := matchPhase1(y, offers, []uint16{isakmp.AuthPreShared}); err != nil {
			t.Errorf("attribute %d in the long form: %v", a.Type, err)
		}
	}
	s := Suite{12, 128, 2}
	q := phase2SA([]Suite{s}, 0x11223344, 3, 0, Life{}).Proposals[0]
	for i, a := range q.Transforms[0].Attributes {
		y := q.Transforms[0]
		y.Attributes = slices.Clone(y.Attributes)
		y.Attributes[i] = isakmp.TLV(a.Type, append([]byte{0, 1}, a.Value...))
		if _, err := matchPhase2(q, y, []Suite{s}, 3); err == nil {
			t.Errorf("phase 2 attribute %d with 0x10000 more was taken", a.Type)
		}
	}
}

// Who did not announce that it takes fragments gets none.
func TestFragmentsUnannounced(t *testing.T) {
	cfg := testConfig()
	cfg.NoFragments = true
	p := newPairWith(t, cfg, testServer(), func(_ int, f flight) (out []flight) {
		if f.toServer || f.d.Data[18] != byte(isakmp.Aggressive) {
			return []flight{f}
		}
		for _, b := range isakmp.Split(f.d.Data, 1, 200) {
			g := f
			g.d.Data = b
			out = append(out, g)
		}
		return out
	})
	p.drive(time.Second)
	if _, up := p.client.ISAKMPSA(); up || p.client.Stats().Drops["fragment"] == 0 {
		t.Errorf("up %v, dropped %v", up, p.client.Stats().Drops)
	}
}

// A storm of old messages or probes does not make a storm of answers.
func TestAnswersAreFew(t *testing.T) {
	var last []byte // what the gateway said latest in Quick Mode
	p := newPairWith(t, testConfig(), testServer(), func(_ int, f flight) []flight {
		if !f.toServer && f.d.Data[18] == byte(isakmp.QuickMode) {
			last = slices.Clone(f.d.Data)
		}
		return []flight{f}
	})
	p.drive(5 * time.Second)
	storm := func(next func(i int) []byte) (answers int) {
		for i := range 2000 {
			p.now = p.now.Add(time.Millisecond)
			answers += len(find[Send](p.inject(next(i))))
		}
		return answers
	}
	if n := storm(func(int) []byte { return last }); n == 0 || n > 2*5+1 {
		t.Errorf("%d answers to a message of old in two seconds", n)
	}
	seq := uint32(100)
	if n := storm(func(int) []byte {
		seq++
		return sealed(p.server, isakmp.Informational, p.freeID(), p.server.dpd(isakmp.RUThere, seq))
	}); n == 0 || n > 2*10+1 {
		t.Errorf("%d answers to probes in two seconds", n)
	}
	p.drive(5 * time.Second)
	if !p.alive() {
		t.Error("a single probe later is not answered")
	}
}

// A mask with holes, or one that is no mask, is named and left out (the address stands alone).
func TestHostileNetmask(t *testing.T) {
	for _, mask := range [][]byte{{255, 0, 255, 0}, {0, 0, 0, 1}, {255, 255, 255}} {
		n := readModeConfig([]isakmp.Attribute{isakmp.TLV(isakmp.ConfigIPv4Address, []byte{10, 99, 1, 2}), isakmp.TLV(isakmp.ConfigIPv4Netmask, mask)}, gatewayAddr.Addr())
		if n.Netmask.IsValid() || len(n.Dropped) != 1 || n.Address != netip.MustParseAddr("10.99.1.2") {
			t.Errorf("%v: %+v", mask, n)
		}
	}
	for _, mask := range [][]byte{nil, {255, 255, 255, 255}, {255, 255, 240, 0}} {
		if n := readModeConfig([]isakmp.Attribute{isakmp.TLV(isakmp.ConfigIPv4Netmask, mask)}, gatewayAddr.Addr()); len(n.Dropped) != 0 {
			t.Errorf("%v: %v", mask, n.Dropped)
		}
	}
}

// The network whose Quick Mode stays without an answer is tried again; the others carry traffic meanwhile.
func TestUnansweredNetwork(t *testing.T) {
	cfg := testConfig()
	cfg.SAPerNetwork = true
	deaf := false
	p := newPairWith(t, cfg, testServer(), func(_ int, f flight) []flight {
		if deaf && !f.toServer && f.d.Data[18] == byte(isakmp.QuickMode) {
			return nil
		}
		return []flight{f}
	})
	p.net.Include = append(slices.Clone(p.net.Include), netip.MustParsePrefix("10.30.0.0/16"))
	for len(sas(p.client1)) == 0 {
		p.drive(time.Millisecond)
	}
	deaf = true
	p.drive(35 * time.Second)
	if n := len(sas(p.client1)); n != 1 || len(p.failures) != 0 {
		t.Fatalf("%d SAs, %v", n, p.failures)
	}
	deaf = false
	p.drive(2 * time.Minute)
	if n := len(sas(p.client1)); n != 2 {
		t.Errorf("%d SAs; the second network was given up", n)
	}
}

// When the gateway negotiates anew what it deleted, we do not do it a second time.
func TestNoSecondQuickMode(t *testing.T) {
	p := established(t)
	p.deleteNewest() // replaced at once
	p.drive(time.Second)
	p.deleteNewest() // replaced after a pause
	ev, err := p.server.Quick(p.now, Selector{everything, netip.MustParsePrefix("10.99.1.2/32")})
	if err != nil {
		t.Fatal(err)
	}
	p.take(ev, false)
	before := len(find[SAUp](p.client1))
	p.drive(2 * time.Minute)
	initiated := 0
	for _, e := range find[SAUp](p.client1)[before:] {
		if e.SA.Initiated {
			initiated++
		}
	}
	if initiated != 0 || len(sas(p.client1)) != 1 {
		t.Errorf("%d Quick Modes of our own, %d SAs", initiated, len(sas(p.client1)))
	}
}

// Short lives leave time for the whole retransmission of a rekey (a minute, or a quarter of the life).
func TestRekeyMargin(t *testing.T) {
	p := established(t)
	for _, tt := range []struct{ life, low time.Duration }{{time.Minute, 15 * time.Second}, {5 * time.Minute, time.Minute},
		{time.Hour, 6 * time.Minute}, {8 * time.Hour, 48 * time.Minute}} {
		for range 50 {
			if m := p.client.margin(tt.life); m < tt.low || m > tt.low+tt.life/20 {
				t.Fatalf("life %v: margin %v", tt.life, m)
			}
		}
	}
}
