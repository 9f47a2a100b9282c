package isakmp

// NATT is a variant of NAT traversal. The variant fixes payload and encapsulation numbers.
type NATT uint8

const (
	NATTNone  NATT = iota // not announced, or drafts 00 and 01 only, which do not float
	NATTDraft             // drafts 02 and 03
	NATTRFC               // RFC 3947
)

// ChooseNATT gives the best variant that the peer's vendor IDs announce.
func ChooseNATT(vendors []Vendor) NATT {
	best := NATTNone
	for _, v := range vendors {
		switch VendorName(v.Data) {
		case NameNATTRFC:
			best = NATTRFC
		case NameNATTDraft03, NameNATTDraft02n, NameNATTDraft02:
			best = max(best, NATTDraft)
		}
	}
	return best
}

// NATD is the payload number of NAT-D in this variant.
func (n NATT) NATD() PayloadType {
	if n == NATTRFC {
		return TypeNATD
	}
	return TypeNATDDraft
}

// NATOA is the payload number of NAT-OA in this variant.
func (n NATT) NATOA() PayloadType {
	if n == NATTRFC {
		return TypeNATOA
	}
	return TypeNATOADraft
}

// UDPTunnel is the encapsulation mode of ESP in UDP in this variant.
func (n NATT) UDPTunnel() uint16 {
	if n == NATTRFC {
		return EncapUDPTunnel
	}
	return EncapUDPTunnelDraft
}

// IsUDPTunnel reports whether an encapsulation mode is ESP in UDP, in either numbering.
func IsUDPTunnel(mode uint64) bool { return mode == EncapUDPTunnel || mode == EncapUDPTunnelDraft }

func (n NATT) String() string {
	return [...]string{"none", "draft 02/03", "RFC 3947"}[min(n, NATTRFC)]
}
