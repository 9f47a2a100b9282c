package esp

import (
	"bytes"
	"encoding/binary"
	"testing"
)

// TestDamage: whatever is cut off, added or flipped, nothing comes out, and the receiver is none the worse.
func TestDamage(t *testing.T) {
	for _, s := range suites() {
		t.Run(s.String(), func(t *testing.T) {
			tx, rx := pair(t, s)
			good := sealed(t, tx, ipv4(61))
			for i := range good {
				if opened(rx, bytes.Clone(good[:i])) == nil {
					t.Fatalf("cut to %d bytes, it was opened", i)
				}
				for _, bit := range []byte{0x01, 0x80} {
					bad := bytes.Clone(good)
					bad[i] ^= bit
					if opened(rx, bad) == nil {
						t.Fatalf("byte %d flipped, it was opened", i)
					}
				}
			}
			for n := range 2 * s.Align() {
				if opened(rx, append(bytes.Clone(good), make([]byte, n+1)...)) == nil {
					t.Fatalf("with %d bytes more, it was opened", n+1)
				}
			}
			if err := opened(rx, good); err != nil {
				t.Fatalf("the good packet after the bad ones: %v", err)
			}
		})
	}
}

// TestWhy: each kind of damage has its name.
func TestWhy(t *testing.T) {
	for _, s := range suites() {
		tx, rx := pair(t, s)
		good := sealed(t, tx, ipv4(61))
		flip := func(at int) []byte {
			bad := bytes.Clone(good)
			bad[at] ^= 4
			return bad
		}
		least := s.HeaderLen() + s.Align() + s.ICVLen()
		forged := make([]byte, least)
		copy(forged, good[:headerLen])
		for _, v := range []struct {
			name   string
			packet []byte
			want   error
		}{
			{"nothing", nil, ErrShort},
			{"a byte less than a block", forged[:least-1], ErrShort},
			{"a block and a byte", append(bytes.Clone(forged), 0), ErrShort},
			{"zeros", forged, ErrAuth},
			{"another SPI", flip(3), ErrSPI},
			{"another sequence number", flip(7), ErrAuth},
			{"sequence number 0", append(append(bytes.Clone(good[:4]), 0, 0, 0, 0), good[8:]...), ErrReplay},
			{"another IV", flip(headerLen), ErrAuth},
			{"other ciphertext", flip(s.HeaderLen()), ErrAuth},
			{"another ICV", flip(len(good) - 1), ErrAuth},
			{"itself", good, nil},
			{"itself again", good, ErrReplay},
		} {
			if err := opened(rx, v.packet); err != v.want {
				t.Errorf("%s: %s: %v, want %v", s, v.name, err, v.want)
			}
		}
		p := []Packet{{Src: sealed(t, tx, ipv4(61)), Dst: make([]byte, 61)}}
		if rx.Open(p); p[0].Err != ErrRoom {
			t.Errorf("%s: no room for the padding: %v", s, p[0].Err)
		}
		if err := opened(rx, p[0].Src); err != nil {
			t.Errorf("%s: the same with room: %v", s, err)
		}
	}
}

// TestOtherKeys: a packet under another key, of cipher or of HMAC, is nothing.
func TestOtherKeys(t *testing.T) {
	for _, s := range suites() {
		tx, _ := pair(t, s)
		good := sealed(t, tx, ipv4(61))
		keys := [][2][]byte{{key(s.KeyLen(), 1), key(s.AuthLen(), 9)}}
		if s.Cipher == AESGCM16 {
			salt := key(s.KeyLen(), 1)
			salt[len(salt)-1]++
			keys = [][2][]byte{{key(s.KeyLen(), 9), nil}, {salt, nil}}
		}
		for i, k := range keys {
			rx, err := NewReceiver(testSPI, s, k[0], k[1])
			if err != nil {
				t.Fatal(err)
			}
			if err := opened(rx, good); err != ErrAuth {
				t.Errorf("%s: key %d: %v", s, i, err)
			}
		}
	}
}

// TestStrangePeers: what an authentic packet may hold.
func TestStrangePeers(t *testing.T) {
	s := Suite{AESCBC, 128, 2}
	pad := func(p []byte, n, said int, next, fill byte) []byte {
		p = append(bytes.Clone(p), bytes.Repeat([]byte{fill}, n)...)
		return append(p, byte(said), next)
	}
	long := func(n, total int) []byte {
		p := ipv4(n)
		binary.BigEndian.PutUint16(p[2:], uint16(total))
		return p
	}
	for _, v := range []struct {
		name  string
		plain []byte
		want  error
		n     int
	}{
		{"padding of zeros", pad(ipv4(20), 10, 10, 4, 0), nil, 20},
		{"padding of chance", pad(ipv4(20), 10, 10, 4, 0x5a), nil, 20},
		{"a block more than needed", pad(ipv4(20), 26, 26, 4, 0), nil, 20},
		{"all the padding there can be", pad(ipv4(31), 255, 255, 4, 1), nil, 31},
		{"no padding", pad(ipv4(30), 0, 0, 4, 0), nil, 30},
		{"traffic flow padding", pad(append(ipv4(40), make([]byte, 20)...), 2, 2, 4, 0), nil, 40},
		{"padding longer than the packet", pad(ipv4(30), 0, 31, 4, 0), ErrPadding, 0},
		{"the longest padding in a short packet", pad(ipv4(30), 0, 255, 4, 0), ErrPadding, 0},
		{"padding longer than a dummy", pad(ipv4(30), 0, 200, 59, 0), ErrPadding, 0},
		{"padding that reaches into the packet", pad(ipv4(30), 0, 5, 4, 0), ErrNextHeader, 0},
		{"dummy", pad(ipv4(30), 0, 0, 59, 0), ErrDummy, 0},
		{"dummy of nothing", pad(nil, 14, 14, 59, 0), ErrDummy, 0},
		{"IPv6", pad(append([]byte{0x60}, make([]byte, 45)...), 0, 0, 41, 0), ErrIPv6, 0},
		{"IPv6 that says IPv4", pad(append([]byte{0x60}, make([]byte, 45)...), 0, 0, 4, 0), ErrNextHeader, 0},
		{"transport mode", pad(ipv4(30), 0, 0, 6, 0), ErrNextHeader, 0},
		{"not IP", pad(make([]byte, 30), 0, 0, 4, 0), ErrNextHeader, 0},
		{"IP length beyond the packet", pad(long(30, 31), 0, 0, 4, 0), ErrNextHeader, 0},
		{"IP length of less than a header", pad(long(30, 19), 0, 0, 4, 0), ErrNextHeader, 0},
		{"less than a header", pad(ipv4(20)[:19], 11, 11, 4, 0), ErrNextHeader, 0},
		{"nothing inside", pad(nil, 14, 14, 4, 0), ErrNextHeader, 0},
	} {
		t.Run(v.name, func(t *testing.T) {
			tx, rx := pair(t, s)
			raw := seal(s, tx, v.plain)
			p := []Packet{{Src: raw, Dst: make([]byte, len(raw))}}
			rx.Open(p)
			if p[0].Err != v.want || p[0].N != v.n {
				t.Errorf("%d bytes, %v; want %d, %v", p[0].N, p[0].Err, v.n, v.want)
			}
			// It was authentic: its number is taken, whatever was inside.
			if rx.Open(p); p[0].Err != ErrReplay {
				t.Errorf("again: %v", p[0].Err)
			}
		})
	}
}
