package esp

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/des"
	"crypto/hmac"
	"crypto/subtle"
	"encoding/binary"
	"fmt"
	"hash"
)

// transform is the cryptography of one direction of one SA. Scratch space is inside, so that a packet costs no
// allocation; it is not safe for concurrent use.
type transform interface {
	// seal encrypts plain (inner packet with its trailer) to p behind the header, writes IV and ICV. p is the whole
	// ESP packet with SPI and sequence number already in place.
	seal(p, plain []byte, seq uint32)
	// open authenticates p and decrypts it to dst.
	open(dst, p []byte) error
	// clear makes the transform unusable and forgets what it can.
	clear()
}

func newTransform(s Suite, enc, auth []byte) (transform, error) {
	if err := s.Validate(); err != nil {
		return nil, err
	}
	if len(enc) != s.KeyLen() || len(auth) != s.AuthLen() {
		return nil, fmt.Errorf("esp: %s takes keys of %d and %d bytes, got %d and %d", s, s.KeyLen(), s.AuthLen(), len(enc), len(auth))
	}
	if s.Cipher == AESGCM16 {
		return newGCM(enc)
	}
	return newCBC(s, enc, auth)
}

// gcm is AES-GCM with a 16 byte ICV (RFC 4106): nonce = salt | IV, and the IV is the sequence number, so that it
// never repeats under one key.
type gcm struct {
	aead  cipher.AEAD
	nonce [12]byte
}

func newGCM(key []byte) (*gcm, error) {
	k := key[:len(key)-saltLen]
	block, err := aes.NewCipher(k)
	if err != nil {
		return nil, fmt.Errorf("esp: %w", err)
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		return nil, fmt.Errorf("esp: %w", err)
	}
	g := &gcm{aead: aead}
	copy(g.nonce[:saltLen], key[len(k):])
	return g, nil
}

func (g *gcm) seal(p, plain []byte, seq uint32) {
	binary.BigEndian.PutUint64(p[headerLen:], uint64(seq))
	copy(g.nonce[saltLen:], p[headerLen:headerLen+8])
	g.aead.Seal(p[headerLen+8:headerLen+8], g.nonce[:], plain, p[:headerLen])
}

func (g *gcm) open(dst, p []byte) error {
	copy(g.nonce[saltLen:], p[headerLen:headerLen+8])
	if _, err := g.aead.Open(dst[:0], g.nonce[:], p[headerLen+8:], p[:headerLen]); err != nil {
		return ErrAuth
	}
	return nil
}

func (g *gcm) clear() { *g = gcm{} }

// ivSetter is what the CBC modes of the standard library can do beside their interface; a fresh mode would cost an
// allocation a packet.
type ivSetter interface {
	cipher.BlockMode
	SetIV([]byte)
}

// cbc is AES-CBC or 3DES-CBC with an HMAC (RFC 3602, RFC 2451).
type cbc struct {
	enc, dec ivSetter
	mac      hash.Hash
	iv       cipher.Block // makes IVs: unpredictable, from a random key of its own over the sequence number
	ivLen    int
	icv      int
	counter  [16]byte
	sum      [64]byte
}

func newCBC(s Suite, enc, auth []byte) (*cbc, error) {
	var block cipher.Block
	var err error
	if s.Cipher == TripleDES {
		block, err = des.NewTripleDESCipher(enc)
	} else {
		block, err = aes.NewCipher(enc)
	}
	if err != nil {
		return nil, fmt.Errorf("esp: %w", err)
	}
	zero := make([]byte, block.BlockSize())
	e, ok1 := cipher.NewCBCEncrypter(block, zero).(ivSetter)
	d, ok2 := cipher.NewCBCDecrypter(block, zero).(ivSetter)
	if !ok1 || !ok2 {
		return nil, fmt.Errorf("esp: the CBC mode of this Go release has no SetIV")
	}
	c := &cbc{enc: e, dec: d, mac: hmac.New(auths[s.Auth].hash, auth), ivLen: s.IVLen(), icv: s.ICVLen()}
	c.iv, err = newIVBlock()
	return c, err
}

func (c *cbc) seal(p, plain []byte, seq uint32) {
	binary.BigEndian.PutUint32(c.counter[:], seq)
	c.iv.Encrypt(c.sum[:16], c.counter[:])
	body := headerLen + c.ivLen
	end := body + len(plain)
	copy(p[headerLen:body], c.sum[:c.ivLen])
	c.enc.SetIV(p[headerLen:body])
	c.enc.CryptBlocks(p[body:end], plain)
	copy(p[end:end+c.icv], c.tag(p[:end]))
}

func (c *cbc) open(dst, p []byte) error {
	end := len(p) - c.icv
	if subtle.ConstantTimeCompare(c.tag(p[:end])[:c.icv], p[end:]) != 1 {
		return ErrAuth
	}
	body := headerLen + c.ivLen
	c.dec.SetIV(p[headerLen:body])
	c.dec.CryptBlocks(dst[:end-body], p[body:end])
	return nil
}

func (c *cbc) clear() { *c = cbc{} }

func (c *cbc) tag(b []byte) []byte {
	c.mac.Reset()
	c.mac.Write(b)
	return c.mac.Sum(c.sum[:0])
}
