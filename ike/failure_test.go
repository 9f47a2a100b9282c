package ike

import (
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"ezvpn/ike/isakmp"
	"ezvpn/ike/keymat"
)

// notifyClear is what anybody on the way can send.
func notifyClear(c *Conn, kind uint16) Datagram {
	i, _ := c.Cookies()
	h := isakmp.Header{Initiator: i, Responder: isakmp.Cookie{1}, Version: isakmp.Version, Exchange: isakmp.Informational}
	return Datagram{Remote: gatewayAddr, Data: isakmp.AppendMessage(nil, h, isakmp.Notify{DOI: 1, Protocol: 1, Kind: kind})}
}

func TestFailures(t *testing.T) {
	none := func(int, flight) []flight { return nil }
	tests := []struct {
		name   string
		set    func(c *Config, s *Server)
		then   func(p *pair)
		fault  func(int, flight) []flight
		reason Reason
		by     By
		phase  string
		after  time.Duration // at the latest
	}{
		{name: "no answer", fault: none, reason: NoAnswer, by: Local, phase: PhaseOne, after: 30 * time.Second},
		{name: "wrong group key", set: func(c *Config, _ *Server) { c.GroupKey = Secret("hunter2x") }, reason: GroupKeyWrong, by: Peer, phase: PhaseOne, after: 3 * time.Second},
		{name: "unknown group", set: func(c *Config, _ *Server) { c.Identity.Data = "nobody" }, reason: GroupRefused, by: Peer, phase: PhaseOne, after: 3 * time.Second},
		{name: "no common proposal", set: func(_ *Config, s *Server) { s.Phase1 = []Phase1{aes(256, keymat.SHA512, 20)} }, reason: ProposalRefused, by: Peer, phase: PhaseOne, after: 3 * time.Second},
		{name: "another identity than the profile wants", set: func(c *Config, _ *Server) { c.PeerIdentity = &Identity{isakmp.IDFQDN, "gw.example"} },
			reason: PeerIdentity, by: Local, phase: PhaseOne, after: time.Second},
		{name: "wrong password", then: func(p *pair) { p.answers["password"] = "hunter2x" }, reason: XAUTHRefused, by: Peer, phase: PhaseXAUTH, after: time.Second},
		{name: "password asked for without end", then: func(p *pair) {
			p.ask = func(p *pair, _ int, _ XAUTHReply) {
				ev, _ := p.server.RequestXAUTH(p.now, 0, []XAUTHField{{Name: "password"}}, "again")
				p.take(ev, false)
			}
		}, reason: XAUTHTooMany, by: Peer, phase: PhaseXAUTH, after: 2 * time.Second},
		{name: "hash of the password wanted", then: func(p *pair) {
			p.ask = func(p *pair, _ int, _ XAUTHReply) {
				ev, _ := p.server.RequestXAUTH(p.now, isakmp.XAUTHRADIUSCHAP, []XAUTHField{{Name: "password"}}, "")
				p.take(ev, false)
			}
		}, reason: XAUTHRefused, by: Local, phase: PhaseXAUTH, after: 2 * time.Second},
		{name: "silence after XAUTH was answered", then: func(p *pair) { p.ask = func(*pair, int, XAUTHReply) {} }, reason: ConfigTimeout, by: Local, phase: PhaseXAUTH, after: 70 * time.Second},
		{name: "no address", then: func(p *pair) { p.net.Address = netip.Addr{} }, reason: NoAddress, by: Peer, phase: PhaseConfig, after: time.Second},
		{name: "an address that cannot be", then: func(p *pair) { p.net.Address = netip.MustParseAddr("127.0.0.1") }, reason: NoAddress, by: Peer, phase: PhaseConfig, after: time.Second},
		{name: "Quick Mode refused", set: func(_ *Config, s *Server) { s.Phase2 = []Suite{{12, 256, 7}} }, reason: SARefused, by: Peer, phase: PhaseQuick, after: time.Second},
		{name: "PFS demanded", set: func(_ *Config, s *Server) { s.PFS = 14 }, reason: SARefused, by: Peer, phase: PhaseQuick, after: time.Second},
		{name: "a selector wider than proposed", set: func(_ *Config, s *Server) {
			s.Narrow = func(x Selector) (Selector, bool) { x.Remote = everything; return x, true }
		}, reason: SARefused, by: Peer, phase: PhaseQuick, after: time.Second},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			cfg, srv := testConfig(), testServer()
			if tt.set != nil {
				tt.set(cfg, srv)
			}
			p := newPairWith(t, cfg, srv, tt.fault)
			if tt.then != nil {
				tt.then(p)
			}
			p.drive(tt.after)
			if len(p.failures) != 1 {
				t.Fatalf("failures %v after %v", p.failures, tt.after)
			}
			f := p.failures[0]
			if f.Reason != tt.reason || f.By != tt.by || f.Phase != tt.phase {
				t.Errorf("%s by %s in %s, want %s by %s in %s", f.Reason, f.By, f.Phase, tt.reason, tt.by, tt.phase)
			}
			if strings.Contains(f.Error(), "secret") || strings.Contains(f.Error(), "hunter2x") {
				t.Errorf("a secret in %q", f)
			}
			if ev := p.client.Receive(p.now, Datagram{Remote: gatewayAddr, Data: make([]byte, 40)}); ev != nil {
				t.Errorf("events after the end: %v", ev)
			}
		})
	}
}

// The gateway that proposes no NAT traversal is told apart.
func TestNoNATTraversal(t *testing.T) {
	p := newPair(t, testConfig(), testServer())
	p.fault = func(_ int, f flight) []flight {
		if !f.toServer && f.d.Data[18] == byte(isakmp.Aggressive) {
			// Rewrite the vendor IDs: the hash does not cover them.
			h, _ := isakmp.ParseHeader(f.d.Data)
			parsed, _, err := isakmp.ParsePayloads(h.Next, f.d.Data[isakmp.HeaderLen:])
			if err != nil {
				t.Fatal(err)
			}
			var keep []isakmp.Payload
			for _, x := range parsed {
				if v, ok := x.Payload.(isakmp.Vendor); !ok || isakmp.VendorName(v.Data) != isakmp.NameNATTRFC {
					keep = append(keep, x.Payload)
				}
			}
			f.d.Data = isakmp.AppendMessage(nil, h, keep...)
		}
		return []flight{f}
	}
	p.drive(5 * time.Second)
	if len(p.failures) != 1 || p.failures[0].Reason != ProposalRefused || !strings.Contains(p.failures[0].Error(), "NAT traversal") {
		t.Errorf("%v", p.failures)
	}
}

// A clear refusal waits for a genuine answer, and is forgotten when one comes.
func TestForgedRefusal(t *testing.T) {
	for _, kind := range []uint16{isakmp.NoProposalChosen, isakmp.AuthenticationFailed, isakmp.InvalidIDInformation, isakmp.PayloadMalformed} {
		p := newPairWith(t, testConfig(), testServer(), func(_ int, f flight) []flight {
			f.at = f.at.Add(900 * time.Millisecond)
			return []flight{f}
		})
		p.take(p.client.Receive(p.now, notifyClear(p.client, kind)), true)
		p.drive(time.Minute)
		if err := p.connected(1); err != nil {
			t.Errorf("%s: %v", isakmp.NotifyName(kind), err)
		}
		// Once keys exist, clear messages are nothing at all.
		before := p.client.Stats().Drops["unprotected"]
		p.take(p.client.Receive(p.now, notifyClear(p.client, kind)), true)
		i, r := p.client.Cookies()
		h := isakmp.Header{Initiator: i, Responder: r, Version: isakmp.Version, Exchange: isakmp.Informational}
		for _, x := range []isakmp.Payload{
			isakmp.Delete{DOI: 1, Protocol: isakmp.ProtocolISAKMP, SPISize: 16, SPIs: [][]byte{append(append([]byte{}, i[:]...), r[:]...)}},
			isakmp.Notify{DOI: 1, Protocol: 1, Kind: isakmp.RUThere, Data: []byte{0, 0, 0, 1}},
			isakmp.Notify{DOI: 1, Protocol: 1, Kind: isakmp.ResponderLifetime, Data: []byte{0x80, 11, 0, 1, 0x80, 12, 0, 1}},
		} {
			p.take(p.client.Receive(p.now, Datagram{Remote: gatewayAddr, Data: isakmp.AppendMessage(nil, h, x)}), true)
		}
		if got := p.client.Stats().Drops["unprotected"] - before; got < 3 {
			t.Errorf("%d clear messages counted, want at least 3", got)
		}
		p.drive(time.Minute)
		if err := p.connected(1); err != nil {
			t.Errorf("after forged messages: %v", err)
		}
	}
}

// The password cannot leave before the gateway proved that it knows the group key: a gateway that does not know it
// asks, and gets nothing.
func TestNoXAUTHBeforeProof(t *testing.T) {
	cfg, srv := testConfig(), testServer()
	srv.Group = func(Identity) (Secret, bool) { return Secret("not the key"), true }
	p := newPair(t, cfg, srv)
	p.drive(100 * time.Millisecond) // message 2 is there, its hash does not hold
	c := p.server
	chain := c.one.t.initialChain()
	keys, err := c.one.t.keys()
	if err != nil {
		t.Fatal(err)
	}
	rogue := &authenticated{hash: c.one.t.suite.Hash, cipher: c.one.t.suite.Cipher, keys: keys}
	x := chain.Exchange(rogue.hash, 7)
	h := isakmp.Header{Initiator: c.sa.Initiator, Responder: c.sa.Responder, Exchange: isakmp.Transaction, MessageID: 7}
	hash := func(after []byte) []byte { return keymat.MessageHash(rogue.hash, keys.A, 7, after) }
	b, err := rogue.seal(&x, h, hash, isakmp.Config{Kind: isakmp.ConfigRequest, Attributes: []isakmp.Attribute{
		isakmp.TLV(isakmp.XAUTHUserName, nil), isakmp.TLV(isakmp.XAUTHPassword, nil)}})
	if err != nil {
		t.Fatal(err)
	}
	p.take(p.client.Receive(p.now, Datagram{Remote: gatewayAddr, Data: b}), true)
	p.take(p.client.Answer(p.now, XAUTHAnswer{Round: 1, Fields: map[string]Secret{"username": Secret("alice"), "password": Secret("alice-pw")}}), true)
	if len(p.asked) != 0 {
		t.Error("the user was asked on behalf of a gateway that proved nothing")
	}
	sent := p.client.Stats().Sent
	p.drive(time.Minute)
	if p.client.Stats().Sent != sent && p.client.Stats().Retransmits == 0 || len(p.failures) != 1 || p.failures[0].Reason != GroupKeyWrong {
		t.Errorf("failures %v", p.failures)
	}
}

// The deadline never points into the past for ever: Advance at the deadline moves it.
func TestDeadlinesMove(t *testing.T) {
	p := newPair(t, testConfig(), testServer())
	p.drive(48 * time.Hour)
	for range 1000 {
		d := p.client.Deadline()
		if d.IsZero() {
			return
		}
		p.client.Advance(d)
		if next := p.client.Deadline(); !next.IsZero() && !next.After(d) {
			t.Fatalf("deadline %v again after Advance", d)
		}
	}
}

// An ISAKMP SA ends with its life, and says so.
func TestExpiry(t *testing.T) {
	cfg := testConfig()
	cfg.Phase1Life.Time = time.Hour
	p := newPair(t, cfg, testServer())
	p.drive(59 * time.Minute)
	if err := p.connected(1); err != nil {
		t.Fatal(err)
	}
	p.drive(2 * time.Minute)
	if len(p.failures) != 1 || p.failures[0].Reason != Expired {
		t.Errorf("failures %v", p.failures)
	}
}

// reasonsOf helps to read a table of counters.
func reasonsOf(s Stats) []string {
	var out []string
	for k := range s.Drops {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}

// Whatever comes is counted and changes nothing.
func TestGarbageIsCounted(t *testing.T) {
	p := newPair(t, testConfig(), testServer())
	p.drive(time.Minute)
	i, r := p.client.Cookies()
	good := isakmp.Header{Initiator: i, Responder: r, Version: isakmp.Version, Exchange: isakmp.QuickMode, Flags: isakmp.Encrypted, MessageID: 9}
	body := make([]byte, 64)
	send := func(h isakmp.Header, body []byte) {
		h.Length = uint32(isakmp.HeaderLen + len(body))
		p.take(p.client.Receive(p.now, Datagram{Remote: gatewayAddr, Data: append(h.Append(nil), body...)}), true)
	}
	send(good, body)
	send(good, body[:7])
	other := good
	other.Initiator[0] ^= 1
	send(other, body)
	zero := good
	zero.MessageID = 0
	send(zero, body)
	odd := good
	odd.Exchange = 77
	send(odd, body)
	clear := good
	clear.Flags = 0
	send(clear, body)
	for n := range 40 {
		p.take(p.client.Receive(p.now, Datagram{Remote: gatewayAddr, Data: make([]byte, n)}), true)
	}
	if got := reasonsOf(p.client.Stats()); !slices.Contains(got, "malformed") || !slices.Contains(got, "cookie") || !slices.Contains(got, "decrypt") ||
		!slices.Contains(got, "message-id") || !slices.Contains(got, "unprotected") {
		t.Errorf("counted %v", got)
	}
	if err := p.connected(1); err != nil {
		t.Error(err)
	}
}
