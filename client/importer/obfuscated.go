package importer

import (
	"crypto/cipher"
	"crypto/des"
	"crypto/sha1"
	"encoding/hex"
	"errors"
	"slices"
	"strings"
)

// reveal reads a password as the Cisco client wrote it: hexadecimal of a seed of 20 bytes, the SHA-1 of the ciphertext,
// and the ciphertext. The key of its 3DES-CBC comes from the seed by SHA-1, so that anybody can read it; the scheme was
// published in 2005. The error does not quote the text.
func reveal(text string) (string, error) {
	b, err := hex.DecodeString(strings.TrimSpace(text))
	if err != nil || len(b) < 48 || len(b)%8 != 0 || len(b) > 1024 {
		return "", errors.New("is not an obfuscated password: it is cut off, or holds something other than hexadecimal digits")
	}
	seed, sum, body := b[:20], b[20:40], slices.Clone(b[40:])
	if got := sha1.Sum(body); !slices.Equal(got[:], sum) {
		return "", errors.New("is an obfuscated password that was damaged: its check sum is wrong")
	}
	block, err := des.NewTripleDESCipher(obfuscationKey(seed))
	if err != nil {
		return "", errors.New("is not an obfuscated password")
	}
	cipher.NewCBCDecrypter(block, seed[:8]).CryptBlocks(body, body)
	pad := int(body[len(body)-1])
	if pad == 0 || pad > 8 {
		return "", errors.New("is an obfuscated password that was damaged: its padding is wrong")
	}
	return string(body[:len(body)-pad]), nil
}

// obfuscationKey is the SHA-1 of the seed with its last byte raised by 1, and the first four bytes of the SHA-1 of the
// seed with it raised by 3.
func obfuscationKey(seed []byte) []byte {
	s := slices.Clone(seed)
	s[19]++
	first := sha1.Sum(s)
	s[19] += 2
	second := sha1.Sum(s)
	return append(first[:], second[:4]...)
}

// revealed puts an obfuscated secret into the profile.
func (d *draft) revealed(p at, to, v string) {
	if v == "" {
		return
	}
	s, err := reveal(v)
	if err != nil {
		d.note(p, Dropped, to, err.Error())
		return
	}
	if t, err := decode([]byte(s)); err == nil {
		s = t
	}
	d.secret(p, to, s)
}
