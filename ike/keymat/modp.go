package keymat

import (
	"fmt"
	"io"
	"math/big"
)

// modpPair is a private exponent and its public value.
type modpPair struct {
	p      *big.Int
	x      *big.Int
	public []byte
}

func generateMODP(g parameters, rand io.Reader) (KeyPair, error) {
	b := make([]byte, g.exponent/8)
	if _, err := io.ReadFull(rand, b); err != nil {
		return nil, fmt.Errorf("no random numbers for the key exchange: %w", err)
	}
	b[0] |= 0x80 // full length
	defer clear(b)
	return newMODP(g.prime, new(big.Int).SetBytes(b)), nil
}

func newMODP(p, x *big.Int) *modpPair {
	y := new(big.Int).Exp(big.NewInt(2), x, p)
	return &modpPair{p: p, x: x, public: y.FillBytes(make([]byte, (p.BitLen()+7)/8))}
}

func (k *modpPair) Public() []byte { return k.public }

// Shared refuses 0, 1, p−1 and everything above: they give away the secret or do not belong to the group.
func (k *modpPair) Shared(peer []byte) ([]byte, error) {
	size := len(k.public)
	if len(peer) != size || k.x == nil {
		return nil, ErrPublic
	}
	y, one := new(big.Int).SetBytes(peer), big.NewInt(1)
	if y.Cmp(one) <= 0 || y.Cmp(new(big.Int).Sub(k.p, one)) >= 0 {
		return nil, ErrPublic
	}
	return new(big.Int).Exp(y, k.x, k.p).FillBytes(make([]byte, size)), nil
}

// Clear overwrites the private exponent. Shared fails from then on.
func (k *modpPair) Clear() {
	if k.x != nil {
		clear(k.x.Bits())
		k.x = nil
	}
}
