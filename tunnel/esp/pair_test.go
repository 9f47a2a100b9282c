package esp

import (
	"encoding/binary"
	"testing"
)

// suites are all that the package speaks.
func suites() []Suite {
	var all []Suite
	for _, a := range []uint16{1, 2, 5, 6, 7} {
		all = append(all, Suite{TripleDES, 0, a})
		for _, k := range []uint16{128, 192, 256} {
			all = append(all, Suite{AESCBC, k, a})
		}
	}
	for _, k := range []uint16{128, 192, 256} {
		all = append(all, Suite{AESGCM16, k, 0})
	}
	return all
}

func key(n int, seed byte) []byte {
	k := make([]byte, n)
	for i := range k {
		k[i] = byte(i)*7 + seed
	}
	return k
}

const testSPI = 0xc0ffee01

// pair is an SA, seen from both ends.
func pair(t testing.TB, s Suite) (*Sender, *Receiver) {
	t.Helper()
	enc, auth := key(s.KeyLen(), 1), key(s.AuthLen(), 2)
	a, err := NewSender(testSPI, s, enc, auth)
	if err != nil {
		t.Fatal(err)
	}
	b, err := NewReceiver(testSPI, s, enc, auth)
	if err != nil {
		t.Fatal(err)
	}
	return a, b
}

// ipv4 is an inner packet of n bytes.
func ipv4(n int) []byte {
	p := key(n, 3)
	p[0] = 0x45
	binary.BigEndian.PutUint16(p[2:], uint16(n))
	return p
}

// seal makes an authentic packet with any plaintext, as a peer with strange habits would.
func seal(s Suite, tx *Sender, plain []byte) []byte {
	p := make([]byte, s.HeaderLen()+len(plain)+s.ICVLen())
	tx.seq++
	binary.BigEndian.PutUint32(p, tx.spi)
	binary.BigEndian.PutUint32(p[4:], tx.seq)
	tx.t.seal(p, plain, tx.seq)
	return p
}

// sealed is the ESP packet for an inner packet.
func sealed(t testing.TB, tx *Sender, inner []byte) []byte {
	t.Helper()
	p := []Packet{{Src: inner, Dst: make([]byte, tx.Suite().SealedLen(len(inner)))}}
	if n, err := tx.Seal(p); n != 1 || err != nil {
		t.Fatalf("sealed %d, %v, %v", n, err, p[0].Err)
	}
	return p[0].Dst[:p[0].N]
}

// opened is why a packet is dropped, nil if it is not.
func opened(rx *Receiver, packet []byte) error {
	p := []Packet{{Src: packet, Dst: make([]byte, len(packet))}}
	if n := rx.Open(p); (n == 1) != (p[0].Err == nil) {
		panic("the count and the error of a packet disagree")
	}
	return p[0].Err
}
