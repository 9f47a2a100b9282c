package ike

import (
	"testing"
	"time"

	"ezvpn/ike/isakmp"
)

// deafToPull loses our request for the configuration on every try, and nothing else.
func (p *pair) deafToPull() {
	id := p.client.pulling.id
	p.fault = func(_ int, f flight) []flight {
		if h, err := isakmp.ParseHeader(f.d.Data); err == nil && f.toServer && h.MessageID == id {
			return nil
		}
		return []flight{f}
	}
}

func (p *pair) pushed(n ModeConfig) {
	ev, err := p.server.PushConfig(p.now, n)
	if err != nil {
		p.t.Fatal(err)
	}
	p.take(ev, false)
}

// A gateway that sets the configuration (IOS "address initiate") may leave our request for it without an answer.
func TestPushInPlaceOfAReply(t *testing.T) {
	p := plain(t)
	p.deafToPull()
	p.pushed(p.net)
	p.drive(5 * time.Minute)
	if err := p.connected(1); err != nil {
		t.Error(err)
	}
}

// A banner that comes first is no configuration without an address: the answer to our request is still to come.
func TestBannerWhileWePull(t *testing.T) {
	p := plain(t)
	p.deafToPull()
	p.pushed(ModeConfig{Banner: "first", PFS: -1})
	p.drive(time.Second)
	if len(p.failures) != 0 || len(find[Configured](p.client1)) != 0 {
		t.Fatalf("%v, configured with %v", p.failures, find[Configured](p.client1))
	}
	p.fault, p.net.Banner = nil, ""
	p.drive(20 * time.Second)
	if err := p.connected(1); err != nil {
		t.Fatal(err)
	}
	if n := find[Configured](p.client1)[0].Net; n.Banner != "first" || n.Address != p.net.Address {
		t.Errorf("%+v", n)
	}
}

// What was set before the verdict counts after it. Where the address is missing, we ask.
func TestNamesBeforeVerdict(t *testing.T) {
	p := manual(t)
	set := func(as ...isakmp.Attribute) {
		p.take(p.inject(sealed(p.server, isakmp.Transaction, p.freeID(), isakmp.Config{Kind: isakmp.ConfigSet, Attributes: as})), true)
	}
	set((ModeConfig{Domain: "early.example", PFS: -1}).attributes()...)
	p.net.Domain = ""
	set(isakmp.TV(isakmp.XAUTHStatus, isakmp.XAUTHOK))
	p.drive(time.Second)
	if err := p.connected(1); err != nil {
		t.Fatal(err)
	}
	if n := find[Configured](p.client1)[0].Net; n.Domain != "early.example" {
		t.Errorf("%+v", n)
	}
}

// A gateway may ask anew after its verdict. The new verdict counts.
func TestAskedAgain(t *testing.T) {
	ask := request(isakmp.TLV(isakmp.XAUTHPassword, nil))
	for _, ok := range []bool{true, false} {
		p := manual(t)
		verdict := func(v uint16) []Event {
			return p.inject(sealed(p.server, isakmp.Transaction, p.freeID(), isakmp.Config{Kind: isakmp.ConfigSet,
				Attributes: []isakmp.Attribute{isakmp.TV(isakmp.XAUTHStatus, v)}}))
		}
		for round := 1; round <= 2; round++ {
			if ev := p.inject(sealed(p.server, isakmp.Transaction, p.freeID(), ask)); len(find[AskXAUTH](ev)) != 1 {
				t.Fatalf("round %d: %v", round, ev)
			}
			p.client.Answer(p.now, XAUTHAnswer{Round: round, Fields: map[string]Secret{"password": Secret("x")}})
			if round == 1 {
				verdict(isakmp.XAUTHOK) // our request for the configuration is lost on the way
			}
		}
		if !ok {
			ev := verdict(isakmp.XAUTHFail)
			if f := find[Failed](ev); len(f) != 1 || f[0].Failure.Reason != XAUTHRefused {
				t.Errorf("refused: %v", ev)
			}
			continue
		}
		p.take(verdict(isakmp.XAUTHOK), true)
		p.drive(time.Second)
		if err := p.connected(1); err != nil {
			t.Error(err)
		}
		if d := find[XAUTHDone](verdict(isakmp.XAUTHOK)); len(d) != 0 {
			t.Error("a verdict that is said again was told again")
		}
	}
}

// The gateway's side can push what ModeConfig has no field for, and delete one IPsec SA of several.
func TestGatewayCommands(t *testing.T) {
	p := established(t)
	p.client1 = nil
	ev, err := p.server.PushConfig(p.now, ModeConfig{Banner: "with more", PFS: -1}, isakmp.TLV(28699, []byte("unknown")),
		isakmp.TLV(isakmp.ConfigIPv4DNS, []byte{127, 0, 0, 53}))
	if err != nil {
		t.Fatal(err)
	}
	p.take(ev, false)
	p.drive(time.Second)
	if c := find[Configured](p.client1); len(c) != 1 || c[0].Net.Banner != "with more" || len(c[0].Net.Dropped) != 1 {
		t.Errorf("%+v", c)
	}
	old := sas(p.server1)[0]
	if ev, err = p.server.Delete(p.now, old.In.SPI); err != nil {
		t.Fatal(err)
	}
	p.take(ev, false)
	p.drive(time.Second)
	if err := p.connected(1); err != nil {
		t.Error(err)
	}
	if down := find[SADown](p.client1); len(down) != 1 || down[0].In != old.Out.SPI || down[0].Why != "deleted by peer" {
		t.Errorf("down: %v", down)
	}
	if up := find[SAUp](p.client1); len(up) != 1 || !up[0].SA.Initiated {
		t.Errorf("it is wanted, and was not negotiated anew: %v", up)
	}
	if _, err := p.server.Delete(p.now, old.In.SPI); err == nil {
		t.Error("deleted twice")
	}
	if _, err := p.client.Delete(p.now, 1); err == nil {
		t.Error("a command of the gateway's side on the client's")
	}
}
