package ike

import (
	"testing"
	"time"

	"ezvpn/ike/capturetest"
	"ezvpn/ike/isakmp"
	"ezvpn/ike/keymat"
)

// upPair is a pair whose IPsec SA is up, or whose XAUTH has begun.
func upPair(t testing.TB, far bool) *pair {
	if !far {
		return manual(t)
	}
	p := newPair(t, testConfig(), testServer())
	p.drive(time.Second)
	return p
}

// alive says whether the client still answers R-U-THERE, or has ended with a reason.
func (p *pair) alive() bool {
	if p.client.phase == closed {
		return len(p.failures) > 0
	}
	ev := p.inject(sealed(p.server, isakmp.Informational, 0xfffffff1, p.server.dpd(isakmp.RUThere, 99)))
	return len(find[Send](ev)) > 0
}

// FuzzProtected gives the client any plaintext under the right keys and with a HASH that holds: what lies behind the
// decryption must stand every peer that knows the group key.
func FuzzProtected(f *testing.F) {
	kinds := []isakmp.ExchangeType{isakmp.Transaction, isakmp.QuickMode, isakmp.Informational}
	for _, name := range []string{"01-vpnc-aggr-aes128-sha1", "02-swan-aggr-aes256-sha256", "10-swan-gateway-rekey"} {
		for _, m := range capturetest.Load(f, name).Messages {
			if len(m.Payloads) > 1 && m.Payloads[0].Type == "HASH" {
				hash := len(m.Payloads[0].Body) + 4
				for i, k := range kinds {
					if exchangeNames[m.Exchange] == k {
						f.Add(uint8(i), m.Plaintext[0], []byte(m.Plaintext[hash:len(m.Plaintext)-m.Padding]))
					}
				}
			}
		}
	}
	f.Fuzz(func(t *testing.T, kind, first uint8, after []byte) {
		for _, far := range []bool{false, true} {
			p := upPair(t, far)
			p.answers["passcode"] = "1"
			exchange := kinds[int(kind)%len(kinds)]
			p.take(p.inject(raw(p.server, exchange, 0x77, first, after)), true)
			p.drive(3 * time.Second)
			if !p.alive() {
				t.Fatal("the association neither answers nor says why it ended")
			}
		}
	})
}

// raw seals a plaintext as it is behind a HASH payload that holds.
func raw(c *Conn, kind isakmp.ExchangeType, id uint32, first uint8, after []byte) []byte {
	chain := c.chain.Exchange(c.auth.hash, id)
	sum := keymat.MessageHash(c.auth.hash, c.auth.keys.A, id, after)
	plain := append([]byte{first, 0, 0, byte(4 + len(sum))}, sum...)
	text, err := c.auth.cipher.Encrypt(c.auth.keys.Key, chain.IV(), c.auth.cipher.Pad(append(plain, after...)))
	if err != nil {
		panic(err)
	}
	h := c.header(kind, id)
	h.Next, h.Flags, h.Length = isakmp.TypeHash, isakmp.Encrypted, uint32(isakmp.HeaderLen+len(text))
	return append(h.Append(nil), text...)
}

// FuzzReceive gives both ends any datagram, before and after the keys exist.
func FuzzReceive(f *testing.F) {
	for _, name := range []string{"01-vpnc-aggr-aes128-sha1", "11-swan-rsa-aggr-fragments", "05-swan-main-psk"} {
		for _, d := range capturetest.Load(f, name).Datagrams {
			if b, ok := d.IKE(); ok {
				f.Add(b, false)
				f.Add(b, true)
			}
		}
	}
	f.Fuzz(func(t *testing.T, b []byte, mine bool) {
		fresh := newPair(t, testConfig(), testServer())
		far := upPair(t, true)
		for _, p := range []*pair{fresh, far} {
			if mine && len(b) >= 16 { // under the cookies of this association
				i, r := p.client.Cookies()
				copy(b, i[:])
				copy(b[8:], r[:])
			}
			p.take(p.client.Receive(p.now, Datagram{Remote: gatewayAddr, Data: b}), true)
			p.take(p.server.Receive(p.now, Datagram{Remote: natAddr, Data: b}), false)
		}
		fresh.drive(time.Minute)
		if len(fresh.failures) == 0 {
			if err := fresh.connected(1); err != nil && fresh.server.phase != closed {
				t.Fatal(err)
			}
		}
		if !far.alive() {
			t.Fatal("a live association does not stand it")
		}
	})
}

// FuzzAnswer gives the client any plaintext as the answer that it waits for: to its Mode Config request, and to its
// Quick Mode.
func FuzzAnswer(f *testing.F) {
	for _, name := range []string{"01-vpnc-aggr-aes128-sha1", "02-swan-aggr-aes256-sha256", "08-swan-pfs"} {
		for _, m := range capturetest.Load(f, name).Messages {
			if len(m.Payloads) > 1 && m.Payloads[0].Type == "HASH" && m.Dir == "r->i" {
				after := m.Plaintext[len(m.Payloads[0].Body)+4 : len(m.Plaintext)-m.Padding]
				f.Add(m.Exchange == "quick", m.Plaintext[0], []byte(after))
			}
		}
	}
	f.Fuzz(func(t *testing.T, quick bool, first uint8, after []byte) {
		kind, from := isakmp.Transaction, 2
		if quick {
			kind, from = isakmp.QuickMode, 0
		}
		p := newPairWith(t, testConfig(), testServer(), deafTo(kind, from))
		p.drive(500 * time.Millisecond)
		for _, x := range p.client.exchanges {
			if !x.ours || x.kind != kind || x.again.at.IsZero() {
				continue
			}
			auth := p.server.auth
			sum := keymat.MessageHash(auth.hash, auth.keys.A, x.id, after)
			if quick {
				sum = keymat.Hash2(auth.hash, auth.keys.A, x.id, x.quick.ni, after)
			}
			plain := auth.cipher.Pad(append(append([]byte{first, 0, 0, byte(4 + len(sum))}, sum...), after...))
			text, err := auth.cipher.Encrypt(auth.keys.Key, x.chain.IV(), plain)
			if err != nil {
				t.Fatal(err)
			}
			h := p.server.header(kind, x.id)
			h.Next, h.Flags, h.Length = isakmp.TypeHash, isakmp.Encrypted, uint32(isakmp.HeaderLen+len(text))
			p.take(p.inject(append(h.Append(nil), text...)), true)
			p.drive(2 * time.Minute)
			if len(p.failures) == 0 && !p.client.live() {
				t.Fatal("the association neither came up nor says why not")
			}
			return
		}
		t.Fatal("nothing waits for an answer")
	})
}

// FuzzRespond begins a phase 1 with any datagram, and goes on with another one.
func FuzzRespond(f *testing.F) {
	for _, name := range []string{"10c-swan-gateway-ike-rekey", "10d-swan-gateway-ike-rekey-refused"} {
		c, sa, _ := recordedReverse(f, name)
		var first []byte
		for _, d := range c.Datagrams {
			if b, ok := d.IKE(); ok && len(b) >= 8 && string(b[:8]) == string(sa.ICookie) {
				if first == nil {
					first = b
				}
				f.Add(first, b, uint8(14))
				f.Add(first, b, uint8(2))
			}
		}
	}
	own := reverseFirst(f, nil).Data
	f.Add(own, own, uint8(19))
	f.Fuzz(func(t *testing.T, first, next []byte, group uint8) {
		cfg := testConfig()
		if g := keymat.Group(group); g == 14 || g == 2 {
			cfg.Phase1 = []Phase1{aes(256, keymat.SHA256, g), aes(128, keymat.SHA1, g)}
		}
		at := Datagram{Remote: gatewayAddr, Marker: true, Data: first}
		c, ev := Respond(t0, cfg, at)
		if len(find[Failed](ev)) != 0 != (c.phase == closed) || !FirstMessage(first) && c.phase != closed {
			t.Fatalf("%v", ev)
		}
		_, r := c.Cookies()
		if len(next) >= 16 {
			copy(next[8:], r[:])
		}
		at.Data = next
		ev = append(ev, c.Receive(t0, at)...)
		for n := 0; c.phase != closed; n++ {
			now := c.Deadline()
			if now.IsZero() || n > 2*len(pauses) {
				t.Fatal("it waits for ever")
			}
			ev = append(ev, c.Advance(now)...)
		}
		if len(find[Failed](ev)) != 1 || len(find[Secured](ev)) != 0 || len(find[AskXAUTH](ev)) != 0 {
			t.Fatalf("%v", ev)
		}
	})
}
