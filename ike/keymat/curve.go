package keymat

import (
	"crypto/ecdh"
	"errors"
	"fmt"
	"io"
)

// uncompressed is the first byte of a point with both coordinates, which IKE leaves out (RFC 5903 §7).
const uncompressed = 4

type curvePair struct {
	g   parameters
	key *ecdh.PrivateKey
}

// generateCurve draws private keys itself: crypto/ecdh takes no source of randomness that could be replayed.
func generateCurve(g parameters, rand io.Reader) (KeyPair, error) {
	b := make([]byte, g.field)
	defer clear(b)
	for range 128 { // each draw is out of range with a chance below one half
		if _, err := io.ReadFull(rand, b); err != nil {
			return nil, fmt.Errorf("no random numbers for the key exchange: %w", err)
		}
		if g.curve == ecdh.P521() {
			b[0] &= 1 // 521 bits in 66 bytes
		}
		if key, err := g.curve.NewPrivateKey(b); err == nil {
			return &curvePair{g, key}, nil
		}
	}
	return nil, errors.New("no random numbers for the key exchange: the source repeats itself")
}

func (k *curvePair) Public() []byte {
	if k.key == nil {
		return nil
	}
	b := k.key.PublicKey().Bytes()
	if k.g.points {
		return b[1:]
	}
	return b
}

// Shared is the x coordinate alone (RFC 5903 §7). An all-zero Curve25519 secret is refused (RFC 8031 §3.2).
func (k *curvePair) Shared(peer []byte) ([]byte, error) {
	if k.key == nil {
		return nil, ErrPublic
	}
	if k.g.points {
		if len(peer) != 2*k.g.field {
			return nil, ErrPublic
		}
		peer = append([]byte{uncompressed}, peer...)
	}
	y, err := k.g.curve.NewPublicKey(peer)
	if err != nil {
		return nil, ErrPublic
	}
	s, err := k.key.ECDH(y)
	if err != nil {
		return nil, ErrPublic
	}
	return s, nil
}

// Clear drops the private key. Shared fails from then on.
func (k *curvePair) Clear() { k.key = nil }
