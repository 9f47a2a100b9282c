package tunnel

import (
	"bytes"
	"net/netip"
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

func TestEverySuiteBothWays(t *testing.T) {
	for _, s := range suites() {
		t.Run(s.String(), func(t *testing.T) {
			bubble(t, func(t *testing.T, p *pair) {
				p.install(s, 0x1001, 0x2001)
				var out, in [][]byte
				for i, n := range []int{20, 21, 28, 64, 555, 1399, 1400} {
					out, in = append(out, there(n, byte(i))), append(in, again(n, byte(i+100)))
				}
				same(t, "there", p.cross(out...), out)
				same(t, "back", p.back(in...), in)
				drops(t, p.left, nil)
				drops(t, p.right, nil)
				for _, tun := range []*Tunnel{p.left, p.right} {
					x := tun.Stats()
					if x.InPackets != 7 || x.OutPackets != 7 || x.OutBytes != 20+21+28+64+555+1399+1400 || x.InBytes != x.OutBytes {
						t.Errorf("counters are %+v", x)
					}
				}
				got := p.left.SAStats()
				if len(got) != 1 || got[0].InSPI != 0x1001 || got[0].OutSPI != 0x2001 || got[0].OutSeq != 7 || got[0].InPackets != 7 ||
					got[0].OutPackets != 7 || !got[0].LastIn.Equal(time.Now()) {
					t.Errorf("SA counters are %+v", got)
				}
			})
		})
	}
}

func TestNothingLeavesWithoutSA(t *testing.T) {
	bubble(t, func(t *testing.T, p *pair) {
		same(t, "no SA", p.cross(there(100, 1), there(100, 2)), nil)
		if n := len(p.a.left()); n != 0 {
			t.Errorf("%d datagrams left", n)
		}
		drops(t, p.left, nil) // they wait
		p.left.forget()
		drops(t, p.left, map[string]uint64{"no-sa": 2})
		if !p.left.LastSent().IsZero() {
			t.Error("nothing was sent, yet LastSent is set")
		}
	})
}

// Packets that found no SA wait for one, the latest of them, and not for long.
func TestPacketsWait(t *testing.T) {
	bubble(t, func(t *testing.T, p *pair) {
		same(t, "no SA", p.cross(there(100, 1)), nil)
		time.Sleep(2 * time.Second)
		for i := range maxWaiting + 2 {
			same(t, "no SA", p.cross(there(100, byte(10+i))), nil)
		}
		time.Sleep(2 * time.Second)
		same(t, "no SA", p.cross(there(100, 200)), nil)
		p.install(gcm128, 0x1001, 0x2001)
		time.Sleep(resumeTime + 1)
		var want [][]byte
		for i := 3; i < maxWaiting+2; i++ {
			want = append(want, there(100, byte(10+i)))
		}
		same(t, "what waited", p.cross(there(100, 201)), append(want, there(100, 200), there(100, 201)))
		drops(t, p.left, map[string]uint64{"no-sa": 4})
	})
}

func TestInOnlyThenBoth(t *testing.T) {
	bubble(t, func(t *testing.T, p *pair) {
		left, right := p.sas(gcm128, 0x1001, 0x2001)
		if err := p.left.Install(left); err != nil {
			t.Fatal(err)
		}
		first := right
		first.InEnc, first.InOnly, first.OutSPI, first.OutEnc = slices.Clone(right.InEnc), true, 0, nil
		if err := p.right.Install(first); err != nil {
			t.Fatal(err)
		}
		same(t, "inbound works", p.cross(there(100, 1)), [][]byte{there(100, 1)})
		same(t, "outbound does not", p.back(again(100, 1)), nil)
		if s := p.right.SAStats(); len(s) != 1 || s[0].OutSPI != 0 || s[0].InPackets != 1 {
			t.Errorf("SA counters are %+v", s)
		}
		if err := p.right.Install(right); err != nil {
			t.Fatal(err)
		}
		time.Sleep(resumeTime + 1)
		same(t, "what waited comes first", p.back(again(100, 2)), [][]byte{again(100, 1), again(100, 2)})
		same(t, "inbound still works", p.cross(there(100, 3)), [][]byte{there(100, 3)})
		if s := p.right.SAStats(); len(s) != 1 || s[0].OutSPI != 0x1001 || s[0].InPackets != 2 || s[0].OutPackets != 2 {
			t.Errorf("SA counters after the upgrade are %+v", s)
		}
	})
}

func TestInstallClearsKeys(t *testing.T) {
	bubble(t, func(t *testing.T, p *pair) {
		sa, _ := p.sas(cbc128, 1, 2)
		if err := p.left.Install(sa); err != nil {
			t.Fatal(err)
		}
		for _, k := range [][]byte{sa.InEnc, sa.InAuth, sa.OutEnc, sa.OutAuth} {
			if len(k) == 0 || !bytes.Equal(k, make([]byte, len(k))) {
				t.Error("a key is still there")
			}
		}
	})
}

func TestInstallRefuses(t *testing.T) {
	bubble(t, func(t *testing.T, p *pair) {
		for name, spoil := range map[string]func(*SA){
			"a short key":          func(s *SA) { s.InEnc = s.InEnc[1:] },
			"a short key out":      func(s *SA) { s.OutEnc = s.OutEnc[1:] },
			"SPI 0":                func(s *SA) { s.InSPI = 0 },
			"SPI 0 out":            func(s *SA) { s.OutSPI = 0 },
			"no selector":          func(s *SA) { s.Remote = netip.Prefix{} },
			"an IPv6 selector":     func(s *SA) { s.Local = netip.MustParsePrefix("::/0") },
			"no peer":              func(s *SA) { s.Peer = netip.AddrPort{} },
			"an unknown transform": func(s *SA) { s.Suite.Cipher = 11 },
		} {
			sa, _ := p.sas(gcm128, 0x1001, 0x2001)
			spoil(&sa)
			if p.left.Install(sa) == nil {
				t.Errorf("%s is taken", name)
			}
			if len(p.left.SAStats()) != 0 || !bytes.Equal(sa.OutEnc, make([]byte, len(sa.OutEnc))) {
				t.Errorf("%s: half an SA is in use, or its keys remain", name)
			}
		}
	})
}

func TestNewestWinsOldReceives(t *testing.T) {
	bubble(t, func(t *testing.T, p *pair) {
		p.install(gcm128, 0x1001, 0x2001)
		left, right := p.sas(cbc128, 0x1002, 0x2002)
		if err := p.left.Install(left); err != nil {
			t.Fatal(err)
		}
		right.InOnly = true // the right end goes on to send with the old SA
		if err := p.right.Install(right); err != nil {
			t.Fatal(err)
		}
		same(t, "new", p.cross(there(100, 1)), [][]byte{there(100, 1)})
		same(t, "old", p.back(again(100, 2)), [][]byte{again(100, 2)})
		s := p.left.SAStats()
		if len(s) != 2 || s[0].InPackets != 1 || s[0].OutPackets != 0 || s[1].InPackets != 0 || s[1].OutPackets != 1 {
			t.Errorf("SA counters are %+v", s)
		}
		p.left.Retire(0x1001)
		same(t, "the old one is gone", p.back(again(100, 3)), nil)
		drops(t, p.left, map[string]uint64{"unknown-spi": 1})
		same(t, "the new one is not", p.cross(there(100, 4)), [][]byte{there(100, 4)})
		p.left.Retire(0x1001) // once more: nothing happens
		p.left.RetireAll()
		same(t, "none", p.cross(there(100, 5)), nil)
		p.left.forget()
		drops(t, p.left, map[string]uint64{"unknown-spi": 1, "no-sa": 1})
		if n := len(p.left.SAStats()); n != 0 {
			t.Errorf("%d SAs remain", n)
		}
	})
}

func TestRetireNewestGoesBackToOld(t *testing.T) {
	bubble(t, func(t *testing.T, p *pair) {
		p.install(gcm128, 0x1001, 0x2001)
		p.install(gcm128, 0x1002, 0x2002)
		p.left.Retire(0x1002)
		same(t, "old", p.cross(there(100, 1)), [][]byte{there(100, 1)})
		if s := p.right.SAStats(); s[0].InPackets != 1 || s[1].InPackets != 0 {
			t.Errorf("SA counters are %+v", s)
		}
	})
}

// TestSelectors: what the SA does not carry is dropped before it leaves, and again where it arrives.
func TestSelectors(t *testing.T) {
	bubble(t, func(t *testing.T, p *pair) {
		left, right := p.sas(gcm128, 0x1001, 0x2001)
		wide := netip.MustParsePrefix("0.0.0.0/0")
		narrow := left
		if err := p.right.Install(right); err != nil {
			t.Fatal(err)
		}
		narrow.InEnc, narrow.OutEnc = slices.Clone(left.InEnc), slices.Clone(left.OutEnc)
		if err := p.left.Install(narrow); err != nil {
			t.Fatal(err)
		}
		wrong := [][]byte{udp4("10.0.0.3", "10.0.0.2", 60, 1), udp4("10.0.0.1", "10.0.0.3", 60, 2)}
		same(t, "outbound", p.cross(append(wrong, there(60, 3))...), [][]byte{there(60, 3)})
		drops(t, p.left, map[string]uint64{"no-sa": 2})
		// A peer that does not keep to the selectors.
		p.left.RetireAll()
		left.Local, left.Remote, left.OutSPI = wide, wide, 0x2001
		if err := p.left.Install(left); err != nil {
			t.Fatal(err)
		}
		p.cross(there(60, 4)) // number 1 was seen
		same(t, "inbound", p.cross(append(wrong, there(60, 5))...), [][]byte{there(60, 5)})
		drops(t, p.right, map[string]uint64{"selector": 2, "replay": 1})
	})
}

func TestPrefixes(t *testing.T) {
	for _, x := range []struct {
		net, addr string
		has       bool
	}{
		{"0.0.0.0/0", "255.255.255.255", true}, {"0.0.0.0/0", "0.0.0.0", true},
		{"10.1.2.3/8", "10.255.0.1", true}, {"10.0.0.0/8", "11.0.0.0", false},
		{"192.0.2.128/25", "192.0.2.127", false}, {"192.0.2.128/25", "192.0.2.255", true},
		{"192.0.2.1/32", "192.0.2.1", true}, {"192.0.2.1/32", "192.0.2.0", false},
		{"128.0.0.0/1", "127.255.255.255", false}, {"128.0.0.0/1", "128.0.0.0", true},
	} {
		a := netip.MustParseAddr(x.addr).As4()
		n := uint32(a[0])<<24 | uint32(a[1])<<16 | uint32(a[2])<<8 | uint32(a[3])
		if got := newPrefix(netip.MustParsePrefix(x.net)).has(n); got != x.has {
			t.Errorf("%s has %s: %v", x.net, x.addr, got)
		}
	}
}

// TestHostileDatagrams: each is counted for what it is, and the good ones beside it arrive.
func TestHostileDatagrams(t *testing.T) {
	bubble(t, func(t *testing.T, p *pair) {
		p.install(gcm128, 0x1001, 0x2001)
		p.a.on(func(d Datagram) []Datagram {
			spoil := func(at int) Datagram {
				x := bytes.Clone(d.Data)
				x[at] ^= 1
				return Datagram{Data: x}
			}
			short := Datagram{Data: d.Data[:20]}
			return []Datagram{spoil(0), spoil(30), d, d, spoil(len(d.Data) - 1), short}
		})
		same(t, "the good ones", p.cross(there(100, 1), there(100, 2), there(100, 3)), [][]byte{there(100, 1), there(100, 2), there(100, 3)})
		// The last spoiled one has a number that was seen: it is not even decrypted.
		drops(t, p.right, map[string]uint64{"unknown-spi": 3, "auth": 3, "replay": 6, "malformed": 3})
	})
}

func TestStrangePacketsFromInside(t *testing.T) {
	bubble(t, func(t *testing.T, p *pair) {
		p.install(gcm128, 0x1001, 0x2001)
		six := make([]byte, 60)
		six[0] = 0x60
		liar := there(60, 1)
		liar[0] = 0x44 // a header of 16 bytes
		same(t, "only the good one", p.cross(six, []byte{}, []byte{0x45}, there(20, 0)[:19], liar, there(20, 0)), [][]byte{there(20, 0)})
		drops(t, p.left, map[string]uint64{"not-ipv4": 5})
	})
}

func TestDetachedDevice(t *testing.T) {
	bubble(t, func(t *testing.T, p *pair) {
		p.install(gcm128, 0x1001, 0x2001)
		p.left.Detach()
		same(t, "from a detached device", p.cross(there(60, 1)), nil)
		same(t, "to a detached device", p.back(again(60, 1)), nil)
		drops(t, p.left, map[string]uint64{"inside": 1})
		old := p.ha
		p.ha = newHost()
		p.left.Attach(p.ha)
		same(t, "from a new device", p.cross(there(60, 2)), [][]byte{there(60, 2)})
		same(t, "to a new device", p.back(again(60, 2)), [][]byte{again(60, 2)})
		old.out <- there(60, 3)
		synctest.Wait()
		same(t, "still from the old one", p.hb.take(), nil)
		if len(old.out) != 0 {
			t.Error("the old device is not read any more; what writes to it would get stuck")
		}
		old.Close()
		next := newHost()
		p.left.Attach(next) // without a Detach
		same(t, "from the one before", p.cross(there(60, 4)), nil)
		p.ha.Close()
		p.ha = next
	})
}

func TestCloseTwiceAndAfter(t *testing.T) {
	bubble(t, func(t *testing.T, p *pair) {
		p.install(gcm128, 0x1001, 0x2001)
		p.close()
		p.close()
		p.left.Attach(newHost()) // starts nothing: the bubble would complain
		if _, ok := <-p.left.IKE(); ok {
			t.Error("an IKE message after Close")
		}
		if err := p.left.WriteIKE(p.b.addr, true, []byte("x")); err == nil {
			t.Error("writing after Close is not an error")
		}
		if len(p.left.SAStats()) != 0 {
			t.Error("SAs after Close")
		}
	})
}
