package ike

import (
	"ezvpn/ike/isakmp"
	"ezvpn/ike/keymat"
)

// authenticated is the proof that the peer knows the group key. Only prove makes one, and only after the peer's hash
// held; everything that protects a message takes it as an argument. So no XAUTH answer can be written before.
type authenticated struct {
	hash   keymat.Hash
	cipher keymat.Cipher
	keys   keymat.Keys
	said   []byte // HASH of the message that was sealed last
}

// transcript is what both sides of phase 1 have said.
type transcript struct {
	suite    Phase1
	psk      Secret
	ci, cr   isakmp.Cookie
	sai      []byte // SA body of the initiator
	gxi, gxr []byte // KE bodies
	ni, nr   []byte
	idi, idr []byte // ID bodies
	gxy      []byte
}

func (t transcript) keys() (keymat.Keys, error) {
	skeyid := keymat.PreSharedSKEYID(t.suite.Hash, t.psk, t.ni, t.nr)
	return keymat.Derive(t.suite.Hash, t.suite.Cipher, t.suite.KeyBits, skeyid, t.gxy, t.ci, t.cr)
}

// identityHash is HASH_I or HASH_R.
func (t transcript) identityHash(skeyid []byte, initiator bool) []byte {
	i := keymat.Side{KE: t.gxi, Cookie: t.ci, ID: t.idi}
	r := keymat.Side{KE: t.gxr, Cookie: t.cr, ID: t.idr}
	if initiator {
		return keymat.IdentityHash(t.suite.Hash, skeyid, i, r, t.sai)
	}
	return keymat.IdentityHash(t.suite.Hash, skeyid, r, i, t.sai)
}

// prove checks the peer's hash; nil means that it does not hold. byInitiator says whose hash it is.
func (t transcript) prove(keys keymat.Keys, hash []byte, byInitiator bool) *authenticated {
	if !keymat.Equal(t.identityHash(keys.SKEYID, byInitiator), hash) {
		return nil
	}
	return &authenticated{hash: t.suite.Hash, cipher: t.suite.Cipher, keys: keys}
}

// initialChain is the IV chain of phase 1.
func (t transcript) initialChain() keymat.Chain {
	return keymat.InitialChain(t.suite.Hash, t.suite.Cipher, t.gxi, t.gxr)
}

// natHash is the body of a NAT-D payload.
func natHash(h keymat.Hash, sa ISAKMPSA) func(at addrPort) []byte {
	return func(at addrPort) []byte { return keymat.NATD(h, sa.Initiator, sa.Responder, at) }
}
