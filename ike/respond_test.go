package ike

import (
	"bytes"
	"net/netip"
	"slices"
	"testing"
	"time"

	"ezvpn/ike/capturetest"
	"ezvpn/ike/isakmp"
	"ezvpn/ike/keymat"
)

// recordedReverse is a phase 1 that the gateway began, with the frame of its first message.
func recordedReverse(t testing.TB, name string) (*capturetest.Capture, *capturetest.ISAKMPSA, *capturetest.Message) {
	c := capturetest.Load(t, name)
	sa := &c.ISAKMP[1]
	i := slices.IndexFunc(c.Messages, func(m capturetest.Message) bool { return bytes.Equal(m.ICookie, sa.ICookie) })
	if i < 0 || sa.Initiator != c.Addresses.Gateway {
		t.Fatal("the gateway does not begin in this recording")
	}
	return c, sa, &c.Messages[i]
}

func (r *replay) datagram(m *capturetest.Message) Datagram {
	return Datagram{Local: netip.AddrPortFrom(r.c.Addresses.ClientPrivate, 4500), Remote: netip.AddrPortFrom(r.c.Addresses.Gateway, 4500), Marker: true, Data: r.raw(m)}
}

// Our engine in the place of the recorded client, in the recorded reverse Aggressive Mode: the same message 2 but for
// the port in the identity, the same HASH_R where that is as recorded, the same keys, answers and requests.
func TestInThePlaceOfAnAskedClient(t *testing.T) {
	c, sa, first := recordedReverse(t, "10c-swan-gateway-ike-rekey")
	r := &replay{t: t, c: c, sa: sa}
	cfg := testConfig()
	random := &recorded{then: cfg.Rand}
	random.say(sa.RCookie, sa.NR)
	cfg.Rand, cfg.Phase1, cfg.GroupKey, cfg.Phase2 = random, []Phase1{recordedSuite(sa)}, Secret(sa.PSK), []Suite{{12, 128, 2}}
	cfg.PeerIdentity = &Identity{isakmp.IDIPv4, string(c.Addresses.Gateway.AsSlice())}
	cfg.DH = func(keymat.Group) (keymat.KeyPair, error) { return sa.Pair(false), nil }
	var ev []Event
	r.conn, ev = Respond(t0, cfg, r.datagram(first))
	r.take(ev)
	if len(r.sends) != 1 || r.conn.remote != netip.AddrPortFrom(c.Addresses.Gateway, 4500) || !r.conn.marker {
		t.Fatalf("%d datagrams to %v", len(r.sends), r.conn.remote)
	}
	r.saidMessage2()
	for i := range c.Messages {
		m := &c.Messages[i]
		if !bytes.Equal(m.ICookie, sa.ICookie) || m == first || m.Exchange == "informational" || m.Retransmission {
			continue
		}
		switch {
		case m.Src == c.Addresses.Gateway:
			r.take(r.conn.Receive(t0, r.datagram(m)))
		case m.Exchange != "aggressive":
			r.said(m, r.raw(m))
		}
		if m.Exchange == "aggressive" && m.Encrypted {
			if !bytes.Equal(r.conn.auth.keys.A, sa.A) || !bytes.Equal(r.conn.auth.keys.D, sa.D) || !bytes.Equal(r.conn.auth.keys.Key, sa.Key) {
				t.Error("keys are not those of the recording")
			}
		}
	}
	if up, ok := r.conn.ISAKMPSA(); !ok || !up.XAUTH || up.PeerIdentity != *cfg.PeerIdentity || len(find[Secured](r.all)) != 1 {
		t.Errorf("ISAKMP SA %+v", up)
	}
	if d := find[XAUTHDone](r.all); len(d) != 1 || !d[0].OK {
		t.Errorf("XAUTH %v", d)
	}
	if n := find[Configured](r.all); len(n) != 1 || n[0].Net.Address != netip.MustParseAddr("10.99.1.2") {
		t.Errorf("Mode Config %v", n)
	}
	if d := r.conn.Stats().Drops; len(d) != 0 {
		t.Errorf("dropped %v", d)
	}
}

func (r *replay) saidMessage2() {
	t, sa := r.t, r.sa
	h, err := isakmp.ParseHeader(r.sends[0])
	if err != nil {
		t.Fatal(err)
	}
	payloads, _, err := isakmp.ParsePayloads(h.Next, r.sends[0][isakmp.HeaderLen:])
	if err != nil || !slices.Equal(kinds(payloads), []string{"SA", "KE", "NONCE", "ID", "HASH"}) {
		t.Fatalf("message 2: %v, %v", kinds(payloads), err)
	}
	_, choice, _ := get[isakmp.SA](payloads)
	ke, _, _ := get[isakmp.KE](payloads)
	nonce, _, _ := get[isakmp.Nonce](payloads)
	if !bytes.Equal(choice, sa.SAR) || !bytes.Equal(ke.Data, sa.KER) || !bytes.Equal(nonce.Data, sa.NR) || !bytes.Equal(h.Responder[:], sa.RCookie) {
		t.Error("message 2 is not that of the recording")
	}
	tr := r.conn.one.t
	keys, err := tr.keys()
	if err != nil {
		t.Fatal(err)
	}
	hash, _, _ := get[isakmp.Hash](payloads)
	if !bytes.Equal(hash.Data, tr.identityHash(keys.SKEYID, false)) {
		t.Error("HASH_R is not over what was said")
	}
	tr.idr = Secret(sa.IDR) // the recorded client names no protocol and port
	if got := tr.identityHash(keys.SKEYID, false); !bytes.Equal(got, sa.HashR) {
		t.Errorf("HASH_R %x, recorded %x", got, sa.HashR)
	}
	r.sends = r.sends[1:]
}

// The recorded client knew one group and the gateway's KE was of another: it said INVALID-PAYLOAD-TYPE in clear, with
// both cookies. So do we.
func TestRefusedLikeTheRecordedClient(t *testing.T) {
	c, _, first := recordedReverse(t, "10d-swan-gateway-ike-rekey-refused")
	r := &replay{t: t, c: c}
	cfg := testConfig()
	cfg.Phase1 = []Phase1{aes(128, keymat.SHA1, 2)}
	conn, ev := Respond(t0, cfg, r.datagram(first))
	sent, failed := find[Send](ev), find[Failed](ev)
	if len(sent) != 1 || len(failed) != 1 || failed[0].Failure.Reason != ProposalRefused || conn.Stats().Drops["key-exchange"] != 1 {
		t.Fatalf("%v, drops %v", ev, conn.Stats().Drops)
	}
	i := slices.IndexFunc(c.Messages, func(m capturetest.Message) bool {
		return bytes.Equal(m.ICookie, first.ICookie) && m.Exchange == "informational"
	})
	recorded := r.raw(&c.Messages[i])
	ours, theirs := notifyIn(t, sent[0].Data), notifyIn(t, recorded)
	if ours.Kind != isakmp.InvalidPayloadType || ours.Kind != theirs.Kind || ours.Protocol != theirs.Protocol || len(ours.SPI) != len(theirs.SPI) ||
		!bytes.Equal(ours.SPI, sent[0].Data[:16]) || !bytes.Equal(theirs.SPI, recorded[:16]) {
		t.Errorf("we say %+v, the client %+v", ours, theirs)
	}
	if h, _ := isakmp.ParseHeader(sent[0].Data); h.Responder.IsZero() || h.MessageID == 0 || h.Flags != 0 {
		t.Errorf("%+v", h)
	}
}

func notifyIn(t *testing.T, b []byte) isakmp.Notify {
	h, err := isakmp.ParseHeader(b)
	if err != nil {
		t.Fatal(err)
	}
	payloads, _, err := isakmp.ParsePayloads(h.Next, b[isakmp.HeaderLen:])
	if err != nil {
		t.Fatal(err)
	}
	n, _, _ := get[isakmp.Notify](payloads)
	return n
}

// reverseFirst is a first message of our own gateway.
func reverseFirst(t testing.TB, change func(*Server)) Datagram {
	srv := testServer()
	p := newPair(t, testConfig(), srv)
	p.drive(time.Second)
	if change != nil {
		change(srv)
	}
	_, ev := Renew(p.now, srv, p.server)
	s := find[Send](ev)
	if len(s) != 1 {
		t.Fatal(ev)
	}
	return Datagram{Remote: netip.AddrPortFrom(gatewayAddr.Addr(), 4500), Marker: true, Data: s[0].Data}
}

// What cannot be agreed on ends with a reason, a counted drop and a notify in clear.
func TestRefusedFirstMessages(t *testing.T) {
	for _, tt := range []struct {
		name   string
		srv    func(*Server)
		cfg    func(*Config)
		bytes  func([]byte) []byte
		reason Reason
		drop   string
		notify uint16
	}{
		{"no common suite", func(s *Server) { s.Phase1 = []Phase1{aes(256, keymat.MD5, 19)} }, nil, nil, ProposalRefused, "proposal", isakmp.NoProposalChosen},
		{"another group", func(s *Server) { s.Phase1 = append([]Phase1{aes(128, keymat.SHA1, 14)}, s.Phase1...) }, nil, nil, ProposalRefused, "key-exchange", isakmp.InvalidPayloadType},
		{"another gateway", nil, func(c *Config) { c.PeerIdentity = &Identity{isakmp.IDFQDN, "vpn.example"} }, nil, PeerIdentity, "identity", isakmp.InvalidIDInformation},
		{"no XAUTH wanted", nil, func(c *Config) { c.XAUTH = false }, nil, ProposalRefused, "proposal", isakmp.NoProposalChosen},
		{"cut", nil, nil, func(b []byte) []byte { return b[:len(b)-7] }, ProposalRefused, "malformed", 0},
		{"no header", nil, nil, func(b []byte) []byte { return b[:20] }, ProposalRefused, "malformed", 0},
		{"nothing", nil, nil, func(b []byte) []byte { return nil }, ProposalRefused, "malformed", 0},
		{"a responder cookie", nil, nil, func(b []byte) []byte { b[8] = 1; return b }, ProposalRefused, "malformed", 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d, cfg := reverseFirst(t, tt.srv), testConfig()
			if tt.cfg != nil {
				tt.cfg(cfg)
			}
			if tt.bytes != nil {
				d.Data = tt.bytes(d.Data)
			}
			c, ev := Respond(t0, cfg, d)
			failed, sent := find[Failed](ev), find[Send](ev)
			if len(failed) != 1 || failed[0].Failure.Reason != tt.reason || c.Stats().Drops[tt.drop] != 1 || c.phase != closed {
				t.Fatalf("%v, drops %v", ev, c.Stats().Drops)
			}
			switch {
			case tt.notify == 0 && len(sent) != 0:
				t.Error("garbage is answered")
			case tt.notify != 0 && (len(sent) != 1 || notifyIn(t, sent[0].Data).Kind != tt.notify || sent[0].Remote != d.Remote || !sent[0].Marker):
				t.Errorf("%v", sent)
			}
		})
	}
}

// Plain pre-shared key without XAUTH is a phase 1 that a gateway may begin, too.
func TestReverseWithoutXAUTH(t *testing.T) {
	r := ringUp(t, func(_ *Config, s *Server) { s.XAUTH = false }, nil)
	r.always = true
	r.reverse()
	r.drive(time.Minute)
	if err := r.holds(1); err != nil || len(r.ends[0].conns) != 2 || r.client() != r.ends[0].conns[1] {
		t.Fatalf("%v, %d associations", err, len(r.ends[0].conns))
	}
	if sa, _ := r.client().ISAKMPSA(); sa.XAUTH {
		t.Errorf("%+v", sa)
	}
}

// Before HASH_I holds, nothing is answered but message 2, and nothing secret is said; a message 3 with another key
// ends it after a while, when the genuine one does not come.
func TestReverseWithAnotherKey(t *testing.T) {
	cfg := testConfig()
	cfg.GroupKey = Secret("wrong")
	c, ev := Respond(t0, cfg, reverseFirst(t, nil))
	if len(find[Send](ev)) != 1 || len(find[Secured](ev)) != 0 {
		t.Fatal(ev)
	}
	if ev = c.Answer(t0, XAUTHAnswer{Round: 0}); len(find[Send](ev)) != 0 {
		t.Error("an answer before the proof")
	}
	good := reverseFirst(t, nil)
	conn, _ := Respond(t0, testConfig(), good)
	h := conn.header(isakmp.Aggressive, 0)
	forged := isakmp.AppendMessage(nil, h, isakmp.Hash{Data: make([]byte, 32)})
	ev = conn.Receive(t0, Datagram{Remote: good.Remote, Marker: true, Data: forged})
	if len(find[Send](ev)) != 0 || len(find[Secured](ev)) != 0 || conn.Stats().Drops["hash"] != 1 {
		t.Fatalf("%v, drops %v", ev, conn.Stats().Drops)
	}
	if f := find[Failed](conn.Advance(t0.Add(grace))); len(f) != 1 || f[0].Failure.Reason != GroupKeyWrong {
		t.Errorf("%v", f)
	}
}

// A gateway that falls silent after its first message costs nothing but a while.
func TestReverseUnanswered(t *testing.T) {
	c, ev := Respond(t0, testConfig(), reverseFirst(t, nil))
	n, now := len(find[Send](ev)), t0
	for range 20 {
		if now = c.Deadline(); now.IsZero() {
			break
		}
		ev = c.Advance(now)
		n += len(find[Send](ev))
	}
	if f := find[Failed](ev); len(f) != 1 || f[0].Failure.Reason != NoAnswer || n != len(pauses) {
		t.Errorf("%d datagrams, %v", n, ev)
	}
}

func TestFirstMessage(t *testing.T) {
	d := reverseFirst(t, nil).Data
	if !FirstMessage(d) {
		t.Error("a first message is not seen")
	}
	for name, change := range map[string]func(b []byte){
		"responder cookie": func(b []byte) { b[15] = 1 }, "no initiator cookie": func(b []byte) { clear(b[:8]) },
		"main mode": func(b []byte) { b[18] = 2 }, "encrypted": func(b []byte) { b[19] = 1 }, "message ID": func(b []byte) { b[23] = 1 },
		"fragment": func(b []byte) { b[16] = byte(isakmp.TypeFragment) },
	} {
		b := clone(d)
		if change(b); FirstMessage(b) {
			t.Errorf("%s: taken for a first message", name)
		}
	}
	if FirstMessage(nil) || FirstMessage(d[:27]) {
		t.Error("less than a header")
	}
}
