package keymat

// Chain is the IV of the next message of one exchange: of phase 1, or of one message ID (RFC 2409 App. B). Both
// directions share it. Advance it only after a message was accepted: garbage and duplicates must not move it.
type Chain struct{ iv []byte }

// InitialChain is the chain of phase 1: hash(g^xi | g^xr).
func InitialChain(h Hash, c Cipher, gxi, gxr []byte) Chain {
	return Chain{cut(h.Sum(gxi, gxr), c.BlockSize())}
}

// IV is the IV of the next message; do not change it.
func (c Chain) IV() []byte { return c.iv }

// Advance moves to the last block of the ciphertext that was accepted or sent.
func (c *Chain) Advance(ciphertext []byte) {
	if n := len(ciphertext) - len(c.iv); n >= 0 {
		c.iv = append([]byte(nil), ciphertext[n:]...)
	}
}

// Exchange starts the chain of a message ID. c is the chain of phase 1 after its last encrypted message, or the
// initial one if none was encrypted.
func (c Chain) Exchange(h Hash, messageID uint32) Chain {
	return Chain{cut(h.Sum(c.iv, number(messageID)), len(c.iv))}
}

func cut(b []byte, n int) []byte { return b[:min(n, len(b))] }
