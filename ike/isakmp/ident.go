package isakmp

import "net/netip"

// Identification types (RFC 2407 §4.6.2.1).
const (
	IDIPv4       = 1
	IDFQDN       = 2
	IDUserFQDN   = 3
	IDIPv4Subnet = 4
	IDIPv6       = 5
	IDIPv6Subnet = 6
	IDIPv4Range  = 7
	IDIPv6Range  = 8
	IDDN         = 9  // DER of an X.501 name
	IDGN         = 10 // DER of a general name
	IDKeyID      = 11 // opaque: the group name of Easy VPN
)

// Certificate encodings (RFC 2408 §3.9).
const (
	CertPKCS7     = 1
	CertSignature = 4 // DER X.509
	CertCRL       = 7
)

// AddrID makes the identity of one IPv4 address for Quick Mode: a single address as type 1.
func AddrID(a netip.Addr) ID {
	v := a.As4()
	return ID{Kind: IDIPv4, Data: v[:]}
}

// SubnetID makes the identity of an IPv4 network: address and mask.
func SubnetID(p netip.Prefix) ID {
	a, m := p.Masked().Addr().As4(), mask(p.Bits())
	return ID{Kind: IDIPv4Subnet, Data: append(a[:], m[:]...)}
}

func mask(bits int) [4]byte {
	n := ^uint32(0) << (32 - bits) // a shift by 32 gives 0
	return [4]byte{byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n)}
}

// Prefix gives the IPv4 network that the identity names: an address is a /32. It is false for other kinds, wrong
// lengths, masks with holes and host bits beside the mask.
func (p ID) Prefix() (netip.Prefix, bool) {
	switch {
	case p.Kind == IDIPv4 && len(p.Data) == 4:
		return netip.PrefixFrom(netip.AddrFrom4([4]byte(p.Data)), 32), true
	case p.Kind == IDIPv4Subnet && len(p.Data) == 8:
		q, ok := prefix(p.Data[:4], p.Data[4:])
		return q, ok && q == q.Masked()
	}
	return netip.Prefix{}, false
}

// prefix reads an IPv4 address and a mask without holes. Host bits are kept.
func prefix(addr, m []byte) (netip.Prefix, bool) {
	n := uint32(m[0])<<24 | uint32(m[1])<<16 | uint32(m[2])<<8 | uint32(m[3])
	bits := 0
	for ; bits < 32 && n&(1<<31) != 0; bits++ {
		n <<= 1
	}
	if n != 0 {
		return netip.Prefix{}, false
	}
	return netip.PrefixFrom(netip.AddrFrom4([4]byte(addr)), bits), true
}
