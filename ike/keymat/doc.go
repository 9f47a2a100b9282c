// Package keymat is the key schedule of IKEv1 (RFC 2409 §5, App. A and B): algorithms by their registry numbers,
// Diffie-Hellman groups, SKEYID and its family, HASH_I and HASH_R, the IV chain, and KEYMAT of Quick Mode.
//
// It is pure: no state beyond what a value holds, no randomness but what the caller hands in. DES and DH group 1 do
// not exist in it.
package keymat
