package ike

import (
	"bytes"
	"encoding/binary"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"testing"

	"ezvpn/ike/capturetest"
	"ezvpn/ike/isakmp"
	"ezvpn/ike/keymat"
)

// replay puts our engine in the place of a recorded client: it has the client's cookie, nonces, SPIs and
// Diffie-Hellman secrets, hears what the gateway really sent, and must say at each step what the client said.
type replay struct {
	t     *testing.T
	c     *capturetest.Capture
	sa    *capturetest.ISAKMPSA
	conn  *Conn
	sends [][]byte
	all   []Event
	child int // of the recording, the next Quick Mode of the client
}

var recordedHashes = map[string]keymat.Hash{"md5": 1, "sha1": 2, "sha256": 4, "sha384": 5, "sha512": 6, "": 2}

func recordedSuite(sa *capturetest.ISAKMPSA) Phase1 {
	g, err := strconv.Atoi(strings.TrimPrefix(sa.DHGroup, "modp"))
	group := map[int]keymat.Group{1024: 2, 1536: 5, 2048: 14}[g]
	if err != nil || group == 0 {
		group = 2
	}
	p := Phase1{Cipher: keymat.AES, KeyBits: sa.KeyLength, Hash: recordedHashes[sa.Hash], Group: group}
	if strings.HasPrefix(sa.Encryption, "3des") {
		p.Cipher, p.KeyBits = keymat.TripleDES, 0
	} else if p.KeyBits == 0 {
		p.KeyBits = 128
	}
	return p
}

func recordedESP(ch *capturetest.Child) Suite {
	s := Suite{Cipher: map[string]uint8{"3des-cbc": 3, "aes-cbc": 12, "aes-gcm-16": 20}[ch.Encryption], KeyBits: uint16(ch.Attributes[6])}
	s.Auth = map[string]uint16{"md5": 1, "sha1": 2, "sha256": 5, "sha384": 6, "sha512": 7}[ch.Integrity]
	return s
}

func startReplay(t *testing.T, name string) *replay {
	c := capturetest.Load(t, name)
	sa := &c.ISAKMP[0]
	r := &replay{t: t, c: c, sa: sa}
	cfg := testConfig()
	cfg.Phase1, cfg.GroupKey = []Phase1{recordedSuite(sa)}, Secret(sa.PSK)
	if sa.ClientKeys != nil {
		cfg.GroupKey = Secret(sa.ClientKeys.ClientPSK)
	}
	cfg.Local = netip.AddrPortFrom(c.Addresses.ClientPrivate, 500)
	cfg.Remote = netip.AddrPortFrom(c.Addresses.Gateway, 500)
	cfg.Phase2 = []Suite{{12, 128, 2}, {12, 256, 2}, {12, 256, 5}, {20, 128, 0}, {3, 0, 2}}
	pairs := 0
	cfg.DH = func(g keymat.Group) (keymat.KeyPair, error) {
		pairs++
		if pairs == 1 {
			return sa.Pair(true), nil
		}
		return sa.Children[r.child].Pair(true), nil
	}
	if len(sa.Children) > 0 {
		cfg.PFS = keymat.Group(sa.Children[0].Attributes[3])
	}
	var ev []Event
	r.conn, ev = Initiate(t0, cfg)
	r.take(ev)
	// From here on we are that client.
	copy(r.conn.sa.Initiator[:], sa.ICookie)
	tr := &r.conn.one.t
	tr.ci, tr.ni, tr.sai, tr.idi = r.conn.sa.Initiator, Secret(sa.NI), sa.SAI, sa.IDI
	return r
}

func (r *replay) take(events []Event) {
	for _, e := range events {
		switch e := e.(type) {
		case Send:
			r.sends = append(r.sends, e.Data)
		case AskXAUTH:
			a := XAUTHAnswer{Round: e.Round, Fields: map[string]Secret{}}
			for _, f := range e.Fields {
				a.Fields[f.Name] = Secret(map[string]string{"username": r.c.User, "password": r.c.Password}[f.Name])
			}
			r.take(r.conn.Answer(t0, a))
		case Noted, Heard:
		default:
			r.all = append(r.all, e)
		}
	}
}

// raw is the message as it was on the wire.
func (r *replay) raw(m *capturetest.Message) []byte {
	for _, d := range r.c.Datagrams {
		if d.Frame == m.Frames[len(m.Frames)-1] {
			b, _ := d.IKE()
			return b
		}
	}
	r.t.Fatalf("no frame %v", m.Frames)
	return nil
}

func (r *replay) run() {
	for i := range r.c.Messages {
		m := &r.c.Messages[i]
		if m.Retransmission || m.Fragment != nil || len(m.Payloads) == 0 || r.conn.phase == closed {
			continue
		}
		b := r.raw(m)
		if m.Dir == "r->i" {
			r.take(r.conn.Receive(t0, Datagram{Remote: r.conn.remote, Marker: r.conn.marker, Data: b}))
			continue
		}
		r.said(m, b)
	}
}

// said holds our next message against what the client said at this point, and goes on with the client's IVs.
func (r *replay) said(m *capturetest.Message, recorded []byte) {
	t := r.t
	if len(r.sends) == 0 && m.Exchange == "quick" && len(m.Payloads) > 1 { // the client rekeys
		r.take(r.conn.Rekey(t0, r.conn.children[len(r.conn.children)-1].sa.In.SPI))
	}
	if len(r.sends) == 0 {
		if m.Exchange != "informational" { // probes and Deletes are the client's own decision
			t.Errorf("frame %v: the client sends %s, we are silent", m.Frames, m.Exchange)
		}
		return
	}
	ours := r.sends[0]
	r.sends = r.sends[1:]
	h, err := isakmp.ParseHeader(ours)
	if err != nil {
		t.Fatal(err)
	}
	if h.Exchange.String() == "" || exchangeNames[m.Exchange] != h.Exchange {
		t.Fatalf("frame %v: the client sends %s, we send %v", m.Frames, m.Exchange, h.Exchange)
	}
	if h.MessageID == 0 {
		r.saidPhase1(m, h, ours, recorded)
		return
	}
	r.saidProtected(m, h, ours, recorded)
}

var exchangeNames = map[string]isakmp.ExchangeType{"aggressive": isakmp.Aggressive, "transaction": isakmp.Transaction, "quick": isakmp.QuickMode,
	"informational": isakmp.Informational}

// kinds are the payloads that carry the meaning; vendor IDs, NAT-D and notifies are each side's own.
func kinds(payloads []isakmp.Parsed) (out []string) {
	for _, p := range payloads {
		switch p.Payload.(type) {
		case isakmp.Vendor, isakmp.NATD, isakmp.Notify:
		default:
			out = append(out, p.Payload.Type().String())
		}
	}
	return out
}

func (r *replay) saidPhase1(m *capturetest.Message, h isakmp.Header, ours, recorded []byte) {
	rh, err := isakmp.ParseHeader(recorded)
	if err != nil {
		r.t.Fatal(err)
	}
	body, theirs := ours[isakmp.HeaderLen:], recorded[isakmp.HeaderLen:]
	if h.Flags&isakmp.Encrypted != 0 {
		chain := keymat.InitialChain(r.conn.auth.hash, r.conn.auth.cipher, Secret(r.sa.KEI), Secret(r.sa.KER))
		if body, err = r.conn.auth.cipher.Decrypt(r.conn.auth.keys.Key, chain.IV(), body); err != nil {
			r.t.Fatal(err)
		}
		theirs = m.Plaintext
		// The IVs of all that follows come from the last block that the client sent.
		chain.Advance(recorded[isakmp.HeaderLen:])
		r.conn.chain = chain
	}
	a, _, err1 := isakmp.ParsePayloads(h.Next, body)
	b, _, err2 := isakmp.ParsePayloads(rh.Next, theirs)
	if err1 != nil || err2 != nil || !slices.Equal(kinds(a), kinds(b)) {
		r.t.Errorf("frame %v: we say %v, the client %v (%v, %v)", m.Frames, kinds(a), kinds(b), err1, err2)
	}
	if x, _, ok := get[isakmp.Hash](b); ok {
		if y, _, _ := get[isakmp.Hash](a); !bytes.Equal(x.Data, y.Data) {
			r.t.Errorf("HASH_I %x, the client's is %x", y.Data, x.Data)
		}
		if !bytes.Equal(r.conn.auth.keys.A, r.sa.A) || !bytes.Equal(r.conn.auth.keys.D, r.sa.D) || !bytes.Equal(r.conn.auth.keys.Key, r.sa.Key) {
			r.t.Error("keys are not those of the recording")
		}
	}
}

func (r *replay) saidProtected(m *capturetest.Message, h isakmp.Header, ours, recorded []byte) {
	t, c := r.t, r.conn
	id := binary.BigEndian.Uint32(m.MID)
	theirs, _, err := isakmp.ParsePayloads(isakmp.TypeHash, m.Plaintext)
	if err != nil {
		t.Fatal(err)
	}
	x := c.exchanges[h.MessageID]
	chain := c.chain.Exchange(c.auth.hash, h.MessageID)
	if id == h.MessageID {
		chain = at(c.chain, m.IV) // in an exchange that has begun, the IV is the recorded one
	}
	o, err := c.auth.open(chain, h, ours[isakmp.HeaderLen:])
	if err != nil {
		t.Fatalf("frame %v: our %v: %v", m.Frames, h.Exchange, err)
	}
	if !slices.Equal(kinds(o.payloads), kinds(theirs)) {
		t.Errorf("frame %v: we say %v, the client %v", m.Frames, kinds(o.payloads), kinds(theirs))
	}
	r.sameMeaning(m, o, theirs, id == h.MessageID)
	if x == nil {
		return
	}
	if id != h.MessageID { // our exchange goes on under the client's message ID
		delete(c.exchanges, x.id)
		x.id = id
		c.exchanges[id], c.used[id] = x, struct{}{}
		if x.quick != nil && r.child < len(r.sa.Children) {
			ch := &r.sa.Children[r.child]
			x.quick.ni = Secret(ch.NI)
			x.quick.spi = binary.BigEndian.Uint32(r.spi(ch, "r->i"))
			r.child++
		}
	}
	x.chain = at(c.chain, recorded)
}

// at is a chain whose next IV is the last block of b.
func at(c keymat.Chain, b []byte) keymat.Chain {
	c.Advance(b)
	return c
}

func (r *replay) spi(ch *capturetest.Child, dir string) []byte {
	for _, e := range ch.ESP {
		if e.Dir == dir {
			return e.SPI
		}
	}
	return nil
}

// sameMeaning compares what matters of two messages.
func (r *replay) sameMeaning(m *capturetest.Message, o opened, theirs []isakmp.Parsed, begun bool) {
	t := r.t
	a, _, isConfig := get[isakmp.Config](o.payloads)
	b, _, _ := get[isakmp.Config](theirs)
	switch {
	case isConfig && (a.Kind != b.Kind || begun && a.Identifier != b.Identifier):
		t.Errorf("frame %v: we say %s, the client %s", m.Frames, a, b)
	case isConfig && a.Kind == isakmp.ConfigReply:
		for _, x := range b.Attributes {
			if y, ok := isakmp.Find(a.Attributes, x.Type); !ok || !bytes.Equal(x.Value, y.Value) {
				t.Errorf("frame %v: XAUTH answer: %s, the client %s", m.Frames, a, b)
			}
		}
	case m.Exchange == "quick" && len(theirs) == 1:
		if h, _, _ := get[isakmp.Hash](theirs); !bytes.Equal(h.Data, o.hash) {
			t.Errorf("frame %v: HASH(3) %x, the client's is %x", m.Frames, o.hash, h.Data)
		}
	case m.Exchange == "quick":
		x, y, err := identities(o.payloads)
		u, v, err2 := identities(theirs)
		if err != nil || err2 != nil || x != u || y.Bits() > v.Bits() || r.sa.Children != nil && x.Bits() != 32 && y.Bits() != 32 {
			t.Errorf("frame %v: we propose %v and %v, the client %v and %v (%v, %v)", m.Frames, x, y, u, v, err, err2)
		}
	}
}

func TestInTheClientsPlace(t *testing.T) {
	for _, name := range []string{"01-vpnc-aggr-aes128-sha1", "02-swan-aggr-aes256-sha256", "03-swan-aggr-gcm", "04-swan-aggr-3des",
		"08-swan-pfs", "08b-vpnc-pfs"} {
		t.Run(name, func(t *testing.T) {
			r := startReplay(t, name)
			r.run()
			if f := find[Failed](r.all); len(f) > 0 {
				t.Fatalf("failed: %v", f[0].Failure)
			}
			n := 0
			for _, sa := range sas(r.all) {
				n++
				i := slices.IndexFunc(r.sa.Children, func(c capturetest.Child) bool {
					return binary.BigEndian.Uint32(r.spi(&c, "r->i")) == sa.In.SPI
				})
				if i < 0 {
					t.Fatalf("IPsec SA 0x%x is not of the recording", sa.In.SPI)
				}
				ch := &r.sa.Children[i]
				if sa.Suite != recordedESP(ch) {
					t.Errorf("suite %+v, recorded %+v", sa.Suite, recordedESP(ch))
				}
				for _, e := range ch.ESP {
					k := sa.In
					if e.Dir == "i->r" {
						k = sa.Out
					}
					if k.SPI != binary.BigEndian.Uint32(e.SPI) || !bytes.Equal(k.Enc, e.EncKey) || !bytes.Equal(k.Auth, e.AuthKey) {
						t.Errorf("keys of the %s direction are not those of the recording", e.Dir)
					}
				}
			}
			if n != len(r.sa.Children) {
				t.Errorf("%d IPsec SAs, recorded %d", n, len(r.sa.Children))
			}
			net := find[Configured](r.all)
			if len(net) != 1 || !net[0].Net.Address.IsValid() || len(net[0].Net.DNS) != 2 || len(net[0].Net.Include) == 0 || net[0].Net.Banner == "" {
				t.Errorf("Mode Config %+v", net)
			}
		})
	}
}

func TestInTheFailingClientsPlace(t *testing.T) {
	for name, want := range map[string]Reason{
		"12a-fail-xauth-vpnc": XAUTHRefused, "12c-fail-psk-vpnc": GroupKeyWrong, "12d-fail-psk-swan-aggr": GroupKeyWrong,
		"12f-fail-group-vpnc": GroupRefused, "12h-fail-phase2-proposal": SARefused,
		"12i-fail-phase1-vpnc": ProposalRefused,
	} {
		t.Run(name, func(t *testing.T) {
			r := startReplay(t, name)
			r.run()
			r.take(r.conn.Advance(t0.Add(grace)))
			f := find[Failed](r.all)
			if len(f) != 1 || f[0].Failure.Reason != want {
				t.Fatalf("%v, want %s", r.all, want)
			}
		})
	}
}
