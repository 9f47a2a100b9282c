package isakmp

import (
	"encoding/binary"
	"fmt"
)

// DOIIPsec and SituationIdentityOnly are the only values in use (RFC 2407 §4.2).
const (
	DOIIPsec              = 1
	SituationIdentityOnly = 1
)

// Protocol identifiers (RFC 2407 §4.4.1).
const (
	ProtocolISAKMP = 1
	ProtocolAH     = 2
	ProtocolESP    = 3
	ProtocolIPComp = 4
)

// KeyIKE is the only transform of protocol ISAKMP (RFC 2407 §4.4.2).
const KeyIKE = 1

// ESP transforms (RFC 2407 §4.4.4, RFC 3602, RFC 4106). Only these three are spoken.
const (
	ESP3DES     = 3
	ESPAESCBC   = 12
	ESPAESGCM16 = 20
)

// parseSA reads an SA body; the lengths of proposals and transforms must add up to the last byte. No proposal, and a
// proposal without transforms, are left to the caller to refuse.
func parseSA(b []byte, left *budget) (Payload, error) {
	if err := atLeast(b, 8); err != nil {
		return nil, err
	}
	sa := SA{DOI: binary.BigEndian.Uint32(b), Situation: binary.BigEndian.Uint32(b[4:])}
	if sa.DOI != DOIIPsec || sa.Situation != SituationIdentityOnly {
		return nil, ErrDOI
	}
	b = b[8:]
	for next := TypeProposal; next != None && (len(b) > 0 || len(sa.Proposals) > 0); {
		if next != TypeProposal {
			return nil, ErrChain
		}
		if err := take(&left.payloads); err != nil {
			return nil, err
		}
		n, body, err := generic(b)
		if err != nil {
			return nil, fmt.Errorf("proposal %d: %w", len(sa.Proposals)+1, err)
		}
		p, err := parseProposal(body, left)
		if err != nil {
			return nil, fmt.Errorf("proposal %d: %w", len(sa.Proposals)+1, err)
		}
		sa.Proposals = append(sa.Proposals, p)
		b, next = b[genericLen+len(body):], n
	}
	if len(b) != 0 {
		return nil, ErrLength
	}
	return sa, nil
}

func parseProposal(b []byte, left *budget) (Proposal, error) {
	if err := atLeast(b, 4); err != nil {
		return Proposal{}, err
	}
	p := Proposal{Number: b[0], Protocol: b[1]}
	size, count := int(b[2]), int(b[3])
	if err := atLeast(b, 4+size); err != nil {
		return Proposal{}, err
	}
	p.SPI, b = b[4:4+size:4+size], b[4+size:]
	for i := range count {
		next, body, err := generic(b)
		if err != nil {
			return Proposal{}, fmt.Errorf("transform %d: %w", i+1, err)
		}
		if last := i == count-1; last != (next == None) || !last && next != TypeTransform {
			return Proposal{}, ErrChain
		}
		t, err := parseTransform(body, left)
		if err != nil {
			return Proposal{}, fmt.Errorf("transform %d: %w", i+1, err)
		}
		p.Transforms = append(p.Transforms, t)
		b = b[genericLen+len(body):]
	}
	if len(b) != 0 {
		return Proposal{}, ErrLength
	}
	return p, nil
}

func parseTransform(b []byte, left *budget) (Transform, error) {
	if err := atLeast(b, 4); err != nil {
		return Transform{}, err
	}
	if b[2] != 0 || b[3] != 0 {
		return Transform{}, ErrReserved
	}
	as, err := parseAttributes(b[4:], left)
	if err != nil {
		return Transform{}, err
	}
	return Transform{Number: b[0], ID: b[1], Attributes: as}, nil
}

// AppendBody writes proposals and transforms with their own chain. It writes at most 255 bytes of SPI and 255
// transforms, the most that the fields can say.
func (p SA) AppendBody(b []byte) []byte {
	b = binary.BigEndian.AppendUint32(b, p.DOI)
	b = binary.BigEndian.AppendUint32(b, p.Situation)
	for i, q := range p.Proposals {
		next := TypeProposal
		if i == len(p.Proposals)-1 {
			next = None
		}
		b = appendGeneric(b, next, q.appendBody)
	}
	return b
}

func (p Proposal) appendBody(b []byte) []byte {
	spi := p.SPI[:min(len(p.SPI), 255)]
	ts := p.Transforms[:min(len(p.Transforms), 255)]
	b = append(b, p.Number, p.Protocol, uint8(len(spi)), uint8(len(ts)))
	b = append(b, spi...)
	for i, t := range ts {
		next := TypeTransform
		if i == len(ts)-1 {
			next = None
		}
		b = appendGeneric(b, next, t.appendBody)
	}
	return b
}

func (t Transform) appendBody(b []byte) []byte {
	b = append(b, t.Number, t.ID, 0, 0)
	return AppendAttributes(b, t.Attributes...)
}
