package ike

import (
	"net/netip"
	"slices"
	"testing"
	"time"

	"ezvpn/ike/isakmp"
	"ezvpn/ike/keymat"
)

// plain is a pair without the XAUTH method, whose gateway asks late, when we have asked for the configuration already.
func plain(t *testing.T) *pair {
	srv := testServer()
	srv.XAUTH = false
	p := newPair(t, testConfig(), srv)
	p.fault = func(_ int, f flight) []flight {
		if f.toServer && f.d.Data[18] == byte(isakmp.Transaction) {
			return nil // the request for the configuration is not answered
		}
		return []flight{f}
	}
	p.drive(noXAUTHWait + time.Second)
	if p.client.pulling == nil {
		t.Fatal("no request for the configuration")
	}
	return p
}

// The user may take minutes for the answer, though a request of ours was under way when the gateway asked.
func TestQuestionWhileWePull(t *testing.T) {
	p := plain(t)
	b := sealed(p.server, isakmp.Transaction, p.freeID(), request(isakmp.TLV(isakmp.XAUTHUserName, nil), isakmp.TLV(isakmp.XAUTHPassword, nil)))
	if ev := p.inject(b); len(find[AskXAUTH](ev)) != 1 {
		t.Fatalf("%v", ev)
	}
	p.drive(10 * time.Minute)
	if len(p.failures) != 0 {
		t.Fatalf("%v", p.failures)
	}
	p.fault = nil
	p.take(p.client.Answer(p.now, XAUTHAnswer{Round: 1, Fields: map[string]Secret{"username": Secret("alice"), "password": Secret("alice-pw")}}), true)
	p.take(p.inject(sealed(p.server, isakmp.Transaction, p.freeID(), isakmp.Config{Kind: isakmp.ConfigSet,
		Attributes: []isakmp.Attribute{isakmp.TV(isakmp.XAUTHStatus, isakmp.XAUTHOK)}})), true)
	p.drive(time.Second)
	if err := p.connected(1); err != nil {
		t.Error(err)
	}
}

// A request is answered by a REPLY and by nothing else; an ACK does not end the wait.
func TestAckForARequest(t *testing.T) {
	p := plain(t)
	x := p.client.pulling
	for _, kind := range []uint8{isakmp.ConfigAck, isakmp.ConfigSet, isakmp.ConfigRequest, 7} {
		chain := x.chain
		b, err := p.server.auth.seal(&chain, p.server.header(isakmp.Transaction, x.id), p.server.messageHash(x.id), isakmp.Config{Kind: kind, Identifier: pullIdentifier})
		if err != nil {
			t.Fatal(err)
		}
		p.take(p.inject(b), true)
		if x.again.at.IsZero() {
			t.Fatalf("Transaction of type %d ended the wait", kind)
		}
	}
	p.fault = nil
	p.drive(20 * time.Second)
	if err := p.connected(1); err != nil {
		t.Error(err)
	}
}

// A later push says only what changed.
func TestLaterPush(t *testing.T) {
	p := established(t)
	p.client1 = nil
	ev, err := p.server.PushConfig(p.now, ModeConfig{Banner: "down at noon", PFS: -1})
	if err != nil {
		t.Fatal(err)
	}
	p.take(ev, false)
	p.drive(time.Second)
	got := find[Configured](p.client1)
	if len(got) != 1 || got[0].Net.Banner != "down at noon" || got[0].Net.Address != p.net.Address || !slices.Equal(got[0].Net.DNS, p.net.DNS) ||
		!slices.Equal(got[0].Net.Include, p.net.Include) || got[0].Net.Domain != p.net.Domain {
		t.Fatalf("%+v", got)
	}
	if p.client.stage != PhaseUp {
		t.Errorf("a failure now would be told of %s", p.client.stage)
	}
	// The gateway's own Quick Mode is still for us.
	if ev, err = p.server.Quick(p.now, Selector{everything, netip.MustParsePrefix("10.99.1.2/32")}); err != nil {
		t.Fatal(err)
	}
	p.take(ev, false)
	p.drive(time.Second)
	if len(sas(p.client1)) != 1 {
		t.Error("the gateway's rekey was refused after a push")
	}
}

// In network-extension mode an address that comes unasked is not ours to propose.
func TestAddressUnasked(t *testing.T) {
	cfg := testConfig()
	cfg.NoAddress, cfg.Inside = true, []netip.Prefix{netip.MustParsePrefix("192.168.5.0/24")}
	p := newPair(t, cfg, testServer())
	p.drive(time.Second)
	if err := p.connected(1); err != nil {
		t.Fatal(err)
	}
	if s := sas(p.client1)[0]; s.Selector.Local != cfg.Inside[0] {
		t.Errorf("selector %v", s.Selector)
	}
}

// Some gateways say no by a Delete. It is a refusal: a password that goes out again by itself locks accounts.
func TestDeleteForAVerdict(t *testing.T) {
	p := newPair(t, testConfig(), testServer())
	p.ask = func(p *pair, _ int, _ XAUTHReply) { p.take(p.server.Close(p.now, "no"), false) }
	p.drive(time.Second)
	if len(p.failures) != 1 || p.failures[0].Reason != XAUTHRefused || p.failures[0].By != Peer || p.failures[0].Phase != PhaseXAUTH {
		t.Errorf("%v", p.failures)
	}
	// Before an answer it is what it is.
	q := manual(t)
	q.take(q.server.Close(q.now, "busy"), false)
	q.drive(time.Second)
	if len(q.failures) != 1 || q.failures[0].Reason != PeerDeleted {
		t.Errorf("%v", q.failures)
	}
}

// A gateway may start Quick Mode before our Mode Config is through: its repetition is taken when we are ready.
func TestEarlyQuickModeOfTheGateway(t *testing.T) {
	p := newPair(t, testConfig(), testServer())
	p.fault = func(_ int, f flight) []flight {
		if f.toServer && f.d.Data[18] == byte(isakmp.Transaction) {
			f.at = f.at.Add(400 * time.Millisecond)
		}
		return []flight{f}
	}
	p.drive(100 * time.Millisecond)
	p.server.phase = configured
	ev, err := p.server.Quick(p.now, Selector{everything, netip.MustParsePrefix("10.99.1.2/32")})
	if err != nil {
		t.Fatal(err)
	}
	p.take(ev, false)
	p.drive(20 * time.Second)
	if len(p.failures) != 0 || len(sas(p.client1)) != 2 {
		t.Errorf("%v, %d IPsec SAs", p.failures, len(sas(p.client1)))
	}
}

// A mapping of the NAT that changes is followed by the gateway's side, on an authentic message only.
func TestNATRebind(t *testing.T) {
	p := established(t)
	elsewhere := netip.MustParseAddrPort("198.51.100.2:29999")
	last := p.client.Probe(p.now, 1)
	probe := find[Send](last)[0].Datagram
	forged := probe
	forged.Data = slices.Clone(probe.Data)
	forged.Data[len(forged.Data)-1] ^= 1
	forged.Remote, probe.Remote = netip.MustParseAddrPort("203.0.113.66:4500"), elsewhere
	p.server.Receive(p.now, forged)
	if p.server.Peer() == forged.Remote {
		t.Fatal("the gateway follows a message that is not authentic")
	}
	ev := find[Send](p.server.Receive(p.now, probe))
	if sa, _ := p.server.ISAKMPSA(); p.server.Peer() != elsewhere || sa.Remote != elsewhere || len(ev) != 1 || ev[0].Remote != elsewhere {
		t.Errorf("peer %v, answer %v", p.server.Peer(), ev)
	}
	// Played again from elsewhere, it moves nothing.
	probe.Remote = forged.Remote
	if p.server.Receive(p.now, probe); p.server.Peer() != elsewhere {
		t.Error("the gateway follows a replay")
	}
}

// Wrong answers to message 1 cost a key exchange each: few are looked at. What a message 2 tells counts for more than
// a notify, and the wait does not get longer.
func TestForgedAnswers(t *testing.T) {
	tries := 0
	cfg := testConfig()
	cfg.DH = func(g keymat.Group) (keymat.KeyPair, error) {
		k, err := g.Generate(cfg.Rand)
		return counted{k, &tries}, err
	}
	srv := testServer()
	srv.Group = func(Identity) (Secret, bool) { return Secret("another"), true }
	p := newPair(t, cfg, srv)
	p.take(p.client.Receive(p.now, notifyClear(p.client, isakmp.NoProposalChosen)), true)
	until := p.client.hint.until
	p.fault = func(_ int, f flight) (out []flight) {
		for i := range 20 {
			g := f
			g.d.Data = slices.Clone(f.d.Data)
			if !f.toServer {
				g.d.Data[8] ^= byte(i) // another responder cookie each time
			}
			out = append(out, g)
		}
		return out
	}
	p.drive(500 * time.Millisecond)
	if tries == 0 || tries > maxBad || p.client.Stats().Drops["flood"] == 0 {
		t.Errorf("%d key exchanges, dropped %v", tries, p.client.Stats().Drops)
	}
	if p.client.hint == nil || p.client.hint.until != until {
		t.Error("the wait changed")
	}
	p.drive(5 * time.Second)
	if len(p.failures) != 1 || p.failures[0].Reason != GroupKeyWrong || p.failures[0].Hint == "" {
		t.Errorf("%v", p.failures)
	}
}

// counted counts what a key exchange costs.
type counted struct {
	keymat.KeyPair
	n *int
}

func (c counted) Shared(peer []byte) ([]byte, error) { *c.n++; return c.KeyPair.Shared(peer) }
