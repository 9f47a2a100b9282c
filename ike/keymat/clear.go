package keymat

// Clearer is a key pair that can forget its private value; all pairs from Generate can.
type Clearer interface{ Clear() }

// Clear overwrites secrets, and makes key pairs forget theirs.
func Clear(pair KeyPair, secrets ...[]byte) {
	if c, ok := pair.(Clearer); ok {
		c.Clear()
	}
	for _, s := range secrets {
		clear(s)
	}
}
