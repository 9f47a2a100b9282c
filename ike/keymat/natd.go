package keymat

import (
	"encoding/binary"
	"net/netip"
)

// NATD is the body of a NAT-D payload for one address: the plain hash over cookies, address and port (RFC 3947 §3.2).
func NATD(h Hash, ci, cr [8]byte, at netip.AddrPort) []byte {
	return h.Sum(ci[:], cr[:], at.Addr().Unmap().AsSlice(), binary.BigEndian.AppendUint16(nil, at.Port()))
}
