package isakmp

import "strconv"

func named[K ~uint8 | ~uint16](names map[K]string, k K, prefix string) string {
	if s, ok := names[k]; ok {
		return s
	}
	return prefix + strconv.Itoa(int(k))
}

var exchangeNames = map[ExchangeType]string{
	MainMode: "Main Mode", Aggressive: "Aggressive Mode", Informational: "Informational",
	Transaction: "Transaction", QuickMode: "Quick Mode",
}

func (e ExchangeType) String() string { return named(exchangeNames, e, "exchange ") }

var payloadNames = map[PayloadType]string{
	None: "none", TypeSA: "SA", TypeProposal: "P", TypeTransform: "T", TypeKE: "KE", TypeID: "ID", TypeCert: "CERT",
	TypeCertReq: "CR", TypeHash: "HASH", TypeSignature: "SIG", TypeNonce: "NONCE", TypeNotify: "N", TypeDelete: "D",
	TypeVendor: "VID", TypeAttribute: "ATTR", TypeNATD: "NAT-D", TypeNATOA: "NAT-OA", TypeNATDDraft: "NAT-D draft",
	TypeNATOADraft: "NAT-OA draft", TypeFragment: "FRAG",
}

func (t PayloadType) String() string { return named(payloadNames, t, "payload ") }

var idNames = map[uint8]string{
	IDIPv4: "IPv4 address", IDFQDN: "FQDN", IDUserFQDN: "user FQDN", IDIPv4Subnet: "IPv4 subnet", IDIPv6: "IPv6 address",
	IDIPv6Subnet: "IPv6 subnet", IDIPv4Range: "IPv4 range", IDIPv6Range: "IPv6 range", IDDN: "DN", IDGN: "GN",
	IDKeyID: "KEY_ID",
}

// IDName is the name of an identification type.
func IDName(kind uint8) string { return named(idNames, kind, "ID type ") }

var protocolNames = map[uint8]string{
	ProtocolISAKMP: "ISAKMP", ProtocolAH: "AH", ProtocolESP: "ESP", ProtocolIPComp: "IPCOMP",
}

// ProtocolName is the name of a protocol identifier.
func ProtocolName(p uint8) string { return named(protocolNames, p, "protocol ") }
