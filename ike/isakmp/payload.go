package isakmp

// PayloadType is the "next payload" number (RFC 2408 §3.1, RFC 3947 §9, Mode Config).
type PayloadType uint8

const (
	None           PayloadType = 0
	TypeSA         PayloadType = 1
	TypeProposal   PayloadType = 2
	TypeTransform  PayloadType = 3
	TypeKE         PayloadType = 4
	TypeID         PayloadType = 5
	TypeCert       PayloadType = 6
	TypeCertReq    PayloadType = 7
	TypeHash       PayloadType = 8
	TypeSignature  PayloadType = 9
	TypeNonce      PayloadType = 10
	TypeNotify     PayloadType = 11
	TypeDelete     PayloadType = 12
	TypeVendor     PayloadType = 13
	TypeAttribute  PayloadType = 14
	TypeNATD       PayloadType = 20
	TypeNATOA      PayloadType = 21
	TypeNATDDraft  PayloadType = 130
	TypeNATOADraft PayloadType = 131
	TypeFragment   PayloadType = 132
)

// Payload is one typed payload without its generic header.
type Payload interface {
	Type() PayloadType
	// AppendBody appends the wire form of the body (no generic header).
	AppendBody(b []byte) []byte
}

// Parsed is one payload as it was received: Body is the exact body on the wire, which hashes are computed over;
// Payload is what it means. Body aliases the parsed buffer.
type Parsed struct {
	Body    []byte
	Payload Payload
}

// SA is a Security Association payload (RFC 2408 §3.4, RFC 2407 §4.6.1).
type SA struct {
	DOI       uint32 // 1, IPsec
	Situation uint32 // 1, identity only
	Proposals []Proposal
}

// Proposal is one proposal of an SA payload (RFC 2408 §3.5).
type Proposal struct {
	Number     uint8
	Protocol   uint8 // ProtocolISAKMP, ProtocolESP
	SPI        []byte
	Transforms []Transform
}

// Transform is one transform of a proposal (RFC 2408 §3.6).
type Transform struct {
	Number     uint8
	ID         uint8
	Attributes []Attribute
}

// Attribute is a data attribute (RFC 2408 §3.3). Basic attributes (TV) have a Value of exactly two bytes.
type Attribute struct {
	Type  uint16 // without the format bit
	Basic bool
	Value []byte
}

// KE is a Key Exchange payload: the public value, left-padded to the group size.
type KE struct{ Data []byte }

// Nonce is a Nonce payload, 8–256 bytes.
type Nonce struct{ Data []byte }

// Hash is a Hash payload.
type Hash struct{ Data []byte }

// Signature is a Signature payload.
type Signature struct{ Data []byte }

// Vendor is a Vendor ID payload.
type Vendor struct{ Data []byte }

// ID is an Identification payload (RFC 2407 §4.6.2).
type ID struct {
	Kind     uint8 // IDIPv4 …
	Protocol uint8
	Port     uint16
	Data     []byte
}

// Cert is a Certificate payload, CertReq a Certificate Request.
type Cert struct {
	Encoding uint8
	Data     []byte
}
type CertReq struct {
	Encoding uint8
	Data     []byte
}

// Notify is a Notification payload (RFC 2408 §3.14).
type Notify struct {
	DOI      uint32
	Protocol uint8
	SPI      []byte
	Kind     uint16
	Data     []byte
}

// Delete is a Delete payload (RFC 2408 §3.15).
type Delete struct {
	DOI      uint32
	Protocol uint8
	SPISize  uint8
	SPIs     [][]byte
}

// Config is an Attribute payload of a Transaction exchange: XAUTH and Mode Config.
type Config struct {
	Kind       uint8 // ConfigRequest, ConfigReply, ConfigSet, ConfigAck
	Reserved   uint8
	Identifier uint16
	Attributes []Attribute
}

// NATD is a NAT Discovery payload; Number is TypeNATD or TypeNATDDraft. NATOA carries an original address.
type NATD struct {
	Number PayloadType
	Data   []byte
}
type NATOA struct {
	Number PayloadType
	Data   []byte
}

// Fragment is a Cisco IKE fragment: a slice of a whole ISAKMP message, its header included.
type Fragment struct {
	ID     uint16
	Number uint8 // from 1
	Flags  uint8 // 1: last
	Data   []byte
}

// Unknown is a payload of a type that this package does not know, kept raw.
type Unknown struct {
	Number PayloadType
	Data   []byte
}
