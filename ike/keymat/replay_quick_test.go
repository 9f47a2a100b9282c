package keymat_test

import (
	"bytes"
	"encoding/binary"
	"net/netip"

	"ezvpn/ike/capturetest"
	"ezvpn/ike/isakmp"
	. "ezvpn/ike/keymat"
)

type quick struct {
	initiator  netip.Addr
	step       int
	ni, nr     []byte
	sai        isakmp.SA
	chosen     isakmp.Transform
	spiI, spiR []byte
	pfs        bool
}

// protected checks the hash of a Quick Mode, Transaction or Informational message.
func (r *replay) protected(h isakmp.Header, who int, from netip.Addr, ps []isakmp.Parsed, chain []byte) bool {
	hash, ok := ps[0].Payload.(isakmp.Hash)
	if !ok {
		r.t.Fatalf("first payload is %v", ps[0].Payload.Type())
	}
	after, a := chain[4+len(hash.Data):], r.keys[who].A
	if h.Exchange != isakmp.QuickMode {
		return Equal(hash.Data, MessageHash(r.hash, a, h.MessageID, after))
	}
	q := r.quick[h.MessageID]
	if q == nil {
		q = &quick{initiator: from}
		r.quick[h.MessageID] = q
	}
	q.step++
	switch q.step {
	case 1:
		q.learn(ps[1:], true)
		return Equal(hash.Data, MessageHash(r.hash, a, h.MessageID, after))
	case 2:
		q.learn(ps[1:], false)
		return Equal(hash.Data, Hash2(r.hash, a, h.MessageID, q.ni, after))
	}
	return Equal(hash.Data, Hash3(r.hash, a, h.MessageID, q.ni, q.nr))
}

func (q *quick) learn(ps []isakmp.Parsed, first bool) {
	for _, p := range ps {
		switch v := p.Payload.(type) {
		case isakmp.SA:
			if first {
				q.sai = v
				continue
			}
			chosen := v.Proposals[0]
			q.chosen, q.spiR = chosen.Transforms[0], chosen.SPI
			for _, offer := range q.sai.Proposals {
				if offer.Number == chosen.Number {
					q.spiI = offer.SPI
				}
			}
		case isakmp.Nonce:
			if first {
				q.ni = v.Data
			} else {
				q.nr = v.Data
			}
		case isakmp.KE:
			q.pfs = true
		}
	}
}

// children compares KEYMAT of each Quick Mode that came to its end.
func (r *replay) children() int {
	done := 0
	for mid, q := range r.quick {
		if q.step < 3 || q.spiR == nil {
			continue
		}
		done++
		told := r.child(mid)
		if told == nil {
			r.t.Errorf("Quick Mode %08x is not told of", mid)
			continue
		}
		if q.pfs != (len(told.GXY) > 0) {
			r.t.Errorf("Quick Mode %08x: PFS is %v", mid, q.pfs)
		}
		keys := Quick{Hash: r.hash, SKEYIDD: r.keys[1].D, GXY: told.GXY, Ni: q.ni, Nr: q.nr}
		for i, spi := range [][]byte{q.spiR, q.spiI} {
			e := told.ESP[i]
			if !bytes.Equal(spi, e.SPI) {
				r.t.Errorf("Quick Mode %08x: SPI %x, want %x", mid, spi, e.SPI)
			}
			enc, auth := lengths(q.chosen)
			got := keys.KEYMAT(binary.BigEndian.Uint32(spi), enc+auth)
			if !bytes.Equal(got[:enc], e.EncKey) || !bytes.Equal(got[enc:], e.AuthKey) {
				r.t.Errorf("SPI %x: KEYMAT %x, want %x %x", spi, got, e.EncKey, e.AuthKey)
			}
		}
	}
	return done
}

func (r *replay) child(mid uint32) *capturetest.Child {
	for i := range r.told.Children {
		if binary.BigEndian.Uint32(r.told.Children[i].MID) == mid {
			return &r.told.Children[i]
		}
	}
	return nil
}

// lengths are the bytes of key that an ESP transform takes (RFC 3602, RFC 4106, RFC 2404, RFC 4868).
func lengths(t isakmp.Transform) (enc, auth int) {
	number := func(kind uint16) int {
		a, _ := isakmp.Find(t.Attributes, kind)
		n, _ := a.Uint()
		return int(n)
	}
	switch t.ID {
	case isakmp.ESP3DES:
		enc = 24
	case isakmp.ESPAESCBC:
		enc = number(isakmp.Phase2KeyLength) / 8
	case isakmp.ESPAESGCM16:
		enc = number(isakmp.Phase2KeyLength)/8 + 4
	}
	return enc, map[int]int{isakmp.AuthHMACSHA1: 20, isakmp.AuthHMACSHA256: 32}[number(isakmp.Phase2Auth)]
}
