package esp

import (
	"fmt"
	"testing"
)

// TestNoAllocations: a packet costs no allocation, of any suite, good or bad.
func TestNoAllocations(t *testing.T) {
	for _, s := range suites() {
		tx, rx := pair(t, s)
		src := ipv4(1400)
		p := []Packet{{Src: src, Dst: make([]byte, 2048)}, {Src: src, Dst: make([]byte, 2048)}}
		if n := testing.AllocsPerRun(20, func() { tx.Seal(p) }); n != 0 {
			t.Errorf("%s: %v allocations to seal two packets", s, n)
		}
		q := []Packet{{Dst: make([]byte, 2048)}, {Dst: make([]byte, 2048)}, {Dst: make([]byte, 2048)}, {}}
		bad := make([]byte, s.SealedLen(1400))
		if n := testing.AllocsPerRun(20, func() {
			tx.Seal(p)
			q[0].Src, q[1].Src, q[2].Src = p[0].Dst[:p[0].N], p[1].Dst[:p[1].N], bad
			copy(bad, q[0].Src)
			bad[len(bad)-1]++
			bad[7] += 2 // a number that is new
			if rx.Open(q) != 2 || q[2].Err != ErrAuth || q[3].Err != ErrShort {
				t.Fatal(q[0].Err, q[1].Err, q[2].Err, q[3].Err)
			}
		}); n != 0 {
			t.Errorf("%s: %v allocations to open two packets and to drop two", s, n)
		}
	}
}

// each runs a benchmark for the suites and the lengths that matter.
func each(b *testing.B, run func(b *testing.B, tx *Sender, rx *Receiver, src []byte)) {
	for _, s := range []Suite{{AESGCM16, 128, 0}, {AESCBC, 128, 2}, {AESCBC, 256, 5}, {TripleDES, 0, 2}} {
		for _, n := range []int{64, 512, 1400} {
			b.Run(fmt.Sprintf("%s/%d", s, n), func(b *testing.B) {
				tx, rx := pair(b, s)
				b.SetBytes(int64(n))
				b.ReportAllocs()
				run(b, tx, rx, ipv4(n))
			})
		}
	}
}

func BenchmarkSeal(b *testing.B) {
	each(b, func(b *testing.B, tx *Sender, _ *Receiver, src []byte) {
		p := []Packet{{Src: src, Dst: make([]byte, 2048)}}
		for b.Loop() {
			if n, err := tx.Seal(p); n != 1 {
				b.Fatal(err, p[0].Err)
			}
		}
	})
}

func BenchmarkOpen(b *testing.B) {
	each(b, func(b *testing.B, tx *Sender, rx *Receiver, src []byte) {
		p := []Packet{{Src: sealed(b, tx, src), Dst: make([]byte, 2048)}}
		for b.Loop() {
			rx.replay = replay{} // the same packet is new again
			if rx.Open(p) != 1 {
				b.Fatal(p[0].Err)
			}
		}
	})
}
