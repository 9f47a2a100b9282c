package kit

import (
	"encoding/binary"

	"ezvpn/client/status"
)

// pcapHeader begins a capture file of raw IP packets with times in nanoseconds, little endian.
var pcapHeader = binary.LittleEndian.AppendUint32(binary.LittleEndian.AppendUint32([]byte{
	0x4d, 0x3c, 0xb2, 0xa1, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0}, 65535), 101)

const (
	ipHeader  = 20
	udpHeader = 8
	portIKE   = 500
)

// packet is one record: IPv4 (RFC 791), UDP without a checksum (RFC 768), the non-ESP marker on any port but 500 (RFC
// 3948), and the message. A message that fits in no IPv4 packet gives none.
func packet(d status.Disclosure) []byte {
	marker := 4
	if d.Source.Port() == portIKE || d.Destination.Port() == portIKE {
		marker = 0
	}
	size := ipHeader + udpHeader + marker + len(d.Message)
	if size > 65535 || len(d.Message) == 0 || !d.Source.Addr().Is4() || !d.Destination.Addr().Is4() {
		return nil
	}
	b := binary.LittleEndian.AppendUint32(nil, uint32(d.Time.Unix()))
	b = binary.LittleEndian.AppendUint32(b, uint32(d.Time.Nanosecond()))
	b = binary.LittleEndian.AppendUint32(b, uint32(size))
	b = binary.LittleEndian.AppendUint32(b, uint32(size))
	at := len(b)
	b = append(b, 0x45, 0, byte(size>>8), byte(size), 0, 0, 0x40, 0, 64, 17, 0, 0)
	from, to := d.Source.Addr().As4(), d.Destination.Addr().As4()
	b = append(append(b, from[:]...), to[:]...)
	binary.BigEndian.PutUint16(b[at+10:], checksum(b[at:at+ipHeader]))
	b = binary.BigEndian.AppendUint16(b, d.Source.Port())
	b = binary.BigEndian.AppendUint16(b, d.Destination.Port())
	b = binary.BigEndian.AppendUint16(b, uint16(size-ipHeader))
	b = append(b, 0, 0)
	b = append(b, make([]byte, marker)...)
	return append(b, d.Message...)
}

// checksum is that of RFC 1071, over an even number of bytes.
func checksum(b []byte) uint16 {
	sum := uint32(0)
	for i := 0; i < len(b); i += 2 {
		sum += uint32(binary.BigEndian.Uint16(b[i:]))
	}
	for sum > 0xffff {
		sum = sum>>16 + sum&0xffff
	}
	return ^uint16(sum)
}
