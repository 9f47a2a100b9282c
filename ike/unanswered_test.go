package ike

import (
	"slices"
	"testing"
	"time"

	"ezvpn/ike/isakmp"
	"ezvpn/ike/keymat"
)

// deafTo is a gateway that gives no answer to exchanges of a kind, from the n-th datagram of that kind on, and that
// does not say when it gives up.
func deafTo(kind isakmp.ExchangeType, from int) func(int, flight) []flight {
	n := 0
	return func(_ int, f flight) []flight {
		if !f.toServer && f.d.Data[18] == byte(isakmp.Informational) {
			return nil
		}
		if !f.toServer && f.d.Data[18] == byte(kind) {
			if n++; n > from {
				return nil
			}
		}
		return []flight{f}
	}
}

func TestUnanswered(t *testing.T) {
	for _, tt := range []struct {
		name   string
		fault  func(int, flight) []flight
		reason Reason
		phase  string
	}{
		{"Mode Config", deafTo(isakmp.Transaction, 2), ConfigTimeout, PhaseConfig},
		{"Quick Mode", deafTo(isakmp.QuickMode, 0), SATimeout, PhaseQuick},
		{"XAUTH never begins", deafTo(isakmp.Transaction, 0), ConfigTimeout, PhaseXAUTH},
	} {
		p := newPairWith(t, testConfig(), testServer(), tt.fault)
		p.drive(70 * time.Second)
		if len(p.failures) != 1 || p.failures[0].Reason != tt.reason || p.failures[0].Phase != tt.phase || p.failures[0].By != Local {
			t.Errorf("%s: %v", tt.name, p.failures)
		}
		if f := p.failures; len(f) == 1 && (f[0].Sent == 0 || f[0].Received == 0) {
			t.Errorf("%s: no evidence: %+v", tt.name, f[0])
		}
	}
}

// chosen makes a message 2 whose choice was rewritten; its HASH_R does not cover the choice.
func chosen(f flight, change func(t *isakmp.Transform)) flight {
	h, _ := isakmp.ParseHeader(f.d.Data)
	parsed, _, err := isakmp.ParsePayloads(h.Next, f.d.Data[isakmp.HeaderLen:])
	if err != nil {
		panic(err)
	}
	var out []isakmp.Payload
	for _, p := range parsed {
		if sa, ok := p.Payload.(isakmp.SA); ok {
			change(&sa.Proposals[0].Transforms[0])
			out = append(out, sa)
			continue
		}
		out = append(out, p.Payload)
	}
	f.d.Data = isakmp.AppendMessage(nil, h, out...)
	return f
}

// A choice that was not offered is refused field by field, though it looks harmless.
func TestChoiceThatWasNotOffered(t *testing.T) {
	set := func(kind, value uint16) func(*isakmp.Transform) {
		return func(x *isakmp.Transform) {
			for i, a := range x.Attributes {
				if a.Type == kind {
					x.Attributes[i] = isakmp.TV(kind, value)
				}
			}
		}
	}
	for name, change := range map[string]func(*isakmp.Transform){
		"DES":               set(isakmp.Phase1Encryption, 1),
		"3DES":              set(isakmp.Phase1Encryption, 5),
		"key length":        set(isakmp.Phase1KeyLength, 192),
		"MD5":               set(isakmp.Phase1Hash, 1),
		"group 1":           set(isakmp.Phase1Group, 1),
		"group 2":           set(isakmp.Phase1Group, 2),
		"certificates":      set(isakmp.Phase1Auth, 3),
		"hybrid":            set(isakmp.Phase1Auth, 64221),
		"another protocol":  func(x *isakmp.Transform) { x.ID = 2 },
		"an attribute more": func(x *isakmp.Transform) { x.Attributes = append(x.Attributes, isakmp.TV(13, 1)) },
		"an attribute twice": func(x *isakmp.Transform) {
			x.Attributes = append(x.Attributes, isakmp.TV(isakmp.Phase1Hash, uint16(keymat.SHA256)))
		},
		"no transform": func(x *isakmp.Transform) { x.Attributes = nil },
	} {
		t.Run(name, func(t *testing.T) {
			p := newPairWith(t, testConfig(), testServer(), func(_ int, f flight) []flight {
				if !f.toServer && f.d.Data[18] == byte(isakmp.Aggressive) {
					f = chosen(f, change)
				}
				return []flight{f}
			})
			p.drive(5 * time.Second)
			if len(p.failures) != 1 || p.failures[0].Reason != ProposalRefused || len(find[Secured](p.client1)) != 0 {
				t.Errorf("%v", p.failures)
			}
		})
	}
}

// All rounds may run under one message ID, with the verdict in the same exchange.
func TestRoundsUnderOneMessageID(t *testing.T) {
	p := manual(t)
	id := p.freeID()
	chain := p.server.chain.Exchange(p.server.auth.hash, id)
	say := func(m isakmp.Config) []Event {
		b, err := p.server.auth.seal(&chain, p.server.header(isakmp.Transaction, id), p.server.messageHash(id), m)
		if err != nil {
			t.Fatal(err)
		}
		ev := p.inject(b)
		if again := p.inject(b); len(find[AskXAUTH](again)) != 0 {
			t.Error("a question was put twice")
		}
		return ev
	}
	answer := func(round int, f map[string]Secret) isakmp.Config {
		ev := find[Send](p.client.Answer(p.now, XAUTHAnswer{Round: round, Fields: f}))
		if len(ev) != 1 {
			t.Fatalf("round %d: %d messages", round, len(ev))
		}
		h, _ := isakmp.ParseHeader(ev[0].Data)
		m, err := p.server.auth.open(chain, h, ev[0].Data[isakmp.HeaderLen:])
		if err != nil {
			t.Fatal(err)
		}
		chain.Advance(ev[0].Data[isakmp.HeaderLen:])
		c, _, _ := get[isakmp.Config](m.payloads)
		return c
	}
	if ev := say(request(isakmp.TLV(isakmp.XAUTHUserName, nil), isakmp.TLV(isakmp.XAUTHPassword, nil))); len(find[AskXAUTH](ev)) != 1 {
		t.Fatalf("%v", ev)
	}
	answer(1, map[string]Secret{"username": Secret("alice"), "password": Secret("alice-pw")})
	ask := find[AskXAUTH](say(request(isakmp.TV(isakmp.XAUTHType, isakmp.XAUTHOTP), isakmp.TLV(isakmp.XAUTHMessage, []byte("Code?")),
		isakmp.TLV(isakmp.XAUTHChallenge, []byte("12 34")), isakmp.TLV(isakmp.XAUTHPasscode, nil))))
	if len(ask) != 1 || ask[0].Round != 2 || ask[0].Message != "Code?" || len(ask[0].Fields) != 1 || ask[0].Fields[0].Text != "12 34" {
		t.Fatalf("%+v", ask)
	}
	if c := answer(2, map[string]Secret{"passcode": Secret("123456")}); len(c.Attributes) != 2 || c.Attributes[0].Type != isakmp.XAUTHType ||
		string(c.Attributes[1].Value) != "123456" {
		t.Errorf("%+v", c)
	}
	ev := say(isakmp.Config{Kind: isakmp.ConfigSet, Attributes: []isakmp.Attribute{isakmp.TV(isakmp.XAUTHStatus, isakmp.XAUTHOK)}})
	p.take(ev, true)
	if d := find[XAUTHDone](ev); len(d) != 1 || !d[0].OK {
		t.Fatalf("%v", ev)
	}
	p.drive(time.Second)
	if err := p.connected(1); err != nil {
		t.Error(err)
	}
}

// In the middle of XAUTH a heartbeat, INITIAL-CONTACT and a probe may arrive; the question stands.
func TestInformationalsWhileTheUserTypes(t *testing.T) {
	p := manual(t)
	b := sealed(p.server, isakmp.Transaction, p.freeID(), request(isakmp.TLV(isakmp.XAUTHPassword, nil)))
	p.inject(b)
	for _, n := range []isakmp.Notify{{DOI: 1, Protocol: 1, Kind: isakmp.InitialContact, SPI: p.server.cookies()}, {DOI: 1, Protocol: 1, Kind: 40500},
		p.server.dpd(isakmp.RUThere, 1)} {
		ev := p.inject(sealed(p.server, isakmp.Informational, p.freeID(), n))
		if got := len(find[Send](ev)); got != 1 && n.Kind == isakmp.RUThere || len(find[Failed](ev)) != 0 {
			t.Errorf("%v: %v", n, ev)
		}
	}
	if ev := p.client.Answer(p.now, XAUTHAnswer{Round: 1, Fields: map[string]Secret{"password": Secret("x")}}); len(find[Send](ev)) != 1 {
		t.Error("the question was forgotten")
	}
}

// A password that was refused is not sent a second time, whatever is retransmitted.
func TestRefusedPasswordIsSentOnce(t *testing.T) {
	p := newPair(t, testConfig(), testServer())
	p.answers["password"] = "wrong"
	p.drive(2 * time.Minute)
	if len(p.asked) != 1 || len(find[XAUTHReply](p.server1)) != 1 {
		t.Errorf("asked %d times, answered %d times", len(p.asked), len(find[XAUTHReply](p.server1)))
	}
	if d := find[XAUTHDone](p.client1); len(d) != 1 || d[0].OK || !slices.ContainsFunc(p.failures, func(f *Failure) bool { return f.Reason == XAUTHRefused }) {
		t.Errorf("%v %v", d, p.failures)
	}
}
