package keymat

// Hash is a hash algorithm by its phase 1 number (RFC 2409 App. A); its HMAC is the PRF.
type Hash uint16

const (
	MD5    Hash = 1
	SHA1   Hash = 2
	SHA256 Hash = 4
	SHA384 Hash = 5
	SHA512 Hash = 6
)

// Cipher is an encryption algorithm by its phase 1 number.
type Cipher uint16

const (
	TripleDES Cipher = 5
	AES       Cipher = 7
)

// Group is a Diffie-Hellman group by its IANA number: 2, 5, 14, 15, 16, 19, 20, 21, 31.
type Group uint16

// KeyPair is one side's half of a Diffie-Hellman exchange. The second implementation replays captures.
type KeyPair interface {
	// Public is the KE body: left-padded to the group size; x|y for the ECP groups.
	Public() []byte
	// Shared is g^xy, left-padded to the group size (x alone for ECP), from the peer's KE body. Values that are
	// out of range, of the wrong length or not on the curve are errors.
	Shared(peer []byte) ([]byte, error)
}
