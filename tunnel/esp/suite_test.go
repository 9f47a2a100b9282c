package esp

import (
	"strings"
	"testing"
)

func TestValidate(t *testing.T) {
	for _, s := range suites() {
		if err := s.Validate(); err != nil {
			t.Error(err)
		}
	}
	for _, s := range []Suite{{}, {2, 0, 2}, {11, 0, 2}, {TripleDES, 128, 2}, {AESCBC, 64, 2}, {AESCBC, 0, 2}, {AESCBC, 128, 0},
		{AESCBC, 128, 3}, {TripleDES, 0, 0}, {AESGCM16, 128, 2}, {AESGCM16, 0, 0}, {18, 128, 0}, {AESCBC, 512, 7}} {
		if s.Validate() == nil {
			t.Errorf("%+v is accepted", s)
		}
		if _, err := NewSender(1, s, make([]byte, 16), make([]byte, 20)); err == nil {
			t.Errorf("%+v makes a sender", s)
		}
		if s.String() == "" || s.KeyLen() < 0 || s.SealedLen(1) < 0 {
			t.Errorf("%+v cannot be spoken of", s)
		}
	}
}

// TestKeyLengths: RFC 2451, 3602, 4106 and 2403, 2404, 4868.
func TestKeyLengths(t *testing.T) {
	for _, v := range []struct {
		suite     Suite
		enc, auth int
	}{
		{Suite{TripleDES, 0, 1}, 24, 16}, {Suite{TripleDES, 0, 2}, 24, 20}, {Suite{AESCBC, 128, 5}, 16, 32},
		{Suite{AESCBC, 192, 6}, 24, 48}, {Suite{AESCBC, 256, 7}, 32, 64},
		{Suite{AESGCM16, 128, 0}, 20, 0}, {Suite{AESGCM16, 192, 0}, 28, 0}, {Suite{AESGCM16, 256, 0}, 36, 0},
	} {
		s := v.suite
		if s.KeyLen() != v.enc || s.AuthLen() != v.auth {
			t.Errorf("%s: keys of %d and %d bytes, want %d and %d", s, s.KeyLen(), s.AuthLen(), v.enc, v.auth)
		}
		for _, off := range [][2]int{{-1, 0}, {1, 0}, {0, 1}, {-v.enc, 0}} {
			secret := strings.Repeat("secret", 20)
			_, err := NewReceiver(1, s, []byte(secret[:v.enc+off[0]]), []byte(secret[:v.auth+off[1]]))
			if err == nil || strings.Contains(err.Error(), "secret") {
				t.Errorf("%s: keys off by %v: %v", s, off, err)
			}
		}
	}
}

func TestNames(t *testing.T) {
	for s, want := range map[Suite]string{
		{TripleDES, 0, 1}:    "3DES-CBC/HMAC-MD5-96",
		{AESCBC, 256, 5}:     "AES-CBC-256/HMAC-SHA2-256-128",
		{AESGCM16, 128, 0}:   "AES-GCM-16-128",
		{Cipher: 7, Auth: 9}: "transform 7/algorithm 9",
	} {
		if s.String() != want {
			t.Errorf("%+v is called %q, want %q", s, s, want)
		}
	}
}

// TestMaxInner: the UDP columns of the MTU table; outer path minus IP and UDP headers goes to MaxInner.
func TestMaxInner(t *testing.T) {
	for _, v := range []struct {
		suite Suite
		inner [3]int // for 1500, 1492, 1400
	}{
		{Suite{AESCBC, 128, 2}, [3]int{1422, 1422, 1326}},
		{Suite{AESCBC, 256, 5}, [3]int{1422, 1422, 1326}},
		{Suite{AESCBC, 256, 7}, [3]int{1406, 1406, 1310}},
		{Suite{TripleDES, 0, 2}, [3]int{1438, 1430, 1342}},
		{Suite{AESGCM16, 128, 0}, [3]int{1438, 1430, 1338}},
	} {
		for i, outer := range []int{1500, 1492, 1400} {
			if got := v.suite.MaxInner(outer - 28); got != v.inner[i] {
				t.Errorf("%s on %d: %d, want %d", v.suite, outer, got, v.inner[i])
			}
		}
	}
}

// TestLengthsAgree: MaxInner is the largest inner packet that still fits, at every length.
func TestLengthsAgree(t *testing.T) {
	for _, s := range suites() {
		for outer := range 1600 {
			n := s.MaxInner(outer)
			if n > 0 && s.SealedLen(n) > outer {
				t.Fatalf("%s: %d bytes are too many for %d", s, n, outer)
			}
			if n >= 0 && outer >= s.SealedLen(0) && s.SealedLen(n+1) <= outer {
				t.Fatalf("%s: %d bytes are too few for %d", s, n, outer)
			}
		}
	}
}
