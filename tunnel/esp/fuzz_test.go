package esp

import (
	"bytes"
	"encoding/binary"
	"testing"
)

// FuzzOpen: raw is opened as it is; plain is sealed by the peer first, so that what lies behind the ICV is reached.
// Either way nothing panics, what comes out is an IPv4 packet of its own length, and it comes out once.
func FuzzOpen(f *testing.F) {
	kinds := suites()
	for i, s := range kinds {
		tx, _ := pair(f, s)
		f.Add(uint8(i), sealed(f, tx, ipv4(60)), []byte{})
		good := sealed(f, tx, ipv4(61))
		f.Add(uint8(i), good[:len(good)-s.Align()], []byte{})
		f.Add(uint8(i), []byte{}, append(ipv4(30), 0, 4))
		f.Add(uint8(i), []byte{}, append(ipv4(30), 255, 4))
	}
	f.Add(uint8(0), []byte{}, append(make([]byte, 46), 0, 41))
	f.Add(uint8(0), []byte{}, append(make([]byte, 46), 46, 59))
	f.Fuzz(func(t *testing.T, kind uint8, raw, plain []byte) {
		s := kinds[int(kind)%len(kinds)]
		tx, rx := pair(t, s)
		if n := len(plain) / s.Align() * s.Align(); n > 0 {
			raw = seal(s, tx, plain[:n])
		}
		p := []Packet{{Src: raw, Dst: make([]byte, len(raw))}}
		if rx.Open(p) == 0 {
			if p[0].Err == nil || p[0].N != 0 {
				t.Fatalf("dropped with %d bytes and %v", p[0].N, p[0].Err)
			}
			return
		}
		in := p[0].Dst[:p[0].N]
		if len(in) < 20 || in[0]>>4 != 4 || int(binary.BigEndian.Uint16(in[2:])) != len(in) || s.SealedLen(len(in)) > len(raw) {
			t.Fatalf("opened to %d bytes, % x", len(in), in[:min(20, len(in))])
		}
		if err := opened(rx, raw); err != ErrReplay {
			t.Fatalf("opened twice: %v", err)
		}
		bad := bytes.Clone(raw)
		bad[len(bad)-1]++
		if _, rx := pair(t, s); opened(rx, bad) != ErrAuth {
			t.Fatal("opened with another ICV")
		}
	})
}
