package esp

import (
	"bytes"
	"testing"
)

// TestRoundTrip: every suite, every padding, both ends in place and apart.
func TestRoundTrip(t *testing.T) {
	sizes := []int{511, 512, 575, 576, 1279, 1280, 1399, 1400, 1422, 1438, 1500, 9000, 65535}
	for n := 20; n < 100; n++ {
		sizes = append(sizes, n)
	}
	for _, s := range suites() {
		t.Run(s.String(), func(t *testing.T) {
			tx, rx := pair(t, s)
			for _, n := range sizes {
				for mode := range 4 {
					there(t, tx, rx, ipv4(n), mode&1 != 0, mode&2 != 0)
				}
			}
		})
	}
}

// there sends one packet.
func there(t *testing.T, tx *Sender, rx *Receiver, in []byte, sealInPlace, openInPlace bool) {
	t.Helper()
	s := tx.Suite()
	src, dst := bytes.Clone(in), make([]byte, s.SealedLen(len(in))+7)
	if sealInPlace {
		src = dst[s.HeaderLen():][:len(in)]
		copy(src, in)
	}
	p := []Packet{{Src: src, Dst: dst}}
	if k, err := tx.Seal(p); k != 1 || err != nil || p[0].Err != nil || p[0].N != s.SealedLen(len(in)) {
		t.Fatalf("%d bytes: sealed %d to %d bytes, %v, %v", len(in), k, p[0].N, err, p[0].Err)
	}
	if !sealInPlace && !bytes.Equal(src, in) {
		t.Fatalf("%d bytes: sealing changed its source", len(in))
	}
	if bytes.Contains(dst, in[:20]) {
		t.Fatalf("%d bytes: the inner packet is in the clear", len(in))
	}
	if !bytes.Equal(dst[p[0].N:], make([]byte, 7)) {
		t.Fatalf("%d bytes: sealing wrote behind the packet", len(in))
	}
	raw := dst[:p[0].N]
	out, before := make([]byte, len(raw)), bytes.Clone(raw)
	if openInPlace {
		out = raw[s.HeaderLen():]
	}
	q := []Packet{{Src: raw, Dst: out}}
	if rx.Open(q) != 1 || q[0].Err != nil || !bytes.Equal(out[:q[0].N], in) {
		t.Fatalf("%d bytes, sealed in place %v, opened in place %v: %v", len(in), sealInPlace, openInPlace, q[0].Err)
	}
	if !openInPlace && !bytes.Equal(raw, before) {
		t.Fatalf("%d bytes: opening changed its source", len(in))
	}
}

// TestBatch: one bad packet costs the others nothing, and order stays.
func TestBatch(t *testing.T) {
	s := Suite{AESCBC, 128, 2}
	tx, rx := pair(t, s)
	var p []Packet
	for i := range 5 {
		p = append(p, Packet{Src: ipv4(40 + i), Dst: make([]byte, 128)})
	}
	p[1].Dst = p[1].Dst[:s.SealedLen(41)-1]
	if n, err := tx.Seal(p); n != 4 || err != nil || p[1].Err != ErrRoom || p[1].N != 0 || tx.Seq() != 4 {
		t.Fatalf("sealed %d, %v, %v, sequence %d", n, err, p[1].Err, tx.Seq())
	}
	wire := [][]byte{p[0].Dst[:p[0].N], p[2].Dst[:p[2].N], p[0].Dst[:p[0].N], {1, 2, 3}, p[3].Dst[:p[3].N], p[4].Dst[:p[4].N]}
	wire[5][30] ^= 1
	want := []error{nil, nil, ErrReplay, ErrShort, nil, ErrAuth}
	var q []Packet
	for _, w := range wire {
		q = append(q, Packet{Src: w, Dst: make([]byte, 128)})
	}
	if n := rx.Open(q); n != 3 {
		t.Errorf("opened %d, want 3", n)
	}
	for i := range q {
		if q[i].Err != want[i] || (q[i].N == 0) != (want[i] != nil) {
			t.Errorf("packet %d: %d bytes, %v, want %v", i, q[i].N, q[i].Err, want[i])
		}
	}
}
