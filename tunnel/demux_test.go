package tunnel

import (
	"bytes"
	"net/netip"
	"testing"
	"testing/synctest"
)

// TestDemux: RFC 3948 §2. Port 500 knows no marker; a gateway's own NAT-T port knows nothing else.
func TestDemux(t *testing.T) {
	plain, natt := netip.MustParseAddrPort("192.0.2.1:500"), netip.MustParseAddrPort("192.0.2.1:4500")
	zero := []byte{0, 0, 0, 0}
	for _, x := range []struct {
		name   string
		peer   netip.AddrPort
		marker bool
		data   []byte
		ike    []byte
		isIKE  bool
		isESP  bool
	}{
		{"port 500", plain, false, []byte("cookies"), []byte("cookies"), true, false},
		{"port 500, zeros", plain, false, zero, zero, true, false},
		{"port 500, empty", plain, false, nil, nil, true, false},
		{"port 500 of a client behind a NAT", plain, true, []byte("\x00\x00\x00\x00hello"), []byte("hello"), true, false},
		{"the same, ESP", plain, true, []byte{0, 0, 1, 0, 9}, nil, false, true},
		{"marker", natt, false, []byte("\x00\x00\x00\x00hello"), []byte("hello"), true, false},
		{"marker alone", natt, false, zero, nil, true, false},
		{"keepalive", natt, false, []byte{0xff}, nil, false, false},
		{"one other byte", natt, false, []byte{0}, nil, false, false},
		{"empty", natt, false, nil, nil, false, false},
		{"three bytes", natt, false, zero[:3], nil, false, false},
		{"ESP", natt, false, []byte{1, 2, 3, 4, 0, 0, 0, 1}, nil, false, true},
		{"ESP of four bytes", natt, false, []byte{0, 0, 0, 1}, nil, false, true},
		{"two keepalive bytes and more", natt, false, []byte{0xff, 0xff, 0xff, 0xff}, nil, false, true},
		{"a NAT chose the port", netip.MustParseAddrPort("192.0.2.1:1027"), false, []byte("\x00\x00\x00\x00hello"), []byte("hello"), true, false},
	} {
		ike, isIKE, isESP := demux(Datagram{Peer: x.peer, Data: x.data}, x.marker)
		if !bytes.Equal(ike, x.ike) || isIKE != x.isIKE || isESP != x.isESP {
			t.Errorf("%s: %q, IKE %v, ESP %v", x.name, ike, isIKE, isESP)
		}
	}
}

func TestIKEBothWays(t *testing.T) {
	bubble(t, func(t *testing.T, p *pair) {
		for _, msg := range []string{"first", "second"} {
			if err := p.left.WriteIKE(p.b.addr, true, []byte(msg)); err != nil {
				t.Fatal(err)
			}
		}
		if s := p.a.left(); len(s) != 2 || string(s[0].Data) != "\x00\x00\x00\x00first" {
			t.Errorf("on the wire: %q", s)
		}
		for _, msg := range []string{"first", "second"} {
			if d := <-p.right.IKE(); string(d.Data) != msg || d.Peer != p.a.addr || !d.Marker {
				t.Errorf("got %q from %s, want %q", d.Data, d.Peer, msg)
			}
		}
		plain := netip.MustParseAddrPort("198.51.100.1:500")
		if err := p.left.WriteIKE(plain, false, []byte("plain")); err != nil {
			t.Fatal(err)
		}
		if s := p.a.left(); len(s) != 1 || string(s[0].Data) != "plain" || s[0].Peer != plain {
			t.Errorf("on the wire: %q", s)
		}
		// The answer's memory belongs to whoever takes it.
		answer := []byte("answer")
		p.a.in <- Datagram{Peer: plain, Data: answer}
		synctest.Wait()
		copy(answer, "xxxxxx")
		if d := <-p.left.IKE(); string(d.Data) != "answer" || d.Marker || d.Peer != plain {
			t.Errorf("got %q from %s", d.Data, d.Peer)
		}
	})
}

// TestIKEQueue: an owner who does not listen costs messages, and never ESP.
func TestIKEQueue(t *testing.T) {
	bubble(t, func(t *testing.T, p *pair) {
		p.install(gcm128, 1, 2)
		for range ikeQueue + 10 {
			if err := p.left.WriteIKE(p.b.addr, true, []byte("hello")); err != nil {
				t.Fatal(err)
			}
		}
		same(t, "ESP behind it", p.cross(there(100, 1)), [][]byte{there(100, 1)})
		drops(t, p.right, map[string]uint64{"ike-queue": 10})
	})
}

// FuzzInbound: whatever a stranger sends, only what the peer sealed reaches the inside, and the tunnel goes on.
func FuzzInbound(f *testing.F) {
	f.Add([]byte{0xff}, uint16(4500))
	f.Add([]byte("\x00\x00\x00\x00hello"), uint16(500))
	f.Add([]byte{0, 0, 0x20, 1, 0, 0, 0, 9, 1, 2, 3, 4, 5, 6, 7, 8, 9}, uint16(4500))
	f.Add(append([]byte{0, 0, 0x20, 2, 0, 0, 0, 9}, make([]byte, 16+16+12)...), uint16(4500))
	f.Fuzz(func(t *testing.T, data []byte, from uint16) {
		bubble(t, func(t *testing.T, p *pair) {
			p.install(gcm128, 0x1001, 0x2001)
			p.install(cbc128, 0x1002, 0x2002)
			p.b.in <- Datagram{Peer: netip.AddrPortFrom(p.a.addr.Addr(), from), Data: data}
			same(t, "a good packet after it", p.cross(there(100, 1)), [][]byte{there(100, 1)})
			if s := p.right.SAStats(); s[0].InPackets+s[1].InPackets != 1 {
				t.Errorf("SA counters are %+v", s)
			}
		})
	})
}
