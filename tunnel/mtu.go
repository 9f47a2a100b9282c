package tunnel

import (
	"encoding/binary"

	"ezvpn/tunnel/esp"
)

// PathMTU is the outer path that is assumed: Ethernet, in bytes.
const PathMTU = 1500

// outerHeaders are IPv4 and UDP.
const outerHeaders = 20 + 8

// InnerMTU is the largest inner packet whose ESP in UDP fits an IPv4 path of path bytes without fragments.
func InnerMTU(path int, s esp.Suite) int { return s.MaxInner(path - outerHeaders) }

// mssFor is the TCP segment size for an inner MTU: less the IPv4 and TCP headers.
func mssFor(mtu int) uint16 { return uint16(max(mtu-40, 0)) }

const (
	protocolICMP = 1
	protocolTCP  = 6
	flagSYN      = 2
	flagDF       = 0x40
	optionMSS    = 2
)

// clampMSS lowers the MSS option of a SYN, so that neither end sends what does not fit. It never raises it.
func clampMSS(p []byte, mss uint16) {
	head := int(p[0]&15) * 4
	if p[9] != protocolTCP || head < 20 || len(p) < head+20 || binary.BigEndian.Uint16(p[6:])&0x1fff != 0 || p[head+13]&flagSYN == 0 {
		return
	}
	tcp := p[head:]
	end := min(int(tcp[12]>>4)*4, len(tcp))
	for i := 20; i+1 < end; {
		kind, n := tcp[i], int(tcp[i+1])
		switch {
		case kind == 0:
			return
		case kind == 1:
			i++
			continue
		case n < 2 || i+n > end:
			return
		case kind == optionMSS && n == 4:
			old := binary.BigEndian.Uint16(tcp[i+2:])
			if old > mss {
				binary.BigEndian.PutUint16(tcp[i+2:], mss)
				adjust(tcp[16:18], i%2 != 0, old, mss)
			}
			return
		}
		i += n
	}
}

// adjust corrects a checksum after one 16 bit value changed (RFC 1624). odd says that the value does not lie on an
// even offset of the segment.
func adjust(sum []byte, odd bool, old, now uint16) {
	if odd {
		old, now = old<<8|old>>8, now<<8|now>>8
	}
	s := uint32(^binary.BigEndian.Uint16(sum)) + uint32(^old) + uint32(now)
	for s > 0xffff {
		s = s>>16 + s&0xffff
	}
	binary.BigEndian.PutUint16(sum, ^uint16(s))
}

// tooBig answers a packet that may not be fragmented and does not fit with ICMP "fragmentation needed" (RFC 1191).
// One answer at a time is under way, which also limits their rate; it does not run in the pump, because a userspace
// stack may send while it takes the answer, and would wait for the pump to read.
func (t *Tunnel) tooBig(in *attachment, p []byte, mtu int) {
	head := int(p[0]&15) * 4
	if p[6]&flagDF == 0 || len(p) < head+8 || binary.BigEndian.Uint16(p[6:])&0x1fff != 0 || p[9] == protocolICMP {
		return
	}
	if !in.warned.CompareAndSwap(false, true) {
		return
	}
	b := needFragment(p[:head+8], mtu)
	go func() {
		defer in.warned.Store(false)
		if in.gone.Load() {
			return
		}
		if _, err := in.inside.WriteBatch([][]byte{b}, writeOffset); err != nil {
			t.counters.add(dropInside, 1)
		}
	}()
}

// needFragment is the ICMP message to the source of a packet that begins with quote, behind writeOffset.
func needFragment(quote []byte, mtu int) []byte {
	b := make([]byte, writeOffset+28+len(quote))
	q := b[writeOffset:]
	q[0], q[8], q[9] = 0x45, 64, protocolICMP
	binary.BigEndian.PutUint16(q[2:], uint16(len(q)))
	copy(q[12:16], quote[16:20])
	copy(q[16:20], quote[12:16])
	binary.BigEndian.PutUint16(q[10:], checksum(q[:20]))
	q[20], q[21] = 3, 4
	binary.BigEndian.PutUint16(q[26:], uint16(mtu))
	copy(q[28:], quote)
	binary.BigEndian.PutUint16(q[22:], checksum(q[20:]))
	return b
}

// checksum is the Internet checksum (RFC 1071).
func checksum(b []byte) uint16 {
	var s uint32
	for ; len(b) > 1; b = b[2:] {
		s += uint32(b[0])<<8 | uint32(b[1])
	}
	if len(b) == 1 {
		s += uint32(b[0]) << 8
	}
	for s > 0xffff {
		s = s>>16 + s&0xffff
	}
	return ^uint16(s)
}
