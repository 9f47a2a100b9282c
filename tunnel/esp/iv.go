package esp

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"fmt"
)

// newIVBlock is a block cipher under a key of its own. Over a counter it gives IVs that nobody can foretell
// (RFC 3602 §2.1), at the price of one block.
func newIVBlock() (cipher.Block, error) {
	var key [16]byte
	if _, err := rand.Read(key[:]); err != nil {
		return nil, fmt.Errorf("esp: no random key for IVs: %w", err)
	}
	b, err := aes.NewCipher(key[:])
	clear(key[:])
	return b, err
}
