// Package keymat is the key schedule of IKEv1 (RFC 2409 §5, App. A and B): algorithms by their registry numbers,
// Diffie-Hellman groups, SKEYID and its family, HASH_I and HASH_R, the IV chain, and KEYMAT of Quick Mode.
//
//	pair, err := MODP2048.Generate(rand)           // KE is pair.Public()
//	gxy, err := pair.Shared(peerKE)
//	skeyid := PreSharedSKEYID(SHA1, psk, ni, nr)
//	keys, err := Derive(SHA1, AES, 128, skeyid, gxy, ci, cr)
//	phase1 := InitialChain(SHA1, AES, gxi, gxr)    // IV of phase 1; Advance after each accepted message
//	chain := phase1.Exchange(SHA1, messageID)      // IV of one exchange
//	k := Quick{SHA1, keys.D, nil, ni, nr}.KEYMAT(spi, n)
//
// It is pure: no state beyond what a value holds, no randomness but what the caller hands in. DES and DH group 1 do
// not exist in it.
package keymat
