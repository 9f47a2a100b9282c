package isakmp

import (
	"encoding/binary"
	"fmt"
)

// Limits of one message. No known peer comes near them.
const (
	MaxPayloads   = 64
	MaxAttributes = 256
)

// budget is what is left of the limits while one message is parsed.
type budget struct{ payloads, attributes int }

func newBudget() *budget { return &budget{MaxPayloads, MaxAttributes} }

func take(n *int) error {
	if *n == 0 {
		return ErrTooMany
	}
	*n--
	return nil
}

// ParsePayloads reads the chain that starts with a payload of type first. n is the number of bytes that the chain
// takes; what follows is encryption padding and never looked at. A reserved byte that is not zero is ErrReserved,
// which after decryption means that the key was wrong. Bodies alias b.
func ParsePayloads(first PayloadType, b []byte) (payloads []Parsed, n int, err error) {
	left := newBudget()
	for t := first; t != None; {
		if err := take(&left.payloads); err != nil {
			return nil, 0, err
		}
		next, body, err := generic(b[n:])
		if err != nil {
			return nil, 0, fmt.Errorf("%v payload: %w", t, err)
		}
		p, err := parseBody(t, body, left)
		if err != nil {
			return nil, 0, fmt.Errorf("%v payload: %w", t, err)
		}
		payloads = append(payloads, Parsed{Body: body, Payload: p})
		n += genericLen + len(body)
		t = next
	}
	return payloads, n, nil
}

// generic reads one generic header (RFC 2408 §3.2) and gives the body that it announces.
func generic(b []byte) (next PayloadType, body []byte, err error) {
	if len(b) < genericLen {
		return 0, nil, ErrShort
	}
	if b[1] != 0 {
		return 0, nil, ErrReserved
	}
	n := int(binary.BigEndian.Uint16(b[2:]))
	if n < genericLen {
		return 0, nil, ErrLength
	}
	if n > len(b) {
		return 0, nil, ErrShort
	}
	return PayloadType(b[0]), b[genericLen:n:n], nil
}

// parseBody reads the body of one payload. Unknown types are kept raw.
func parseBody(t PayloadType, b []byte, left *budget) (Payload, error) {
	switch t {
	case TypeSA:
		return parseSA(b, left)
	case TypeKE:
		return KE{b}, nil
	case TypeID:
		return parseID(b)
	case TypeCert:
		if err := atLeast(b, 1); err != nil {
			return nil, err
		}
		return Cert{b[0], b[1:]}, nil
	case TypeCertReq:
		if err := atLeast(b, 1); err != nil {
			return nil, err
		}
		return CertReq{b[0], b[1:]}, nil
	case TypeHash:
		return Hash{b}, nil
	case TypeSignature:
		return Signature{b}, nil
	case TypeNonce:
		return parseNonce(b)
	case TypeNotify:
		return parseNotify(b)
	case TypeDelete:
		return parseDelete(b)
	case TypeVendor:
		return Vendor{b}, nil
	case TypeAttribute:
		return parseConfig(b, left)
	case TypeNATD, TypeNATDDraft:
		return NATD{t, b}, nil
	case TypeNATOA, TypeNATOADraft:
		return NATOA{t, b}, nil
	case TypeFragment:
		return parseFragment(b)
	}
	return Unknown{t, b}, nil
}

func atLeast(b []byte, n int) error {
	if len(b) < n {
		return ErrLength
	}
	return nil
}

// parseNonce holds the bounds of RFC 2409 §5.
func parseNonce(b []byte) (Payload, error) {
	if len(b) < 8 || len(b) > 256 {
		return nil, ErrLength
	}
	return Nonce{b}, nil
}

func parseID(b []byte) (Payload, error) {
	if err := atLeast(b, 4); err != nil {
		return nil, err
	}
	return ID{Kind: b[0], Protocol: b[1], Port: binary.BigEndian.Uint16(b[2:]), Data: b[4:]}, nil
}

func parseNotify(b []byte) (Payload, error) {
	if err := atLeast(b, 8); err != nil {
		return nil, err
	}
	n := Notify{DOI: binary.BigEndian.Uint32(b), Protocol: b[4], Kind: binary.BigEndian.Uint16(b[6:])}
	spi := int(b[5])
	if err := atLeast(b, 8+spi); err != nil {
		return nil, err
	}
	n.SPI, n.Data = b[8:8+spi:8+spi], b[8+spi:]
	return n, nil
}

func parseDelete(b []byte) (Payload, error) {
	if err := atLeast(b, 8); err != nil {
		return nil, err
	}
	d := Delete{DOI: binary.BigEndian.Uint32(b), Protocol: b[4], SPISize: b[5]}
	count, size := int(binary.BigEndian.Uint16(b[6:])), int(b[5])
	if count*size != len(b)-8 || size == 0 && count != 0 {
		return nil, ErrLength
	}
	for b = b[8:]; len(b) > 0; b = b[size:] {
		d.SPIs = append(d.SPIs, b[:size:size])
	}
	return d, nil
}

func parseConfig(b []byte, left *budget) (Payload, error) {
	if err := atLeast(b, 4); err != nil {
		return nil, err
	}
	as, err := parseAttributes(b[4:], left)
	if err != nil {
		return nil, err
	}
	return Config{Kind: b[0], Reserved: b[1], Identifier: binary.BigEndian.Uint16(b[2:]), Attributes: as}, nil
}

func parseFragment(b []byte) (Payload, error) {
	if err := atLeast(b, 4); err != nil {
		return nil, err
	}
	return Fragment{ID: binary.BigEndian.Uint16(b), Number: b[2], Flags: b[3], Data: b[4:]}, nil
}
