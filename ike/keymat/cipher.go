package keymat

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/des"
	"errors"
	"fmt"
)

// ErrCipher is returned for keys, IVs and messages of a wrong length. It says nothing about their content.
var ErrCipher = errors.New("key, IV or message has the wrong length for the cipher")

// Known reports whether the cipher can be used.
func (c Cipher) Known() bool { return c == TripleDES || c == AES }

func (c Cipher) String() string {
	switch c {
	case TripleDES:
		return "3DES"
	case AES:
		return "AES"
	}
	return fmt.Sprintf("cipher %d", uint16(c))
}

// BlockSize is the length of a block and of the IV in bytes, 0 for an unknown cipher.
func (c Cipher) BlockSize() int {
	switch c {
	case TripleDES:
		return des.BlockSize
	case AES:
		return aes.BlockSize
	}
	return 0
}

// KeyLen is the length of the key in bytes for the key length attribute: 128, 192 or 256 bits for AES, where 0 is
// 128 since some peers leave the attribute out, and 0 for 3DES. It is false for anything else.
func (c Cipher) KeyLen(bits int) (int, bool) {
	switch {
	case c == TripleDES && (bits == 0 || bits == 192):
		return 24, true
	case c == AES && bits == 0:
		return 16, true
	case c == AES && (bits == 128 || bits == 192 || bits == 256):
		return bits / 8, true
	}
	return 0, false
}

func (c Cipher) block(key, iv, text []byte) (cipher.Block, error) {
	size := c.BlockSize()
	if size == 0 || len(iv) != size || len(text) == 0 || len(text)%size != 0 {
		return nil, ErrCipher
	}
	newBlock := aes.NewCipher
	if c == TripleDES {
		newBlock = des.NewTripleDESCipher
	}
	b, err := newBlock(key)
	if err != nil {
		return nil, ErrCipher
	}
	return b, nil
}

// Encrypt gives the CBC encryption of plain, which is whole blocks; see Pad.
func (c Cipher) Encrypt(key, iv, plain []byte) ([]byte, error) {
	b, err := c.block(key, iv, plain)
	if err != nil {
		return nil, err
	}
	out := make([]byte, len(plain))
	cipher.NewCBCEncrypter(b, iv).CryptBlocks(out, plain)
	return out, nil
}

// Decrypt gives the CBC decryption of text, padding included.
func (c Cipher) Decrypt(key, iv, text []byte) ([]byte, error) {
	b, err := c.block(key, iv, text)
	if err != nil {
		return nil, err
	}
	out := make([]byte, len(text))
	cipher.NewCBCDecrypter(b, iv).CryptBlocks(out, text)
	return out, nil
}

// Pad appends zeros up to whole blocks; nothing where the message is whole already (RFC 2409 App. B).
func (c Cipher) Pad(plain []byte) []byte {
	if size := c.BlockSize(); size != 0 {
		if n := len(plain) % size; n != 0 {
			plain = append(plain, make([]byte, size-n)...)
		}
	}
	return plain
}
