package esp

import (
	"bytes"
	"encoding/hex"
	"testing"
)

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// RFC 3602 §4 case 7 is a tunnel-mode ESP packet without an ICV: the cipher half of our CBC transform must decrypt
// it to the published inner packet.
func TestRFC3602Case7(t *testing.T) {
	key := unhex(t, "0123456789abcdef0123456789abcdef")
	packet := unhex(t, "0000876500000002"+"f4e765244f6407adf13dc1380f673f37"+
		"773b5241a4c449225e4f3ce5ed611b0c237ca96cf74a93013c1b0ea1a0cf70f8e4ecaec78ac53aad7a0f022b859243c647752e94a859352b8a4d4d2decd136e5c177f132ad3fbfb2201ac9904c74ee0a109e0ca1e4dfe9d5a100b842f1c22f0d")
	s := Suite{Cipher: AESCBC, KeyBits: 128, Auth: 2}
	c, err := newCBC(s, key, make([]byte, 20))
	if err != nil {
		t.Fatal(err)
	}
	packet = append(packet, c.tag(packet)[:12]...) // an ICV of our own: the case has none
	r := &Receiver{spi: 0x8765, suite: s, t: c}
	p := []Packet{{Src: packet, Dst: make([]byte, len(packet))}}
	if r.Open(p) != 1 {
		t.Fatal(p[0].Err)
	}
	in := p[0].Dst[:p[0].N]
	if want := unhex(t, "450000540904"); !bytes.HasPrefix(in, want) || len(in) != 0x54 {
		t.Errorf("inner packet % x of %d bytes", in[:6], len(in))
	}
}

// The AES-128 and AES-256 packets of draft-mcgrew-gcm-test: salt, IV and AAD in, ciphertext and tag out. They use
// extended sequence numbers or other lengths of AAD, so they pin the AEAD under our nonce layout, not the framing.
func TestMcGrewGCM(t *testing.T) {
	for _, v := range []struct{ key, salt, iv, aad, plain, want string }{
		{"4c80cdefbb5d10da906ac73c3613a634", "2e443b68", "4956ed7e3b244cfe", "000043218765432100000000",
			"45000048699a000080114db7c0a80102c0a801010a9bf15638d301000001000000000000045f736970045f756470037369700963796265726369747902646b000021000101020201",
			"fecf537e729d5b07dc30df528dd22b768d1b98736696a6fd348509fa13ceac34cfa2436f14a3f3cf65925bf1f4a13c5d15b21e1884f5ff6247aeabb786b93bce61bc17d768fd9732459018148f6cbe722fd04796562dfdb4"},
		{"abbccddef00112233445566778899aababbccddef00112233445566778899aab", "11223344", "0102030405060708", "4a2cbfe300000002",
			"4500003069a6400080062690c0a801029389155e0a9e008b2dc57ee0000000007002400020bf0000020405b40101040201020201",
			"ff425c9b724599df7a3bcd510194e00d6a78107f1b0b1cbf06efae9d65a5d763748a637985771d347f0545659f14e99def842d8eb335f4eecfdbf831824b4c4915956c96"},
	} {
		g, err := newGCM(append(unhex(t, v.key), unhex(t, v.salt)...))
		if err != nil {
			t.Fatal(err)
		}
		copy(g.nonce[saltLen:], unhex(t, v.iv))
		if got := g.aead.Seal(nil, g.nonce[:], unhex(t, v.plain), unhex(t, v.aad)); !bytes.Equal(got, unhex(t, v.want)) {
			t.Errorf("got  %x\nwant %s", got, v.want)
		}
	}
}

// Own fixtures, recomputed with the openssl command line: one packet of each kind, SPI d1d2d3d4, sequence 1.
func TestOwnFixtures(t *testing.T) {
	inner := unhex(t, "4500001c0001000040015e9c0a0908070a0000350800f7ff00000000")
	for _, v := range []struct {
		name              string
		suite             Suite
		enc, auth, packet string
	}{
		{"AES-CBC-256/SHA1", Suite{AESCBC, 256, 2}, "aed220455f7ae7fd4b0f083583609b3e1511b0787ce998542bbd12d82c2b678f", "d8ac179279c701a3478463028610a197a3ab3fa1",
			"d1d2d3d400000001808182838485868788898a8b8c8d8e8f0e63c89ab25b5335667ebaa6442c830ac6dda03830f6f7fe1df8dcbef29cc65f8d7b7749a42ef451335117c2"},
		{"AES-GCM-256", Suite{AESGCM16, 256, 0}, "aed220455f7ae7fd4b0f083583609b3e1511b0787ce998542bbd12d82c2b678fd8ac1792", "",
			"d1d2d3d400000001000000000000000173b79503f6f8d125de595b224bc0be6afc4fecdb0439ff6496ca4f2a71f5cc30e957295cea2634e94d7ca6fde774aa20"},
	} {
		t.Run(v.name, func(t *testing.T) {
			packet := unhex(t, v.packet)
			r, err := NewReceiver(0xd1d2d3d4, v.suite, unhex(t, v.enc), unhex(t, v.auth))
			if err != nil {
				t.Fatal(err)
			}
			p := []Packet{{Src: packet, Dst: make([]byte, len(packet))}}
			if r.Open(p) != 1 {
				t.Fatal(p[0].Err)
			}
			if !bytes.Equal(p[0].Dst[:p[0].N], inner) {
				t.Errorf("inner %x", p[0].Dst[:p[0].N])
			}
			if v.suite.Cipher != AESGCM16 {
				return // its IV is random: sealing cannot give the same bytes
			}
			s, err := NewSender(0xd1d2d3d4, v.suite, unhex(t, v.enc), nil)
			if err != nil {
				t.Fatal(err)
			}
			p = []Packet{{Src: inner, Dst: make([]byte, 128)}}
			if _, err := s.Seal(p); err != nil || !bytes.Equal(p[0].Dst[:p[0].N], packet) {
				t.Errorf("sealed %x, %v", p[0].Dst[:p[0].N], err)
			}
		})
	}
}

// The UDP columns of the MTU table: outer path minus IP and UDP headers goes to MaxInner.
func TestMaxInner(t *testing.T) {
	for _, v := range []struct {
		suite Suite
		path  [3]int // for 1500, 1492, 1400
	}{
		{Suite{AESCBC, 128, 2}, [3]int{1422, 1422, 1326}},
		{Suite{AESCBC, 256, 5}, [3]int{1422, 1422, 1326}},
		{Suite{AESCBC, 256, 7}, [3]int{1406, 1406, 1310}},
		{Suite{TripleDES, 0, 2}, [3]int{1438, 1430, 1342}},
		{Suite{AESGCM16, 128, 0}, [3]int{1438, 1430, 1338}},
	} {
		for i, outer := range []int{1500, 1492, 1400} {
			got := v.suite.MaxInner(outer - 28)
			if got != v.path[i] {
				t.Errorf("%s on %d: %d, want %d", v.suite, outer, got, v.path[i])
			}
			if v.suite.SealedLen(got) > outer-28 || v.suite.SealedLen(got+1) <= outer-28 {
				t.Errorf("%s on %d: SealedLen disagrees with MaxInner", v.suite, outer)
			}
		}
	}
}
