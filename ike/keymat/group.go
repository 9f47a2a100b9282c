package keymat

import (
	"crypto/ecdh"
	"errors"
	"fmt"
	"io"
	"math/big"
)

// Diffie-Hellman groups (RFC 2409 §6, RFC 3526, RFC 5903, RFC 8031).
const (
	MODP1024   Group = 2
	MODP1536   Group = 5
	MODP2048   Group = 14
	MODP3072   Group = 15
	MODP4096   Group = 16
	ECP256     Group = 19
	ECP384     Group = 20
	ECP521     Group = 21
	Curve25519 Group = 31
)

// ErrPublic is returned for a KE value of the wrong length, out of range, or not on the curve.
var ErrPublic = errors.New("key exchange value does not belong to the group")

// ErrGroup is returned for a group that is not spoken.
var ErrGroup = errors.New("Diffie-Hellman group is not supported")

// parameters of one group: either a prime, or a curve.
type parameters struct {
	name     string
	prime    *big.Int
	exponent int // bits of a private value: at least twice the strength of the group (RFC 3526 §8)
	curve    ecdh.Curve
	field    int // bytes of a coordinate
	points   bool
}

var groups = map[Group]parameters{
	MODP1024:   modp("MODP1024", modp1024, 256),
	MODP1536:   modp("MODP1536", modp1536, 256),
	MODP2048:   modp("MODP2048", modp2048, 320),
	MODP3072:   modp("MODP3072", modp3072, 384),
	MODP4096:   modp("MODP4096", modp4096, 512),
	ECP256:     {name: "ECP256", curve: ecdh.P256(), field: 32, points: true},
	ECP384:     {name: "ECP384", curve: ecdh.P384(), field: 48, points: true},
	ECP521:     {name: "ECP521", curve: ecdh.P521(), field: 66, points: true},
	Curve25519: {name: "Curve25519", curve: ecdh.X25519(), field: 32},
}

func modp(name, prime string, exponent int) parameters {
	p, ok := new(big.Int).SetString(prime, 16)
	if !ok {
		panic("prime of " + name)
	}
	return parameters{name: name, prime: p, exponent: exponent}
}

// Known reports whether the group can be used.
func (g Group) Known() bool { _, ok := groups[g]; return ok }

func (g Group) String() string {
	if p, ok := groups[g]; ok {
		return p.name
	}
	return fmt.Sprintf("group %d", uint16(g))
}

// Size is the length of the KE body in bytes, 0 for an unknown group.
func (g Group) Size() int {
	p := groups[g]
	switch {
	case p.prime != nil:
		return (p.prime.BitLen() + 7) / 8
	case p.points:
		return 2 * p.field
	}
	return p.field
}

// Generate makes a key pair. All randomness comes from rand, so that a fixed source gives a fixed pair. The result
// has a Clear method.
func (g Group) Generate(rand io.Reader) (KeyPair, error) {
	p, ok := groups[g]
	switch {
	case !ok:
		return nil, ErrGroup
	case p.prime != nil:
		return generateMODP(p, rand)
	}
	return generateCurve(p, rand)
}
