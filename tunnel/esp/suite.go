package esp

import (
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"fmt"
	"hash"
)

// Suite names the algorithms of an SA in RFC numbers. ike.Suite has the same fields.
type Suite struct {
	Cipher  uint8  // ESP transform: 3 3DES, 12 AES-CBC, 20 AES-GCM-16
	KeyBits uint16 // 128, 192, 256; 0 for 3DES
	Auth    uint16 // 1 MD5-96, 2 SHA1-96, 5 SHA2-256-128, 6 SHA2-384-192, 7 SHA2-512-256; 0 with AES-GCM
}

// ESP transform numbers (RFC 2407 §4.4.4, RFC 3602, RFC 4106).
const (
	TripleDES uint8 = 3
	AESCBC    uint8 = 12
	AESGCM16  uint8 = 20
)

const (
	headerLen  = 8 // SPI and sequence number
	trailerLen = 2 // pad length and next header
	saltLen    = 4 // of AES-GCM, at the end of the key (RFC 4106 §4)
)

// auth is one integrity algorithm: key and ICV length in bytes (RFC 2403, 2404, 4868).
type auth struct {
	name     string
	key, icv int
	hash     func() hash.Hash
}

var auths = map[uint16]auth{
	1: {"HMAC-MD5-96", 16, 12, md5.New},
	2: {"HMAC-SHA1-96", 20, 12, sha1.New},
	5: {"HMAC-SHA2-256-128", 32, 16, sha256.New},
	6: {"HMAC-SHA2-384-192", 48, 24, sha512.New384},
	7: {"HMAC-SHA2-512-256", 64, 32, sha512.New},
}

// Validate says whether the suite is one that this package speaks, and why not.
func (s Suite) Validate() error {
	bits := s.KeyBits == 128 || s.KeyBits == 192 || s.KeyBits == 256
	_, known := auths[s.Auth]
	switch {
	case s.Cipher == TripleDES && s.KeyBits != 0:
		return fmt.Errorf("esp: 3DES takes no key length, got %d bits", s.KeyBits)
	case s.Cipher != TripleDES && s.Cipher != AESCBC && s.Cipher != AESGCM16:
		return fmt.Errorf("esp: transform %d is not known", s.Cipher)
	case s.Cipher != TripleDES && !bits:
		return fmt.Errorf("esp: AES with %d bit keys does not exist", s.KeyBits)
	case s.Cipher == AESGCM16 && s.Auth != 0:
		return fmt.Errorf("esp: AES-GCM authenticates by itself, got algorithm %d beside it", s.Auth)
	case s.Cipher != AESGCM16 && !known:
		return fmt.Errorf("esp: authentication algorithm %d is not known", s.Auth)
	}
	return nil
}

// KeyLen is the length of the encryption key in bytes, the salt of AES-GCM included.
func (s Suite) KeyLen() int {
	switch s.Cipher {
	case TripleDES:
		return 24
	case AESGCM16:
		return int(s.KeyBits)/8 + saltLen
	}
	return int(s.KeyBits) / 8
}

// AuthLen is the length of the authentication key in bytes, 0 with AES-GCM.
func (s Suite) AuthLen() int { return auths[s.Auth].key }

// IVLen is the length of the IV on the wire in bytes.
func (s Suite) IVLen() int {
	if s.Cipher == AESCBC {
		return 16
	}
	return 8
}

// ICVLen is the length of the integrity check value in bytes.
func (s Suite) ICVLen() int {
	if s.Cipher == AESGCM16 {
		return 16
	}
	return auths[s.Auth].icv
}

// Align is what the plaintext with its trailer is a multiple of, in bytes.
func (s Suite) Align() int {
	switch s.Cipher {
	case AESCBC:
		return 16
	case TripleDES:
		return 8
	}
	return 4
}

// HeaderLen is what stands before the ciphertext: SPI, sequence number and IV.
func (s Suite) HeaderLen() int { return headerLen + s.IVLen() }

// SealedLen is the length of the ESP packet for an inner packet of n bytes.
func (s Suite) SealedLen(n int) int { return s.layout().sealed(n) }

// MaxInner is the largest inner packet whose ESP packet is at most n bytes.
func (s Suite) MaxInner(n int) int {
	a := s.Align()
	return max(0, (n-s.HeaderLen()-s.ICVLen())/a*a-trailerLen)
}

// layout is where things stand in a packet, taken from the suite once an SA and not once a packet.
type layout struct{ header, icv, align int }

func (s Suite) layout() layout { return layout{s.HeaderLen(), s.ICVLen(), s.Align()} }

func (l layout) sealed(n int) int {
	return l.header + (n+trailerLen+l.align-1)/l.align*l.align + l.icv
}

// Names are the algorithms for a person.
func (s Suite) Names() (encryption, authentication string) {
	switch s.Cipher {
	case TripleDES:
		encryption = "3DES-CBC"
	case AESCBC:
		encryption = fmt.Sprintf("AES-CBC-%d", s.KeyBits)
	case AESGCM16:
		return fmt.Sprintf("AES-GCM-16-%d", s.KeyBits), "AES-GCM-16"
	default:
		encryption = fmt.Sprintf("transform %d", s.Cipher)
	}
	if a, ok := auths[s.Auth]; ok {
		return encryption, a.name
	}
	return encryption, fmt.Sprintf("algorithm %d", s.Auth)
}

func (s Suite) String() string {
	e, a := s.Names()
	if s.Cipher == AESGCM16 {
		return e
	}
	return e + "/" + a
}
