package keymat

import "math/big"

// Prime gives the prime of a group.
func Prime(g Group) []byte { return groups[g].prime.Bytes() }

// MODPPair makes a pair with a known private exponent.
func MODPPair(g Group, x []byte) KeyPair { return newMODP(groups[g].prime, new(big.Int).SetBytes(x)) }
