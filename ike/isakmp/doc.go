// Package isakmp is the wire format of ISAKMP (RFC 2408) with the payloads of IKEv1 (RFC 2409), the IPsec DOI
// (RFC 2407), NAT-T (RFC 3947 and its drafts), Mode Config, XAUTH, Unity and Cisco IKE fragments.
//
// It knows bytes and names, not keys, states or time. Parsers take any input, bound what they allocate by what they
// were given, and survive every truncation; writers append to a slice. What was parsed is written back byte for byte.
//
//	h, err := ParseHeader(b)
//	payloads, n, err := ParsePayloads(h.Next, body) // body[n:] is encryption padding, never interpreted
//	b = AppendMessage(nil, h, payloads...)          // fills Next and Length
//	b = AppendPayloads(nil, payloads...)            // the chain alone: the plaintext of an encrypted message
package isakmp
