package keymat_test

import (
	"bytes"
	"errors"
	"testing"

	. "ezvpn/ike/keymat"
)

// RFC 2202 and RFC 4231, test case 2: the number stands for the right algorithm.
func TestPRF(t *testing.T) {
	for h, want := range map[Hash]string{
		MD5:    "750c783e6ab0b503eaa86e310a5db738",
		SHA1:   "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79",
		SHA256: "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
		SHA384: "af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e8e2240ca5e69e2c78b3239ecfab21649",
		SHA512: "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea2505549758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737",
	} {
		got := h.PRF([]byte("Jefe"), []byte("what do ya want "), []byte("for nothing?"))
		same(t, h.String(), got, want)
		if h.Size() != len(got) || !h.Known() {
			t.Errorf("%v: Size is %d, want %d", h, h.Size(), len(got))
		}
	}
	if h := Hash(3); h.Known() || h.Size() != 0 || h.PRF(nil) != nil || h.Sum() != nil {
		t.Error("Tiger exists")
	}
}

// RFC 5903 §8.1 and RFC 7748 §6.1.
func TestPublishedCurves(t *testing.T) {
	for _, v := range []struct {
		g                         Group
		private, peer, own, share string
	}{
		{ECP256, "c88f01f510d9ac3f70a292daa2316de544e9aab8afe84049c62a9c57862d1433",
			"d12dfb5289c8d4f81208b70270398c342296970a0bccb74c736fc7554494bf6356fbf3ca366cc23e8157854c13c58d6aac23f046ada30f8353e74f33039872ab",
			"dad0b65394221cf9b051e1feca5787d098dfe637fc90b9ef945d0c37725811805271a0461cdb8252d61f1c456fa3e59ab1f45b33accf5f58389e0577b8990bb3",
			"d6840f6b42f6edafd13116e0e12565202fef8e9ece7dce03812464d04b9442de"},
		{Curve25519, "5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb",
			"8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a",
			"de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f",
			"4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742"},
	} {
		pair, err := v.g.Generate(bytes.NewReader(x(v.private)))
		if err != nil {
			t.Fatalf("%v: %v", v.g, err)
		}
		same(t, v.g.String()+" public value", pair.Public(), v.own)
		s, err := pair.Shared(x(v.peer))
		if err != nil {
			t.Fatalf("%v: %v", v.g, err)
		}
		same(t, v.g.String()+" secret", s, v.share)
	}
}

func TestCipherRefusesWrongLengths(t *testing.T) {
	for _, v := range []struct {
		name          string
		c             Cipher
		key, iv, text int
		ok            bool
	}{
		{"AES-128", AES, 16, 16, 32, true}, {"AES-192", AES, 24, 16, 16, true}, {"AES-256", AES, 32, 16, 16, true},
		{"3DES", TripleDES, 24, 8, 24, true}, {"key", AES, 15, 16, 16, false}, {"3DES with two keys", TripleDES, 16, 8, 8, false},
		{"IV", AES, 16, 8, 16, false}, {"half a block", AES, 16, 16, 24, false}, {"no text", AES, 16, 16, 0, false},
		{"single DES", Cipher(1), 8, 8, 8, false},
	} {
		key, iv, text := make([]byte, v.key), make([]byte, v.iv), make([]byte, v.text)
		sealed, err := v.c.Encrypt(key, iv, text)
		if v.ok != (err == nil) || !v.ok && !errors.Is(err, ErrCipher) {
			t.Errorf("%s: encrypt: %v", v.name, err)
		}
		_, err = v.c.Decrypt(key, iv, text)
		if v.ok != (err == nil) || !v.ok && !errors.Is(err, ErrCipher) {
			t.Errorf("%s: decrypt: %v", v.name, err)
		}
		if !v.ok {
			continue
		}
		if plain, err := v.c.Decrypt(key, iv, sealed); err != nil || !bytes.Equal(plain, text) {
			t.Errorf("%s: does not come back: %v", v.name, err)
		}
		if iv[0] != 0 || text[0] != 0 {
			t.Errorf("%s: input was changed", v.name)
		}
	}
}

func TestKeyLengths(t *testing.T) {
	for _, v := range []struct {
		c    Cipher
		bits int
		n    int
	}{{AES, 128, 16}, {AES, 192, 24}, {AES, 256, 32}, {AES, 0, 16}, {TripleDES, 0, 24}, {AES, 64, 0}, {TripleDES, 128, 0}, {Cipher(1), 0, 0}} {
		if n, ok := v.c.KeyLen(v.bits); n != v.n || ok != (v.n != 0) {
			t.Errorf("%v with %d bits: %d, %v", v.c, v.bits, n, ok)
		}
	}
	if _, err := Derive(SHA1, Cipher(1), 0, nil, nil, [8]byte{}, [8]byte{}); !errors.Is(err, ErrCipher) {
		t.Errorf("keys for DES: %v", err)
	}
	if _, err := Derive(Hash(3), AES, 128, nil, nil, [8]byte{}, [8]byte{}); !errors.Is(err, ErrCipher) {
		t.Errorf("keys with Tiger: %v", err)
	}
}

func TestEqualNeedsAValue(t *testing.T) {
	if Equal(nil, nil) || Equal([]byte{}, []byte{}) || Equal([]byte{1}, []byte{1, 2}) || Equal([]byte{1}, []byte{2}) {
		t.Error("different or missing hashes are equal")
	}
	if !Equal([]byte{1, 2}, []byte{1, 2}) {
		t.Error("equal hashes differ")
	}
}

func TestClear(t *testing.T) {
	k, err := Derive(SHA1, AES, 256, []byte{1, 2, 3}, []byte{4}, [8]byte{5}, [8]byte{6})
	if err != nil {
		t.Fatal(err)
	}
	kept := [][]byte{k.SKEYID, k.D, k.A, k.E, k.Key}
	k.Clear()
	for i, b := range kept {
		if len(b) == 0 || !bytes.Equal(b, make([]byte, len(b))) {
			t.Errorf("key %d is %x after Clear", i, b)
		}
	}
	if k.Key != nil {
		t.Error("keys are still there")
	}
}

// A chain moves only when it is told to, and never by less than a block.
func TestChain(t *testing.T) {
	c := InitialChain(SHA256, TripleDES, []byte{1}, []byte{2})
	if len(c.IV()) != 8 {
		t.Errorf("IV is %d bytes", len(c.IV()))
	}
	before := bytes.Clone(c.IV())
	c.Advance([]byte{1, 2, 3})
	if !bytes.Equal(before, c.IV()) {
		t.Error("less than a block moved the chain")
	}
	text := []byte("0123456789abcdef")
	c.Advance(text)
	text[15] = 'x'
	if string(c.IV()) != "89abcdef" {
		t.Errorf("IV is %q", c.IV())
	}
	if n := len(c.Exchange(SHA256, 7).IV()); n != 8 {
		t.Errorf("IV of an exchange is %d bytes", n)
	}
}

func TestQuickClear(t *testing.T) {
	d, gxy := []byte{1, 2}, []byte{3, 4}
	q := Quick{Hash: SHA1, SKEYIDD: d, GXY: gxy, Ni: []byte{5}, Nr: []byte{6}}
	q.Clear()
	if gxy[0] != 0 || d[0] != 1 || q.SKEYIDD != nil {
		t.Errorf("after Clear the secret is %x, SKEYID_d is %x", gxy, d)
	}
	if k := (Quick{Hash: Hash(3)}).KEYMAT(1, 8); k != nil {
		t.Errorf("KEYMAT without a hash is %x", k)
	}
}

func TestNames(t *testing.T) {
	for got, want := range map[string]string{
		MD5.String(): "MD5", SHA256.String(): "SHA2-256", Hash(3).String(): "hash 3", AES.String(): "AES",
		TripleDES.String(): "3DES", Cipher(1).String(): "cipher 1", MODP2048.String(): "MODP2048",
		Curve25519.String(): "Curve25519", Group(1).String(): "group 1",
	} {
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
