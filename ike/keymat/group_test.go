package keymat_test

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"math/big"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"ezvpn/ike/capturetest"
	. "ezvpn/ike/keymat"
)

var allGroups = []Group{MODP1024, MODP1536, MODP2048, MODP3072, MODP4096, ECP256, ECP384, ECP521, Curve25519}

// What RFC 2409, RFC 3526, RFC 5903 and RFC 8031 say about the length of a KE body.
var sizes = map[Group]int{MODP1024: 128, MODP1536: 192, MODP2048: 256, MODP3072: 384, MODP4096: 512, ECP256: 64,
	ECP384: 96, ECP521: 132, Curve25519: 32}

func TestBothSidesShareASecret(t *testing.T) {
	for _, g := range allGroups {
		a, err := g.Generate(rand.Reader)
		if err != nil {
			t.Fatalf("%v: %v", g, err)
		}
		b, err := g.Generate(rand.Reader)
		if err != nil {
			t.Fatalf("%v: %v", g, err)
		}
		if len(a.Public()) != sizes[g] || g.Size() != sizes[g] {
			t.Errorf("%v: KE is %d bytes, Size is %d, want %d", g, len(a.Public()), g.Size(), sizes[g])
		}
		ab, err := a.Shared(b.Public())
		if err != nil {
			t.Fatalf("%v: %v", g, err)
		}
		ba, err := b.Shared(a.Public())
		if err != nil || !bytes.Equal(ab, ba) {
			t.Errorf("%v: secrets differ: %v", g, err)
		}
		want := sizes[g]
		if g == ECP256 || g == ECP384 || g == ECP521 {
			want /= 2 // x alone
		}
		if len(ab) != want {
			t.Errorf("%v: secret is %d bytes, want %d", g, len(ab), want)
		}
		Clear(a, ab)
		if _, err := a.Shared(b.Public()); !errors.Is(err, ErrPublic) {
			t.Errorf("%v: a cleared pair still works: %v", g, err)
		}
		if !bytes.Equal(ab, make([]byte, len(ab))) {
			t.Errorf("%v: secret is not cleared", g)
		}
	}
}

// source gives one byte for ever, so that a pair can be made again.
type source byte

func (s source) Read(b []byte) (int, error) {
	for i := range b {
		b[i] = byte(s)
	}
	return len(b), nil
}

var errSource = errors.New("source is empty")

type empty struct{}

func (empty) Read([]byte) (int, error) { return 0, errSource }

func TestRandomnessComesFromTheSource(t *testing.T) {
	for _, g := range allGroups {
		a, err := g.Generate(source(0x55))
		if err != nil {
			t.Fatalf("%v: %v", g, err)
		}
		b, _ := g.Generate(source(0x55))
		if !bytes.Equal(a.Public(), b.Public()) {
			t.Errorf("%v: the same source gives another pair", g)
		}
		if _, err := g.Generate(empty{}); !errors.Is(err, errSource) {
			t.Errorf("%v: error is %v", g, err)
		}
	}
	if _, err := ECP256.Generate(source(0)); err == nil {
		t.Error("a private key of zero is taken")
	}
	if _, err := Group(1).Generate(rand.Reader); !errors.Is(err, ErrGroup) {
		t.Errorf("group 1: %v", err)
	}
	if Group(1).Known() || Cipher(1).Known() {
		t.Error("DES or group 1 exists")
	}
}

func TestForeignPublicValuesAreRefused(t *testing.T) {
	number := func(n *big.Int, size int) []byte { return n.FillBytes(make([]byte, size)) }
	for g, hexPrime := range typedPrimes(t) {
		if !g.Known() {
			continue
		}
		p, _ := new(big.Int).SetString(hexPrime, 16)
		pair, err := g.Generate(rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		for name, v := range map[string][]byte{
			"0":       number(big.NewInt(0), g.Size()),
			"1":       number(big.NewInt(1), g.Size()),
			"p-1":     number(new(big.Int).Sub(p, big.NewInt(1)), g.Size()),
			"p":       number(p, g.Size()),
			"p+2":     number(new(big.Int).Add(p, big.NewInt(2)), g.Size()),
			"short":   pair.Public()[1:],
			"long":    append([]byte{0}, pair.Public()...),
			"nothing": nil,
		} {
			if _, err := pair.Shared(v); !errors.Is(err, ErrPublic) {
				t.Errorf("%v: %s: %v", g, name, err)
			}
		}
	}
	for _, g := range []Group{ECP256, ECP384, ECP521, Curve25519} {
		pair, err := g.Generate(rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		off := bytes.Clone(pair.Public())
		off[len(off)-1] ^= 1
		bad := map[string][]byte{"zero": make([]byte, g.Size()), "short": off[1:], "long": append([]byte{4}, off...), "nothing": nil}
		if g != Curve25519 { // every 32 bytes are a point of Curve25519
			bad["off the curve"] = off
		}
		for name, v := range bad {
			if _, err := pair.Shared(v); !errors.Is(err, ErrPublic) {
				t.Errorf("%v: %s: %v", g, name, err)
			}
		}
	}
}

func typedPrimes(t *testing.T) map[Group]string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(capturetest.Dir(t, "vectors"), "modp_primes.txt"))
	if err != nil {
		t.Fatal(err)
	}
	out := map[Group]string{}
	for _, m := range regexp.MustCompile(`group (\d+) .*\n([0-9A-F]+)`).FindAllStringSubmatch(string(b), -1) {
		n, _ := new(big.Int).SetString(m[1], 10)
		out[Group(n.Uint64())] = m[2]
	}
	return out
}

// The SHA-256 of the primes of RFC 2409 and RFC 3526, so that a mistyped table is found.
func TestPrimes(t *testing.T) {
	sums := map[Group]string{
		MODP1024: "3f35a3f5f6c4376a744acad409bb22f8d897f949d2311d885adaa890981b67a0",
		MODP1536: "64fcc83ec403930bf18393dbc883ccaa1fbb08ac876f77f7aa99748ca945019b",
		MODP2048: "d66436f79bbd6b2e38c0ffbd079be904d2641415e2e67140e09448be9a60890e",
		MODP3072: "48cf8b092fbce4359d9871abf74f98e25b6163379eaa15cd9087e800c6d1c55c",
		MODP4096: "4ee95187682bcb230ad26a95205f6920e84708f6251b3894329b09ec23919e33",
	}
	typed := typedPrimes(t)
	for g, want := range sums {
		p := Prime(g)
		if got := sha256.Sum256(p); hex.EncodeToString(got[:]) != want {
			t.Errorf("prime of %v: SHA-256 is %x", g, got)
		}
		if hex.EncodeToString(p) != strings.ToLower(typed[g]) {
			t.Errorf("prime of %v is not that of the RFC", g)
		}
	}
}

// A secret that starts with a zero byte keeps it; from the tests of RUB-NDS IPsec-StateMachineExtractor.
func TestPublishedSecretWithLeadingZero(t *testing.T) {
	pair := MODPPair(MODP1024, x("357449fa7673fcf4faf97d5bd90f42f7cef89af2523d7b49c500377bfe3f8db3a55da3ad0abdd0e363fb69edea9f97539f8c9ebaba87c4056a23aa52c6ed5f866ebe68c8f7aa3c4984fe3846bf35d64252daec4d52a076220487b8b098fa04f5156e6c68bdcc1d9c156ae80f4db02ed4b33840fe2c8b5c20d1335cca08a53eac"))
	s, err := pair.Shared(x("b8c8f889d2105ec783b99a62fd792a48628ccad1d30a9bd19cb0a8d5be155a7a22f86386e8592a683ce01a8cbe77e48e45702ba82e6e73831e7400adb77d45e873a3228aa4b76ef02443681fd8cdda76716a90a4c8006dcbdbd6425a1e2afc8b8c9837ffd53a69d7747a12a6231abcdf9b887742e25a86b5c516bfd7cc0f29c8"))
	if err != nil {
		t.Fatal(err)
	}
	if len(s) != 128 || !bytes.HasPrefix(s, x("001c25a7bef0ca24")) {
		t.Errorf("secret is %x", s)
	}
}
