package capturetest

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"sort"
)

// readPcap gives the UDP datagrams of a recording of Ethernet frames.
func readPcap(b []byte) ([]Datagram, error) {
	if len(b) < 24 {
		return nil, fmt.Errorf("recording has no header")
	}
	var order binary.ByteOrder = binary.BigEndian
	if m := binary.LittleEndian.Uint32(b); m == 0xa1b2c3d4 || m == 0xa1b23c4d {
		order = binary.LittleEndian
	}
	if link := order.Uint32(b[20:]); link != 1 {
		return nil, fmt.Errorf("link type %d is not Ethernet", link)
	}
	var out []Datagram
	parts := fragments{}
	b = b[24:]
	for frame := 1; len(b) >= 16; frame++ {
		n := int(order.Uint32(b[8:]))
		if n > len(b)-16 {
			return nil, fmt.Errorf("frame %d is cut short", frame)
		}
		d, ok := parts.datagram(b[16 : 16+n])
		if ok {
			d.Frame = frame
			out = append(out, d)
		}
		b = b[16+n:]
	}
	return out, nil
}

// fragments are IPv4 fragments by source, destination and identification, then by offset.
type fragments map[[10]byte]map[int]fragment

type fragment struct {
	data []byte
	last bool
}

func (f fragments) datagram(frame []byte) (Datagram, bool) {
	const ethernet, ipv4, udp = 14, 0x0800, 17
	if len(frame) < ethernet+20 || binary.BigEndian.Uint16(frame[12:]) != ipv4 {
		return Datagram{}, false
	}
	ip := frame[ethernet:]
	ip = ip[:min(len(ip), int(binary.BigEndian.Uint16(ip[2:])))]
	head := int(ip[0]&15) * 4
	if len(ip) < head || head < 20 || ip[9] != udp {
		return Datagram{}, false
	}
	body, ok := ip[head:], true
	if word := binary.BigEndian.Uint16(ip[6:]); word&0x3fff != 0 {
		key := [10]byte(append(append([]byte{}, ip[12:20]...), ip[4:6]...))
		body, ok = f.add(key, int(word&0x1fff)*8, fragment{body, word&0x2000 == 0})
	}
	if !ok || len(body) < 8 {
		return Datagram{}, false
	}
	length := int(binary.BigEndian.Uint16(body[4:]))
	if length < 8 || length > len(body) {
		return Datagram{}, false
	}
	at := func(addr, port []byte) netip.AddrPort {
		return netip.AddrPortFrom(netip.AddrFrom4([4]byte(addr)), binary.BigEndian.Uint16(port))
	}
	return Datagram{From: at(ip[12:16], body), To: at(ip[16:20], body[2:]), Payload: body[8:length:length]}, true
}

// add keeps one fragment and gives the whole when nothing is missing.
func (f fragments) add(key [10]byte, offset int, part fragment) ([]byte, bool) {
	if f[key] == nil {
		f[key] = map[int]fragment{}
	}
	f[key][offset] = part
	var offsets []int
	for o := range f[key] {
		offsets = append(offsets, o)
	}
	sort.Ints(offsets)
	var whole []byte
	for _, o := range offsets {
		if o != len(whole) {
			return nil, false
		}
		whole = append(whole, f[key][o].data...)
		if f[key][o].last {
			delete(f, key)
			return whole, true
		}
	}
	return nil, false
}
