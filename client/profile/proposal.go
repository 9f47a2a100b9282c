package profile

import (
	"fmt"
	"slices"
	"strings"
)

// algorithm is one word of a proposal. DES, DH group 1 and NULL have no word, so they cannot be asked for.
type algorithm struct {
	word string
	weak bool
	num1 uint16 // phase 1 number
	num2 uint16 // phase 2 number
	bits uint16
}

// Written once, only read. Numbers: RFC 2409 App. A and RFC 2407 §4.4.4, §4.5 with the IANA ipsec-registry.
var (
	ciphers = []algorithm{
		{word: "aes128", num1: 7, num2: 12, bits: 128}, {word: "aes192", num1: 7, num2: 12, bits: 192},
		{word: "aes256", num1: 7, num2: 12, bits: 256}, {word: "3des", num1: 5, num2: 3, weak: true},
	}
	aeads  = []algorithm{{word: "aes128gcm16", num2: 20, bits: 128}, {word: "aes256gcm16", num2: 20, bits: 256}}
	hashes = []algorithm{
		{word: "sha256", num1: 4, num2: 5}, {word: "sha384", num1: 5, num2: 6}, {word: "sha512", num1: 6, num2: 7},
		{word: "sha1", num1: 2, num2: 2}, {word: "md5", num1: 1, num2: 1, weak: true},
	}
	groups = []algorithm{
		{word: "modp2048", num1: 14}, {word: "modp3072", num1: 15}, {word: "modp4096", num1: 16}, {word: "ecp256", num1: 19},
		{word: "ecp384", num1: 20}, {word: "ecp521", num1: 21}, {word: "curve25519", num1: 31}, {word: "modp1536", num1: 5},
		{word: "modp1024", num1: 2, weak: true},
	}
)

func words(lists ...[]algorithm) []string {
	var out []string
	for _, a := range slices.Concat(lists...) {
		out = append(out, a.word)
	}
	return out
}

// weakWords are those that security.allow can name.
func weakWords() []string {
	var out []string
	for _, a := range slices.Concat(ciphers, hashes, groups) {
		if a.weak {
			out = append(out, a.word)
		}
	}
	return out
}

// pick finds a word of a proposal; the error names what is allowed in its place.
func pick(list []algorithm, what, word string) (algorithm, error) {
	for _, a := range list {
		if a.word == word {
			return a, nil
		}
	}
	return algorithm{}, fmt.Errorf("%s is not a known %s (%s)", quote(word), what, strings.Join(words(list), ", "))
}

func wordOf(list []algorithm, is func(algorithm) bool) string {
	if i := slices.IndexFunc(list, is); i >= 0 {
		return list[i].word
	}
	return "?"
}

// ParsePhase1 reads a phase 1 proposal, "aes256-sha256-modp2048".
func ParsePhase1(s string) (Phase1, error) {
	parts := strings.Split(s, "-")
	if len(parts) != 3 {
		return Phase1{}, fmt.Errorf("%s is not cipher-hash-group", quote(s))
	}
	c, err := pick(ciphers, "cipher", parts[0])
	if err != nil {
		return Phase1{}, err
	}
	h, err := pick(hashes, "hash", parts[1])
	if err != nil {
		return Phase1{}, err
	}
	g, err := pick(groups, "Diffie-Hellman group", parts[2])
	if err != nil {
		return Phase1{}, err
	}
	return Phase1{Cipher: c.num1, KeyBits: int(c.bits), Hash: h.num1, Group: g.num1}, nil
}

// ParsePhase2 reads a phase 2 proposal, "aes256-sha256" or "aes128gcm16".
func ParsePhase2(s string) (Phase2, error) {
	cipher, hash, two := strings.Cut(s, "-")
	if !two {
		c, err := pick(aeads, "cipher with integrity of its own", cipher)
		if err != nil {
			return Phase2{}, fmt.Errorf("%w, nor is it cipher-hash", err)
		}
		return Phase2{Cipher: uint8(c.num2), KeyBits: c.bits}, nil
	}
	c, err := pick(ciphers, "cipher", cipher)
	if err != nil {
		return Phase2{}, err
	}
	h, err := pick(hashes, "hash", hash)
	if err != nil {
		return Phase2{}, err
	}
	return Phase2{Cipher: uint8(c.num2), KeyBits: c.bits, Auth: h.num2}, nil
}

// String gives the form that a profile uses.
func (p Phase1) String() string {
	return wordOf(ciphers, func(a algorithm) bool { return a.num1 == p.Cipher && int(a.bits) == p.KeyBits }) + "-" +
		wordOf(hashes, func(a algorithm) bool { return a.num1 == p.Hash }) + "-" + groupWord(p.Group)
}

// String gives the form that a profile uses.
func (p Phase2) String() string {
	cipher := wordOf(slices.Concat(ciphers, aeads), func(a algorithm) bool { return a.num2 == uint16(p.Cipher) && a.bits == p.KeyBits })
	if p.Auth == 0 {
		return cipher
	}
	return cipher + "-" + wordOf(hashes, func(a algorithm) bool { return a.num2 == p.Auth })
}

// groupWord names a Diffie-Hellman group; 0 is none.
func groupWord(g uint16) string {
	if g == 0 {
		return "none"
	}
	return wordOf(groups, func(a algorithm) bool { return a.num1 == g })
}

// weakIn gives the words of a proposal that security.allow must name.
func weakIn(proposal string) []string {
	var out []string
	for _, w := range strings.Split(proposal, "-") {
		if slices.Contains(weakWords(), w) {
			out = append(out, w)
		}
	}
	return out
}
