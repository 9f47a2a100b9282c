package keymat

// PreSharedSKEYID is SKEYID of the pre-shared key methods (RFC 2409 §5); psk is the raw bytes.
func PreSharedSKEYID(h Hash, psk, ni, nr []byte) []byte {
	return h.PRF(psk, ni, nr)
}

// SignatureSKEYID is SKEYID of the signature and hybrid methods (RFC 2409 §5).
func SignatureSKEYID(h Hash, ni, nr, gxy []byte) []byte {
	key := make([]byte, 0, len(ni)+len(nr))
	return h.PRF(append(append(key, ni...), nr...), gxy)
}

// Keys are the keys of an ISAKMP SA.
type Keys struct {
	SKEYID []byte // proves the identities: HASH_I, HASH_R
	D      []byte // SKEYID_d, for KEYMAT
	A      []byte // SKEYID_a, authenticates messages
	E      []byte // SKEYID_e, the base of Key
	Key    []byte // encrypts messages
}

// Derive gives the keys of an ISAKMP SA from SKEYID (RFC 2409 §5). gxy is left-padded to the group size, ci and cr are
// the cookies. bits is the key length attribute. It is ErrCipher for a cipher, a key length
// or a hash that is not spoken.
func Derive(h Hash, c Cipher, bits int, skeyid, gxy []byte, ci, cr [8]byte) (Keys, error) {
	n, ok := c.KeyLen(bits)
	if !ok || !h.Known() {
		return Keys{}, ErrCipher
	}
	k := Keys{SKEYID: skeyid}
	k.D = h.PRF(skeyid, gxy, ci[:], cr[:], []byte{0})
	k.A = h.PRF(skeyid, k.D, gxy, ci[:], cr[:], []byte{1})
	k.E = h.PRF(skeyid, k.A, gxy, ci[:], cr[:], []byte{2})
	k.Key = Expand(h, k.E, n)
	return k, nil
}

// Expand is Ka: the first n bytes of SKEYID_e, or of its expansion when it is too short (RFC 2409 App. B).
func Expand(h Hash, skeyidE []byte, n int) []byte {
	if n <= len(skeyidE) {
		return append([]byte(nil), skeyidE[:n]...)
	}
	var out []byte
	for k := h.PRF(skeyidE, []byte{0}); len(k) > 0 && len(out) < n; k = h.PRF(skeyidE, k) {
		out = append(out, k...)
	}
	return out[:min(n, len(out))]
}

// Clear overwrites the keys.
func (k *Keys) Clear() {
	for _, b := range [][]byte{k.SKEYID, k.D, k.A, k.E, k.Key} {
		clear(b)
	}
	*k = Keys{}
}
