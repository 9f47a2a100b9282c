package keymat

// ProtocolESP is the protocol number in KEYMAT (RFC 2407 §4.4.1).
const ProtocolESP = 3

// Quick is what one Quick Mode gives to the keys of its IPsec SAs.
type Quick struct {
	Hash    Hash
	SKEYIDD []byte
	GXY     []byte // of the Quick Mode with PFS, else nil
	Ni, Nr  []byte // nonce bodies; Ni of whoever started the Quick Mode, for both directions
}

// KEYMAT gives n bytes for the ESP SA with the given SPI, which is the one that its receiver chose (RFC 2409 §5.5).
// The encryption key comes first, then the salt of AES-GCM, then the authentication key.
func (q Quick) KEYMAT(spi uint32, n int) []byte {
	var k, out []byte
	for len(out) < n {
		k = q.Hash.PRF(q.SKEYIDD, k, q.GXY, []byte{ProtocolESP}, number(spi), q.Ni, q.Nr)
		if len(k) == 0 {
			return nil
		}
		out = append(out, k...)
	}
	return out[:n:n]
}

// Clear overwrites the secret parts. SKEYIDD belongs to the ISAKMP SA and is only let go.
func (q *Quick) Clear() {
	clear(q.GXY)
	*q = Quick{}
}
