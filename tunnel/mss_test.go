package tunnel

import (
	"encoding/binary"
	"net/netip"
	"testing"

	"ezvpn/tunnel/esp"
)

// syn is a TCP segment with the given flags, options and the checksum of RFC 9293 §3.1.
func syn(src, dst string, flags byte, options ...byte) []byte {
	for len(options)%4 != 0 {
		options = append(options, 0)
	}
	p := make([]byte, 40+len(options))
	p[0], p[8], p[9] = 0x45, 64, protocolTCP
	binary.BigEndian.PutUint16(p[2:], uint16(len(p)))
	s, d := netip.MustParseAddr(src).As4(), netip.MustParseAddr(dst).As4()
	copy(p[12:], s[:])
	copy(p[16:], d[:])
	binary.BigEndian.PutUint16(p[10:], checksum(p[:20]))
	tcp := p[20:]
	binary.BigEndian.PutUint16(tcp, 40000)
	binary.BigEndian.PutUint16(tcp[2:], 80)
	tcp[12], tcp[13] = byte(len(tcp)/4)<<4, flags
	copy(tcp[20:], options)
	binary.BigEndian.PutUint16(tcp[16:], ^segmentSum(p))
	return p
}

// segmentSum is the sum over pseudo header and segment: all ones when the checksum in it is right.
func segmentSum(p []byte) uint16 {
	pseudo := append(append([]byte(nil), p[12:20]...), 0, protocolTCP, byte(len(p[20:])>>8), byte(len(p[20:])))
	return ^checksum(append(pseudo, p[20:]...))
}

// A SYN comes out of the tunnel with a segment size that fits it, and with a right checksum; either way, and where the
// option does not lie on an even offset. A smaller size, and a segment that is no SYN, are left alone. 1500 - 20 - 8 is
// the outer room; GCM takes 8 + 8 + 16 bytes of it and two of trailer, to a multiple of four: 1438, and 40 less is 1398.
func TestMSSOnThePath(t *testing.T) {
	const fits = 1398
	if got := InnerMTU(PathMTU, esp.Suite{Cipher: esp.AESGCM16, KeyBits: 128}); got != fits+40 {
		t.Fatalf("the inner MTU is %d, want %d", got, fits+40)
	}
	for _, c := range []struct {
		name    string
		flags   byte
		options []byte
		at      int // of the size, from the begin of the TCP header; 0: there is none
		want    uint16
	}{
		{"SYN", flagSYN, []byte{2, 4, 0x05, 0xb4}, 22, fits},
		{"SYN ACK", flagSYN | 0x10, []byte{2, 4, 0x05, 0xb4, 1, 3, 3, 7}, 22, fits},
		{"odd offset", flagSYN, []byte{1, 2, 4, 0x05, 0xb4}, 23, fits},
		{"after others", flagSYN, []byte{4, 2, 3, 3, 7, 2, 4, 0xff, 0xff}, 27, fits},
		{"smaller already", flagSYN, []byte{2, 4, 0x02, 0x18}, 22, 536},
		{"no SYN", 0x10, []byte{2, 4, 0x05, 0xb4}, 22, 1460},
		{"behind the end of options", flagSYN, []byte{0, 2, 4, 0x05, 0xb4}, 23, 1460},
		{"none", flagSYN, []byte{1, 1, 1, 1}, 0, 0},
	} {
		bubble(t, func(t *testing.T, p *pair) {
			p.install(gcm128, 0x1001, 0x2001)
			out := p.cross(syn("10.0.0.1", "10.0.0.2", c.flags, c.options...))
			back := p.back(syn("10.0.0.2", "10.0.0.1", c.flags, c.options...))
			for way, got := range map[string][][]byte{"out": out, "back": back} {
				switch {
				case len(got) != 1:
					t.Fatalf("%s, %s: %d packets arrived", c.name, way, len(got))
				case c.at > 0 && binary.BigEndian.Uint16(got[0][20+c.at:]) != c.want:
					t.Errorf("%s, %s: the segment size is %d, want %d", c.name, way, binary.BigEndian.Uint16(got[0][20+c.at:]), c.want)
				case segmentSum(got[0]) != 0xffff:
					t.Errorf("%s, %s: the checksum is wrong", c.name, way)
				}
			}
		})
	}
}
