package keymat

import "encoding/binary"

// Side is what one side contributes to HASH_I and HASH_R: its KE body, its cookie and its ID body, as transmitted.
type Side struct {
	KE     []byte
	Cookie [8]byte
	ID     []byte
}

// IdentityHash is HASH_I when own is the initiator, HASH_R when own is the responder (RFC 2409 §5). sai is the whole
// SA body that the initiator offered, in both. The signature methods sign it.
func IdentityHash(h Hash, skeyid []byte, own, other Side, sai []byte) []byte {
	return h.PRF(skeyid, own.KE, other.KE, own.Cookie[:], other.Cookie[:], sai, own.ID)
}

// MessageHash is HASH(1) of Quick Mode, and the hash of Transaction and Informational messages: after is everything
// behind the HASH payload, generic headers included, padding excluded (RFC 2409 §5.5, §5.7).
func MessageHash(h Hash, skeyidA []byte, messageID uint32, after []byte) []byte {
	return h.PRF(skeyidA, number(messageID), after)
}

// Hash2 is HASH(2) of Quick Mode; ni is the nonce body of whoever started it.
func Hash2(h Hash, skeyidA []byte, messageID uint32, ni, after []byte) []byte {
	return h.PRF(skeyidA, number(messageID), ni, after)
}

// Hash3 is HASH(3) of Quick Mode.
func Hash3(h Hash, skeyidA []byte, messageID uint32, ni, nr []byte) []byte {
	return h.PRF(skeyidA, []byte{0}, number(messageID), ni, nr)
}

func number(n uint32) []byte { return binary.BigEndian.AppendUint32(nil, n) }
