package ike

import (
	"bytes"
	"encoding/binary"
	"io"
	"net/netip"
	"testing"

	"ezvpn/ike/capturetest"
	"ezvpn/ike/isakmp"
	"ezvpn/ike/keymat"
)

// recorded is a source of random numbers that were recorded, and of others when these are used up.
type recorded struct {
	next []byte
	then io.Reader
}

func (s *recorded) Read(b []byte) (int, error) {
	if len(s.next) == 0 {
		return s.then.Read(b)
	}
	n := copy(b, s.next)
	s.next = s.next[n:]
	return n, nil
}

func (s *recorded) say(parts ...[]byte) { s.next = bytes.Join(parts, nil) }

// gatewayReplay puts our engine in the place of a recorded gateway: it hears what the client really sent.
type gatewayReplay struct {
	*replay
	rand *recorded
	seen map[isakmp.ExchangeType]int // messages of the client that were taken
}

func startGateway(t *testing.T, name string) *gatewayReplay {
	c := capturetest.Load(t, name)
	sa := &c.ISAKMP[0]
	srv := testServer()
	g := &gatewayReplay{replay: &replay{t: t, c: c, sa: sa}, rand: &recorded{then: srv.Rand}, seen: map[isakmp.ExchangeType]int{}}
	srv.Rand, srv.Phase1, srv.XAUTH = g.rand, []Phase1{recordedSuite(sa)}, sa.AuthMethod == isakmp.AuthXAUTHInitPreShared
	srv.Local = netip.AddrPortFrom(c.Addresses.Gateway, 500)
	srv.Group = func(id Identity) (Secret, bool) {
		return Secret(sa.PSK), id == Identity{isakmp.IDKeyID, c.Group}
	}
	pairs := 0
	srv.DH = func(keymat.Group) (keymat.KeyPair, error) {
		if pairs++; pairs == 1 {
			return sa.Pair(false), nil
		}
		return sa.Children[g.child].Pair(false), nil
	}
	srv.Phase2 = nil
	for i := range sa.Children {
		srv.Phase2 = append(srv.Phase2, recordedESP(&sa.Children[i]))
	}
	g.conn = Accept(t0, srv)
	g.rand.say(sa.RCookie, sa.NR)
	return g
}

// run plays the client's messages; at each of the gateway's, ours takes the same step.
func (g *gatewayReplay) run() {
	net := ModeConfig{Address: netip.MustParseAddr("10.99.1.2"), PFS: -1}
	for i := range g.c.Messages {
		m := &g.c.Messages[i]
		if m.Retransmission || m.Fragment != nil || len(m.Payloads) == 0 || g.conn.phase == closed || !bytes.Equal(m.ICookie, g.sa.ICookie) {
			continue
		}
		b := g.raw(m)
		id := binary.BigEndian.Uint32(m.MID)
		if m.Dir == "i->r" {
			g.hears(m, b)
			continue
		}
		if m.Exchange != "transaction" && m.Exchange != "quick" {
			continue
		}
		x := g.conn.exchanges[id]
		if m.Exchange == "transaction" {
			theirs, _, err := isakmp.ParsePayloads(isakmp.TypeHash, m.Plaintext)
			if err != nil {
				g.t.Fatal(err)
			}
			a, _, _ := get[isakmp.Config](theirs)
			var ev []Event
			switch {
			case a.Kind == isakmp.ConfigReply:
				ev, err = g.conn.ReplyConfig(t0, net)
			case a.Kind == isakmp.ConfigRequest:
				g.rand.say(m.MID, binary.BigEndian.AppendUint16(nil, a.Identifier))
				ev, err = g.conn.RequestXAUTH(t0, 0, []XAUTHField{{Name: "username"}, {Name: "password"}}, "")
			default:
				g.rand.say(m.MID, binary.BigEndian.AppendUint16(nil, a.Identifier))
				ev, err = g.conn.FinishXAUTH(t0, true, "")
			}
			if err != nil {
				g.t.Fatal(err)
			}
			g.all = append(g.all, ev...)
			x = g.conn.exchanges[id]
		}
		if x == nil {
			g.t.Fatalf("frame %v: the gateway goes on, we do not", m.Frames)
		}
		x.chain = at(g.conn.chain, b)
	}
}

func (g *gatewayReplay) hears(m *capturetest.Message, b []byte) {
	if m.Exchange == "quick" && len(m.Payloads) > 1 { // our SPI and nonce are the recorded ones
		ch := &g.sa.Children[g.child]
		g.rand.say(g.spi(ch, "i->r"), ch.NR)
		defer func() { g.child++ }()
	}
	before := g.conn.Stats().Drops
	ev := g.conn.Receive(t0, Datagram{Remote: natAddr, Marker: m.Exchange != "aggressive" || m.Encrypted, Data: b})
	g.all = append(g.all, ev...)
	for k, n := range g.conn.Stats().Drops {
		if n != before[k] {
			g.t.Errorf("frame %v: %s of the client was dropped: %s", m.Frames, m.Exchange, k)
		}
	}
	g.seen[exchangeNames[m.Exchange]]++
}

// What vpnc and the strongSwan client send is what our gateway takes: message 3, the XAUTH reply, the Mode Config
// request, Quick Mode, DPD and the Deletes; and both come to the recorded keys.
func TestInTheGatewaysPlace(t *testing.T) {
	for _, name := range []string{"01-vpnc-aggr-aes128-sha1", "02-swan-aggr-aes256-sha256", "03-swan-aggr-gcm", "04-swan-aggr-3des",
		"08-swan-pfs", "08b-vpnc-pfs", "09-swan-client-rekey"} {
		t.Run(name, func(t *testing.T) {
			g := startGateway(t, name)
			g.run()
			r := find[XAUTHReply](g.all)
			if len(r) != 1 || string(r[0].Fields["username"]) != g.c.User || string(r[0].Fields["password"]) != g.c.Password {
				t.Errorf("XAUTH %d replies", len(r))
			}
			if a := find[ConfigAsked](g.all); len(a) != 1 || len(a[0].Attributes) == 0 {
				t.Errorf("Mode Config %v", a)
			}
			ready := 0
			for _, up := range find[SAUp](g.all) {
				if !up.SA.Ready {
					continue
				}
				for _, e := range g.sa.Children[ready].ESP {
					k := up.SA.In
					if e.Dir == "r->i" {
						k = up.SA.Out
					}
					if k.SPI != binary.BigEndian.Uint32(e.SPI) || !bytes.Equal(k.Enc, e.EncKey) || !bytes.Equal(k.Auth, e.AuthKey) {
						t.Errorf("keys of the %s direction are not those of the recording", e.Dir)
					}
				}
				ready++
			}
			if ready != len(g.sa.Children) {
				t.Errorf("%d IPsec SAs, recorded %d", ready, len(g.sa.Children))
			}
			if f := find[Failed](g.all); len(f) != 1 || f[0].Failure.Reason != PeerDeleted {
				t.Errorf("the client's Deletes: %v", f)
			}
		})
	}
}

// A gateway starts a Quick Mode, with our engine in the client's place: the keys are the recorded ones.
func TestInTheRespondingClientsPlace(t *testing.T) {
	r := startReplay(t, "10-swan-gateway-rekey")
	r.conn.client.Phase2 = []Suite{recordedESP(&r.sa.Children[1])} // the client preferred it to what the gateway named first
	rand := &recorded{then: r.conn.rand}
	r.conn.rand = rand
	ch := &r.sa.Children[1]
	for i := range r.c.Messages {
		m := &r.c.Messages[i]
		if r.conn.phase == closed || m.Retransmission {
			continue
		}
		b := r.raw(m)
		if m.Dir == "i->r" {
			r.said(m, b)
			continue
		}
		if bytes.Equal(m.MID, ch.MID) && len(m.Payloads) > 1 {
			rand.say(r.spi(ch, "i->r"), ch.NR)
		}
		r.take(r.conn.Receive(t0, Datagram{Remote: r.conn.remote, Marker: r.conn.marker, Data: b}))
	}
	up := sas(r.all)
	if len(up) != 2 {
		t.Fatalf("%d IPsec SAs: %v", len(up), r.all)
	}
	sa := up[1]
	if sa.Initiated || sa.Replaces != up[0].In.SPI || sa.Suite != recordedESP(ch) {
		t.Errorf("%+v", sa)
	}
	for _, e := range ch.ESP {
		k := sa.In
		if e.Dir == "r->i" {
			k = sa.Out
		}
		if k.SPI != binary.BigEndian.Uint32(e.SPI) || !bytes.Equal(k.Enc, e.EncKey) || !bytes.Equal(k.Auth, e.AuthKey) {
			t.Errorf("keys of the %s direction are not those of the recording", e.Dir)
		}
	}
}
