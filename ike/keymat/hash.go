package keymat

import (
	"crypto/hmac"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/subtle"
	"fmt"
	"hash"
)

var hashes = map[Hash]struct {
	name string
	size int
	make func() hash.Hash
}{
	MD5:    {"MD5", md5.Size, md5.New},
	SHA1:   {"SHA1", sha1.Size, sha1.New},
	SHA256: {"SHA2-256", sha256.Size, sha256.New},
	SHA384: {"SHA2-384", sha512.Size384, sha512.New384},
	SHA512: {"SHA2-512", sha512.Size, sha512.New},
}

// Known reports whether the hash can be used. Sum and PRF of other hashes give nil.
func (h Hash) Known() bool { _, ok := hashes[h]; return ok }

// Size is the length of Sum and PRF in bytes.
func (h Hash) Size() int { return hashes[h].size }

func (h Hash) String() string {
	if a, ok := hashes[h]; ok {
		return a.name
	}
	return fmt.Sprintf("hash %d", uint16(h))
}

// Sum is the plain hash of the parts in a row.
func (h Hash) Sum(parts ...[]byte) []byte {
	a, ok := hashes[h]
	if !ok {
		return nil
	}
	return sum(a.make(), parts)
}

// PRF is prf(key, parts in a row): HMAC, since no other PRF is in use.
func (h Hash) PRF(key []byte, parts ...[]byte) []byte {
	a, ok := hashes[h]
	if !ok {
		return nil
	}
	return sum(hmac.New(a.make, key), parts)
}

func sum(d hash.Hash, parts [][]byte) []byte {
	for _, p := range parts {
		d.Write(p)
	}
	return d.Sum(nil)
}

// Equal compares hashes in constant time. Empty values are never equal: a missing hash does not hold.
func Equal(a, b []byte) bool { return len(a) > 0 && subtle.ConstantTimeCompare(a, b) == 1 }
