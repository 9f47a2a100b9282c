package esp

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
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

func pair(t testing.TB, s Suite) (*Sender, *Receiver) {
	t.Helper()
	enc, auth := key(s.KeyLen(), 1), key(s.AuthLen(), 2)
	a, err := NewSender(0xc0ffee01, s, enc, auth)
	if err != nil {
		t.Fatal(err)
	}
	b, err := NewReceiver(0xc0ffee01, s, enc, auth)
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

func TestRoundTrip(t *testing.T) {
	for _, s := range suites() {
		t.Run(s.String(), func(t *testing.T) {
			tx, rx := pair(t, s)
			for n := 20; n < 1500; n = n*5/4 + 1 {
				in := ipv4(n)
				for _, place := range []bool{false, true} {
					src, dst := in, make([]byte, s.SealedLen(n))
					if place {
						src = dst[s.HeaderLen():][:n]
						copy(src, in)
					}
					p := []Packet{{Src: src, Dst: dst}}
					if k, err := tx.Seal(p); k != 1 || err != nil || p[0].N != s.SealedLen(n) {
						t.Fatalf("%d bytes: sealed %d, %v, %v", n, k, err, p[0].Err)
					}
					sealed := dst[:p[0].N]
					if bytes.Contains(sealed, in) {
						t.Fatal("the inner packet is in the clear")
					}
					out := make([]byte, len(sealed))
					if place {
						out = sealed[s.HeaderLen():]
					}
					q := []Packet{{Src: sealed, Dst: out}}
					if rx.Open(q) != 1 || !bytes.Equal(out[:q[0].N], in) {
						t.Fatalf("%d bytes in place %v: %v", n, place, q[0].Err)
					}
				}
			}
		})
	}
}

// Whatever is cut off or flipped, nothing comes out.
func TestDamage(t *testing.T) {
	for _, s := range suites() {
		tx, rx := pair(t, s)
		p := []Packet{{Src: ipv4(61), Dst: make([]byte, 256)}}
		if _, err := tx.Seal(p); err != nil {
			t.Fatal(err)
		}
		sealed := p[0].Dst[:p[0].N]
		for cut := range sealed {
			q := []Packet{{Src: bytes.Clone(sealed[:cut]), Dst: make([]byte, 256)}}
			if rx.Open(q) != 0 || q[0].Err == nil {
				t.Fatalf("%s: cut at %d was opened", s, cut)
			}
			bad := bytes.Clone(sealed)
			bad[cut] ^= 0x10
			q[0].Src = bad
			if rx.Open(q) != 0 || q[0].Err == nil {
				t.Fatalf("%s: flipped byte %d was opened", s, cut)
			}
		}
		q := []Packet{{Src: sealed, Dst: make([]byte, 256)}}
		if rx.Open(q) != 1 {
			t.Fatalf("%s: the good packet after the bad ones: %v", s, q[0].Err)
		}
		if rx.Open(q); q[0].Err != ErrReplay {
			t.Fatalf("%s: the same packet again: %v", s, q[0].Err)
		}
	}
}

// Two CBC packets with the same content share nothing: their IVs differ and cannot be foretold from the number.
func TestIVs(t *testing.T) {
	s := Suite{AESCBC, 128, 2}
	a, _ := pair(t, s)
	b, _ := pair(t, s)
	seen := map[string]bool{}
	for _, tx := range []*Sender{a, a, b, b} {
		p := []Packet{{Src: ipv4(40), Dst: make([]byte, 128)}}
		tx.Seal(p)
		iv := string(p[0].Dst[8:24])
		if seen[iv] {
			t.Fatal("an IV came twice")
		}
		seen[iv] = true
	}
}

func TestExhaustion(t *testing.T) {
	tx, _ := pair(t, Suite{AESGCM16, 128, 0})
	tx.seq = math.MaxUint32 - 1
	p := make([]Packet, 3)
	for i := range p {
		p[i] = Packet{Src: ipv4(40), Dst: make([]byte, 128)}
	}
	n, err := tx.Seal(p)
	if n != 1 || err != ErrExhausted || p[1].Err != ErrExhausted || p[2].Err != ErrExhausted || p[2].N != 0 {
		t.Errorf("sealed %d, %v, %v", n, err, p[2].Err)
	}
	if n, err := tx.Seal(p); n != 0 || err != ErrExhausted {
		t.Errorf("sealed %d more: %v", n, err)
	}
}

// seal makes an authentic packet with any plaintext, as a peer with strange habits would.
func seal(t *testing.T, s Suite, tx *Sender, plain []byte) []byte {
	t.Helper()
	p := make([]byte, s.HeaderLen()+len(plain)+s.ICVLen())
	tx.seq++
	binary.BigEndian.PutUint32(p, tx.spi)
	binary.BigEndian.PutUint32(p[4:], tx.seq)
	tx.t.seal(p, plain, tx.seq)
	return p
}

func TestStrangePeers(t *testing.T) {
	s := Suite{AESCBC, 128, 2}
	pad := func(p []byte, n, said int, next, fill byte) []byte {
		p = append(bytes.Clone(p), bytes.Repeat([]byte{fill}, n)...)
		return append(p, byte(said), next)
	}
	for _, v := range []struct {
		name  string
		plain []byte
		want  error
		n     int
	}{
		{"padding of zeros", pad(ipv4(30), 0, 0, 4, 0), nil, 30},
		{"padding of chance", pad(ipv4(20), 10, 10, 4, 0x5a), nil, 20},
		{"a block more than needed", pad(ipv4(20), 26, 26, 4, 0), nil, 20},
		{"traffic flow padding", pad(append(ipv4(40), make([]byte, 20)...), 2, 2, 4, 0), nil, 40},
		{"padding longer than the packet", pad(ipv4(30), 0, 200, 4, 0), ErrPadding, 0},
		{"dummy", pad(ipv4(30), 0, 0, 59, 0), ErrDummy, 0},
		{"IPv6", pad(ipv4(30), 0, 0, 41, 0), ErrNextHeader, 0},
		{"not IP", pad(make([]byte, 30), 0, 0, 4, 0), ErrNextHeader, 0},
		{"IP length beyond the packet", pad(append([]byte{0x45, 0, 0, 99}, make([]byte, 26)...), 0, 0, 4, 0), ErrNextHeader, 0},
		{"nothing inside", pad(nil, 14, 14, 4, 0), ErrNextHeader, 0},
	} {
		t.Run(v.name, func(t *testing.T) {
			tx, rx := pair(t, s)
			raw := seal(t, s, tx, v.plain)
			p := []Packet{{Src: raw, Dst: make([]byte, len(raw))}}
			rx.Open(p)
			if p[0].Err != v.want || p[0].N != v.n {
				t.Errorf("%d bytes, %v; want %d, %v", p[0].N, p[0].Err, v.n, v.want)
			}
		})
	}
}

func TestReplayWindow(t *testing.T) {
	var r replay
	steps := []struct {
		seq uint32
		ok  bool
	}{
		{0, false}, {1, true}, {1, false}, {3, true}, {2, true}, {2, false},
		{ReplayWindow, true}, {4, true}, {ReplayWindow + 3, true}, {3, false}, {5, true}, {4, false},
		{10 * ReplayWindow, true}, {9*ReplayWindow + 1, true}, {9 * ReplayWindow, false}, {9*ReplayWindow + 1, false},
		{math.MaxUint32, true}, {math.MaxUint32, false}, {math.MaxUint32 - ReplayWindow + 1, true}, {math.MaxUint32 - ReplayWindow, false}, {1, false},
	}
	for i, s := range steps {
		if got := r.accept(s.seq); got != s.ok {
			t.Fatalf("step %d: %d accepted %v, want %v", i, s.seq, got, s.ok)
		}
	}
	// Against a plain set, over a walk with jumps back and forth.
	var f replay
	seen, top, x := map[uint32]bool{}, uint32(0), uint32(7)
	for range 200000 {
		x = x*1664525 + 1013904223
		seq := max(1, int64(top)+int64(x>>20)-3000)
		want := !seen[uint32(seq)] && (uint32(seq) > top || top-uint32(seq) < ReplayWindow)
		if got := f.accept(uint32(seq)); got != want {
			t.Fatalf("%d after %d: accepted %v, want %v", seq, top, got, want)
		}
		seen[uint32(seq)] = true
		top = max(top, uint32(seq))
	}
}

func TestValidate(t *testing.T) {
	for _, s := range suites() {
		if err := s.Validate(); err != nil {
			t.Error(err)
		}
	}
	for _, s := range []Suite{{}, {2, 0, 2}, {11, 0, 2}, {TripleDES, 128, 2}, {AESCBC, 64, 2}, {AESCBC, 0, 2}, {AESCBC, 128, 0},
		{AESCBC, 128, 3}, {AESGCM16, 128, 2}, {AESGCM16, 0, 0}, {18, 128, 0}} {
		if s.Validate() == nil {
			t.Errorf("%+v is accepted", s)
		}
		if _, err := NewSender(1, s, make([]byte, 16), make([]byte, 20)); err == nil {
			t.Errorf("%+v makes a sender", s)
		}
	}
	if _, err := NewReceiver(1, Suite{AESCBC, 128, 2}, make([]byte, 15), make([]byte, 20)); err == nil {
		t.Error("a short key is accepted")
	}
}

func TestNoAllocations(t *testing.T) {
	for _, s := range suites() {
		tx, rx := pair(t, s)
		src := ipv4(1400)
		p := []Packet{{Src: src, Dst: make([]byte, 2048)}, {Src: src, Dst: make([]byte, 2048)}}
		q := []Packet{{Dst: make([]byte, 2048)}, {Dst: make([]byte, 2048)}}
		if n := testing.AllocsPerRun(50, func() {
			tx.Seal(p)
			for i := range q {
				q[i].Src = p[i].Dst[:p[i].N]
			}
			if rx.Open(q) != 2 {
				t.Fatal(q[0].Err)
			}
		}); n != 0 {
			t.Errorf("%s: %v allocations for two packets there and back", s, n)
		}
	}
}

func FuzzOpen(f *testing.F) {
	kinds := []Suite{{AESGCM16, 128, 0}, {AESCBC, 128, 2}, {TripleDES, 0, 1}}
	for i, s := range kinds {
		tx, _ := pair(f, s)
		p := []Packet{{Src: ipv4(60), Dst: make([]byte, 256)}}
		tx.Seal(p)
		f.Add(uint8(i), p[0].Dst[:p[0].N], []byte{})
	}
	f.Add(uint8(1), []byte{}, ipv4(30))
	// raw is opened as it is; plain is sealed by the peer first, so that what lies behind the ICV is reached.
	f.Fuzz(func(t *testing.T, kind uint8, raw, plain []byte) {
		s := kinds[int(kind)%len(kinds)]
		tx, rx := pair(t, s)
		if n := len(plain) / s.Align() * s.Align(); n > 0 {
			raw = seal(t, s, tx, plain[:n])
		}
		p := []Packet{{Src: raw, Dst: make([]byte, len(raw))}}
		if rx.Open(p) == 1 && (p[0].N < 20 || p[0].N > len(raw) || p[0].Dst[0]>>4 != 4) {
			t.Fatalf("opened to %d bytes", p[0].N)
		}
	})
}

var benchSuites = []Suite{{AESGCM16, 128, 0}, {AESCBC, 128, 2}, {AESCBC, 256, 5}, {TripleDES, 0, 2}}

func BenchmarkSeal(b *testing.B) {
	for _, s := range benchSuites {
		for _, n := range []int{64, 512, 1400} {
			b.Run(fmt.Sprintf("%s/%d", s, n), func(b *testing.B) {
				tx, _ := pair(b, s)
				p := []Packet{{Src: ipv4(n), Dst: make([]byte, 2048)}}
				b.SetBytes(int64(n))
				b.ReportAllocs()
				for b.Loop() {
					tx.Seal(p)
				}
			})
		}
	}
}

func BenchmarkOpen(b *testing.B) {
	for _, s := range benchSuites {
		for _, n := range []int{64, 512, 1400} {
			b.Run(fmt.Sprintf("%s/%d", s, n), func(b *testing.B) {
				tx, rx := pair(b, s)
				p := []Packet{{Src: ipv4(n), Dst: make([]byte, 2048)}}
				tx.Seal(p)
				q := []Packet{{Src: p[0].Dst[:p[0].N], Dst: make([]byte, 2048)}}
				b.SetBytes(int64(n))
				b.ReportAllocs()
				for b.Loop() {
					rx.replay = replay{} // the same packet is new again
					if rx.Open(q) != 1 {
						b.Fatal(q[0].Err)
					}
				}
			})
		}
	}
}
