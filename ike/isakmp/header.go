package isakmp

import "encoding/binary"

// HeaderLen is the size of the ISAKMP header in bytes (RFC 2408 §3.1).
const HeaderLen = 28

// Version is the only header version that is spoken: major 1, minor 0.
const Version = 0x10

// Cookie identifies one side of an ISAKMP SA. The pair of cookies names the SA.
type Cookie [8]byte

// IsZero reports whether the cookie is not set yet.
func (c Cookie) IsZero() bool { return c == Cookie{} }

// ExchangeType is the exchange type of the header (RFC 2408 §3.1, RFC 2409 App. A).
type ExchangeType uint8

const (
	MainMode      ExchangeType = 2
	Aggressive    ExchangeType = 4
	Informational ExchangeType = 5
	Transaction   ExchangeType = 6
	QuickMode     ExchangeType = 32
)

// Flags of the header.
type Flags uint8

const (
	Encrypted Flags = 1
	Commit    Flags = 2
	AuthOnly  Flags = 4
)

// Header is the ISAKMP header, in the order of the wire.
type Header struct {
	Initiator Cookie
	Responder Cookie // zero in the first message only
	Next      PayloadType
	Version   uint8
	Exchange  ExchangeType
	Flags     Flags
	MessageID uint32 // 0 in phase 1
	Length    uint32 // whole message in bytes, encryption padding included
}

// ParseHeader reads the header of b, which is one whole message without the non-ESP marker. It refuses what is not
// worth a look at the rest: another version, unknown flags, no initiator cookie, a length that is not len(b).
func ParseHeader(b []byte) (Header, error) {
	if len(b) < HeaderLen {
		return Header{}, ErrShort
	}
	h := Header{
		Next:      PayloadType(b[16]),
		Version:   b[17],
		Exchange:  ExchangeType(b[18]),
		Flags:     Flags(b[19]),
		MessageID: binary.BigEndian.Uint32(b[20:]),
		Length:    binary.BigEndian.Uint32(b[24:]),
	}
	copy(h.Initiator[:], b)
	copy(h.Responder[:], b[8:])
	switch {
	case h.Version != Version:
		return Header{}, ErrVersion
	case h.Flags&^(Encrypted|Commit|AuthOnly) != 0:
		return Header{}, ErrFlags
	case h.Initiator.IsZero():
		return Header{}, ErrCookie
	case uint64(h.Length) != uint64(len(b)):
		return Header{}, ErrLength
	}
	return h, nil
}

// Append appends the 28 bytes of the header as they are, Next and Length included. A zero Version is written as 1.0.
func (h Header) Append(b []byte) []byte {
	if h.Version == 0 {
		h.Version = Version
	}
	b = append(b, h.Initiator[:]...)
	b = append(b, h.Responder[:]...)
	b = append(b, byte(h.Next), h.Version, byte(h.Exchange), byte(h.Flags))
	b = binary.BigEndian.AppendUint32(b, h.MessageID)
	return binary.BigEndian.AppendUint32(b, h.Length)
}
