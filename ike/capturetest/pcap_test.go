package capturetest

import (
	"encoding/binary"
	"net/netip"
	"testing"
)

// frame makes an Ethernet frame with an IPv4 fragment of a UDP datagram.
func frame(id uint16, offset int, more bool, body []byte) []byte {
	b := make([]byte, 14+20, 14+20+len(body))
	b[12], b[13] = 8, 0
	ip := b[14:]
	ip[0], ip[9] = 0x45, 17
	binary.BigEndian.PutUint16(ip[2:], uint16(20+len(body)))
	binary.BigEndian.PutUint16(ip[4:], id)
	word := uint16(offset / 8)
	if more {
		word |= 0x2000
	}
	binary.BigEndian.PutUint16(ip[6:], word)
	copy(ip[12:], []byte{192, 0, 2, 1, 192, 0, 2, 2})
	return append(append(b, body...), 0, 0) // Ethernet padding behind the packet
}

func pcap(frames ...[]byte) []byte {
	b := binary.LittleEndian.AppendUint32(nil, 0xa1b2c3d4)
	b = append(b, make([]byte, 16)...)
	b = binary.LittleEndian.AppendUint32(b, 1)
	for _, f := range frames {
		b = append(b, make([]byte, 8)...)
		b = binary.LittleEndian.AppendUint32(b, uint32(len(f)))
		b = binary.LittleEndian.AppendUint32(b, uint32(len(f)))
		b = append(b, f...)
	}
	return b
}

// udp makes a datagram from port 4500 to 500 with n bytes of payload.
func udp(n int) []byte {
	b := binary.BigEndian.AppendUint16(nil, 4500)
	b = binary.BigEndian.AppendUint16(b, 500)
	b = binary.BigEndian.AppendUint16(b, uint16(8+n))
	b = append(b, 0, 0)
	for i := range n {
		b = append(b, byte(i))
	}
	return b
}

func TestIPFragmentsComeTogether(t *testing.T) {
	d := udp(56)
	ds, err := readPcap(pcap(frame(1, 0, false, udp(3)), frame(7, 32, true, d[32:48]), frame(8, 0, true, d[:32]),
		frame(7, 48, false, d[48:]), frame(7, 0, true, d[:32])))
	if err != nil || len(ds) != 2 {
		t.Fatalf("%d datagrams, %v", len(ds), err)
	}
	if ds[0].Frame != 1 || len(ds[0].Payload) != 3 {
		t.Errorf("first datagram is %+v", ds[0])
	}
	if ds[1].Frame != 5 || string(ds[1].Payload) != string(d[8:]) || ds[1].From != netip.MustParseAddrPort("192.0.2.1:4500") {
		t.Errorf("second datagram is %+v", ds[1])
	}
}

func TestBrokenRecordings(t *testing.T) {
	good := pcap(frame(1, 0, false, udp(3)))
	for i := range good {
		if ds, err := readPcap(good[:i]); len(ds) != 0 && err == nil {
			t.Errorf("%d of %d bytes give a datagram", i, len(good))
		}
	}
}

func TestDemultiplexing(t *testing.T) {
	from, to := netip.MustParseAddrPort("192.0.2.1:4500"), netip.MustParseAddrPort("192.0.2.2:4500")
	for payload, want := range map[string][2]int{
		"\xff":                             {-1, -1},
		"\x00\x00\x00\x00abc":              {3, -1},
		"\x00\x00\x00\x01\x00\x00\x00\x01": {-1, 8},
		"abc":                              {-1, -1},
	} {
		d := Datagram{From: from, To: to, Payload: []byte(payload)}
		ike, isIKE := d.IKE()
		esp, isESP := d.ESP()
		if isIKE != (want[0] >= 0) || isESP != (want[1] >= 0) || isIKE && len(ike) != want[0] || isESP && len(esp) != want[1] {
			t.Errorf("%q: IKE %v, ESP %v", payload, isIKE, isESP)
		}
	}
}

// A recorded half of an exchange works with the recorded peer alone.
func TestPair(t *testing.T) {
	c := Load(t, "08-swan-pfs")
	sa := &c.ISAKMP[0]
	i, r := sa.Pair(true), sa.Pair(false)
	a, err := i.Shared(r.Public())
	if err != nil || string(a) != string(sa.GXY) {
		t.Errorf("secret is %x, %v", a, err)
	}
	if _, err := i.Shared(i.Public()); err == nil {
		t.Error("another peer gives a secret")
	}
	q := &sa.Children[0]
	b, err := q.Pair(false).Shared(q.KEI)
	if err != nil || len(b) == 0 || string(b) != string(q.GXY) {
		t.Errorf("secret of the Quick Mode is %x, %v", b, err)
	}
}
