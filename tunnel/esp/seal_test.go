package esp

import (
	"bytes"
	"encoding/binary"
	"math"
	"testing"
)

// TestIVs: CBC IVs differ and cannot be foretold from the number; those of AES-GCM are the number.
func TestIVs(t *testing.T) {
	for _, s := range suites() {
		a, _ := pair(t, s)
		b, _ := pair(t, s)
		seen := map[string]bool{}
		for i, tx := range []*Sender{a, a, b, b} {
			iv := sealed(t, tx, ipv4(40))[headerLen:s.HeaderLen()]
			if s.Cipher == AESGCM16 {
				if binary.BigEndian.Uint64(iv) != uint64(i%2+1) {
					t.Errorf("%s: IV %x of packet %d", s, iv, i%2+1)
				}
				continue
			}
			if seen[string(iv)] {
				t.Errorf("%s: an IV came twice", s)
			}
			seen[string(iv)] = true
		}
	}
}

// TestNumbers: an SA starts with 1, and a batch takes numbers in its order.
func TestNumbers(t *testing.T) {
	tx, _ := pair(t, Suite{AESCBC, 128, 2})
	for want := uint32(1); want < 10; want += 3 {
		p := make([]Packet, 3)
		for i := range p {
			p[i] = Packet{Src: ipv4(40), Dst: make([]byte, 128)}
		}
		tx.Seal(p)
		for i := range p {
			if SPIOf(p[i].Dst) != testSPI || binary.BigEndian.Uint32(p[i].Dst[4:]) != want+uint32(i) {
				t.Errorf("packet %d starts with % x", i, p[i].Dst[:8])
			}
		}
	}
	if tx.Seq() != 9 {
		t.Errorf("sequence number %d after 9 packets", tx.Seq())
	}
	if n, err := tx.Seal(nil); n != 0 || err != nil {
		t.Errorf("an empty batch: %d, %v", n, err)
	}
}

func TestExhaustion(t *testing.T) {
	for _, s := range suites() {
		tx, rx := pair(t, s)
		tx.seq = math.MaxUint32 - 1
		p := make([]Packet, 3)
		for i := range p {
			p[i] = Packet{Src: ipv4(40), Dst: make([]byte, 128), N: 9}
		}
		n, err := tx.Seal(p)
		if n != 1 || err != ErrExhausted || p[1].Err != ErrExhausted || p[2].Err != ErrExhausted || p[2].N != 0 {
			t.Errorf("%s: sealed %d, %v, %v", s, n, err, p[2].Err)
		}
		if err := opened(rx, p[0].Dst[:p[0].N]); err != nil {
			t.Errorf("%s: the last packet: %v", s, err)
		}
		if !bytes.Equal(p[1].Dst, make([]byte, 128)) {
			t.Errorf("%s: something was written for a packet without a number", s)
		}
		if n, err := tx.Seal(p); n != 0 || err != ErrExhausted || tx.Seq() != math.MaxUint32 {
			t.Errorf("%s: sealed %d more: %v", s, n, err)
		}
	}
	if RekeySeq > math.MaxUint32/2+1 {
		t.Error("the rekey comes too late")
	}
}

func TestClear(t *testing.T) {
	for _, s := range suites() {
		tx, rx := pair(t, s)
		good := sealed(t, tx, ipv4(40))
		tr := []transform{tx.t, rx.t}
		tx.Clear()
		rx.Clear()
		for _, tr := range tr {
			if c, ok := tr.(*cbc); ok && (c.mac != nil || c.enc != nil || c.dec != nil || c.iv != nil || c.sum != [64]byte{}) {
				t.Errorf("%s: keys are left", s)
			}
			if g, ok := tr.(*gcm); ok && *g != (gcm{}) {
				t.Errorf("%s: keys are left", s)
			}
		}
		p := []Packet{{Src: ipv4(40), Dst: make([]byte, 128)}}
		if n, _ := tx.Seal(p); n != 0 || p[0].Err != ErrCleared || p[0].N != 0 {
			t.Errorf("%s: sealed after that: %v", s, p[0].Err)
		}
		if err := opened(rx, good); err != ErrCleared {
			t.Errorf("%s: opened after that: %v", s, err)
		}
		tx.Clear()
		rx.Clear()
	}
}
