// Package redact takes out of diagnostics what says whose they are. It is pure. In the place of a name or an address
// stands a token, the same throughout one bundle and another in the next: tokens of two bundles cannot be compared.
//
// Documents are redacted by an allow-list: what no rule knows is a token. Texts are searched for the names that were
// learned, and for all that looks like an address, a host, a person or a key.
package redact

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/netip"
	"slices"
	"strings"
)

// Kind is what a token stands for; it begins the token.
type Kind string

const (
	Peer    Kind = "peer"
	Host    Kind = "host"
	User    Kind = "user"
	Group   Kind = "group"
	Profile Kind = "profile"
	Domain  Kind = "domain"
	IP      Kind = "ip"
	MAC     Kind = "mac"
	ID      Kind = "id"
	Other   Kind = "text"
)

// Gone stands for what was a secret, or may be one. It is no token: whether two are the same is not told either.
const Gone = "[redacted]"

// Redactor redacts one bundle. It is not safe for concurrent use.
type Redactor struct {
	key      [32]byte
	names    bool            // gateways, groups, profiles and domains keep their names
	learned  []name          // the longest first
	tokens   map[string]bool // that were given out
	allowed  map[string]bool // words with points in them that are no hosts
	replaced int
}

type name struct {
	value string // lower case
	token string
	exact bool // counts only if nothing belongs to it on either side
}

// New makes a redactor. Key is random, and forgotten with it. With names, gateways, groups, profiles, domains and public
// addresses stay as they are; persons and secrets never do.
func New(key [32]byte, names bool) *Redactor {
	return &Redactor{key: key, names: names, tokens: map[string]bool{}, allowed: map[string]bool{}}
}

// Replaced counts what was taken out since it was last asked.
func (r *Redactor) Replaced() int {
	n := r.replaced
	r.replaced = 0
	return n
}

// Tokens counts the different tokens that were given out.
func (r *Redactor) Tokens() int { return len(r.tokens) }

// shortest is the length in bytes below which a name is only found where it stands alone.
const shortest = 4

// Learn tells a name, which is then found wherever it stands, in capitals too. The first kind that it is learned as
// counts.
func (r *Redactor) Learn(k Kind, values ...string) {
	for _, v := range values {
		v = fold(strings.TrimSpace(v))
		if v == "" || r.keeps(k) || harmless(v) || slices.ContainsFunc(r.learned, func(n name) bool { return n.value == v }) {
			continue
		}
		_, err := netip.ParseAddr(v)
		r.learned = append(r.learned, name{v, r.token(k, v), err == nil || len(v) < shortest})
	}
	slices.SortStableFunc(r.learned, func(a, b name) int { return len(b.value) - len(a.value) })
}

// harmless are addresses that everybody has.
func harmless(v string) bool {
	a, err := netip.ParseAddr(v)
	return err == nil && common(a)
}

// Allow tells words with points in them, such as keys of a profile, that are no names of hosts.
func (r *Redactor) Allow(words ...string) {
	for _, w := range words {
		r.allowed[fold(w)] = true
	}
}

// keeps says whether names of this kind stay.
func (r *Redactor) keeps(k Kind) bool {
	return r.names && slices.Contains([]Kind{Peer, Host, Group, Profile, Domain, IP}, k)
}

// token is the kind and 32 bits that depend on the value and the key.
func (r *Redactor) token(k Kind, value string) string {
	m := hmac.New(sha256.New, r.key[:])
	m.Write([]byte(fold(value)))
	return string(k) + "-" + hex.EncodeToString(m.Sum(nil)[:4])
}

// Value redacts a text that is one name as a whole.
func (r *Redactor) Value(k Kind, value string) string {
	value = strings.TrimSpace(value)
	if value == "" || r.keeps(k) || harmless(value) {
		return value
	}
	for _, n := range r.learned {
		if n.value == fold(value) {
			return r.give(n.token)
		}
	}
	return r.give(r.token(k, value))
}

func (r *Redactor) give(token string) string {
	r.replaced++
	r.tokens[token] = true
	return token
}

// fold makes ASCII letters small, and changes no length.
func fold(s string) string {
	return strings.Map(func(c rune) rune {
		if c >= 'A' && c <= 'Z' {
			return c + 'a' - 'A'
		}
		return c
	}, s)
}
