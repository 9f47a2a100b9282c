package ike

import (
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"ezvpn/ike/isakmp"
	"ezvpn/ike/keymat"
)

var errNotOffered = errors.New("the peer chose what was not offered")

// Known says whether phase 1 can run with these algorithms.
func (p Phase1) Known() bool {
	_, ok := p.Cipher.KeyLen(p.KeyBits)
	return ok && p.Hash.Known() && p.Group.Known() && (p.Cipher == keymat.AES) == (p.KeyBits != 0)
}

// phase1SA offers the proposals in order, each with the authentication methods in order (RFC 2409 §5).
func phase1SA(offers []Phase1, methods []uint16, life Life) isakmp.SA {
	p := isakmp.Proposal{Number: 1, Protocol: isakmp.ProtocolISAKMP}
	for _, o := range offers {
		for _, m := range methods {
			p.Transforms = append(p.Transforms, isakmp.Transform{Number: uint8(len(p.Transforms) + 1), ID: isakmp.KeyIKE,
				Attributes: phase1Attributes(o, m, life)})
		}
	}
	return isakmp.SA{DOI: isakmp.DOIIPsec, Situation: isakmp.SituationIdentityOnly, Proposals: []isakmp.Proposal{p}}
}

// phase1Attributes puts the key length behind the cipher: some peers refuse it before (libreswan).
func phase1Attributes(o Phase1, method uint16, life Life) []isakmp.Attribute {
	as := []isakmp.Attribute{isakmp.TV(isakmp.Phase1Encryption, uint16(o.Cipher))}
	if o.KeyBits != 0 {
		as = append(as, isakmp.TV(isakmp.Phase1KeyLength, uint16(o.KeyBits)))
	}
	as = append(as, isakmp.TV(isakmp.Phase1Hash, uint16(o.Hash)), isakmp.TV(isakmp.Phase1Group, uint16(o.Group)),
		isakmp.TV(isakmp.Phase1Auth, method))
	return append(as, lifeAttributes(isakmp.Phase1LifeType, isakmp.Phase1LifeDuration, life)...)
}

func lifeAttributes(kind, duration uint16, l Life) []isakmp.Attribute {
	var as []isakmp.Attribute
	if l.Time > 0 {
		as = append(as, isakmp.TV(kind, isakmp.LifeSeconds), isakmp.TLV(duration, number(uint64(l.Time/time.Second))))
	}
	if l.Kilobytes > 0 {
		as = append(as, isakmp.TV(kind, isakmp.LifeKilobytes), isakmp.TLV(duration, number(l.Kilobytes)))
	}
	return as
}

func number(v uint64) []byte { return binary.BigEndian.AppendUint32(nil, uint32(min(v, 1<<32-1))) }

// transform is one transform by value, whichever way its attributes were written.
type transform struct {
	values map[uint16]uint64
	life   Life
}

// readTransform refuses repeated attributes, lives aside: with two values for one thing nobody knows what was agreed.
func readTransform(as []isakmp.Attribute, lifeType, lifeDuration uint16) (transform, error) {
	t := transform{values: map[uint16]uint64{}}
	unit := uint64(0)
	for _, a := range as {
		v, ok := a.Uint()
		switch {
		case !ok:
			return t, fmt.Errorf("attribute %d has no readable value", a.Type)
		case a.Type == lifeType:
			unit = v
			continue
		case a.Type == lifeDuration:
			switch unit {
			case isakmp.LifeSeconds:
				t.life.Time = time.Duration(min(v, 1<<32)) * time.Second
			case isakmp.LifeKilobytes:
				t.life.Kilobytes = v
			}
			unit = 0
			continue
		}
		if v > 0xffff { // basic attributes have 16 bits, however they are written
			return t, fmt.Errorf("attribute %d is out of range", a.Type)
		}
		if _, twice := t.values[a.Type]; twice {
			return t, fmt.Errorf("attribute %d comes twice", a.Type)
		}
		t.values[a.Type] = v
	}
	return t, nil
}

func (t transform) phase1() (Phase1, uint16) {
	p := Phase1{Cipher: keymat.Cipher(t.values[isakmp.Phase1Encryption]), KeyBits: int(t.values[isakmp.Phase1KeyLength]),
		Hash: keymat.Hash(t.values[isakmp.Phase1Hash]), Group: keymat.Group(t.values[isakmp.Phase1Group])}
	if p.Cipher == keymat.AES && p.KeyBits == 0 {
		p.KeyBits = 128 // what peers mean who leave it out
	}
	return p, uint16(t.values[isakmp.Phase1Auth])
}

var phase1Known = map[uint16]bool{isakmp.Phase1Encryption: true, isakmp.Phase1KeyLength: true, isakmp.Phase1Hash: true,
	isakmp.Phase1Group: true, isakmp.Phase1Auth: true}

// chosenPhase1 reads the responder's choice and holds it against the offer.
func chosenPhase1(sa isakmp.SA, offers []Phase1, methods []uint16) (Phase1, uint16, Life, error) {
	if len(sa.Proposals) != 1 || len(sa.Proposals[0].Transforms) != 1 || sa.Proposals[0].Protocol != isakmp.ProtocolISAKMP ||
		sa.Proposals[0].Transforms[0].ID != isakmp.KeyIKE {
		return Phase1{}, 0, Life{}, errors.New("the choice is not one transform of ISAKMP")
	}
	return matchPhase1(sa.Proposals[0].Transforms[0], offers, methods)
}

func matchPhase1(x isakmp.Transform, offers []Phase1, methods []uint16) (Phase1, uint16, Life, error) {
	t, err := readTransform(x.Attributes, isakmp.Phase1LifeType, isakmp.Phase1LifeDuration)
	if err != nil {
		return Phase1{}, 0, Life{}, err
	}
	for k := range t.values {
		if !phase1Known[k] {
			return Phase1{}, 0, Life{}, fmt.Errorf("%w: %s", errNotOffered, isakmp.Phase1Name(k))
		}
	}
	p, method := t.phase1()
	for _, o := range offers {
		for _, m := range methods {
			if o == p && m == method && o.Known() {
				return p, method, t.life, nil
			}
		}
	}
	return p, method, t.life, errNotOffered
}

// Known says whether ESP can run with these algorithms.
func (s Suite) Known() bool {
	_, ok := keyLengths(s)
	return ok
}

var authKeys = map[uint16]int{isakmp.AuthHMACMD5: 16, isakmp.AuthHMACSHA1: 20, isakmp.AuthHMACSHA256: 32, isakmp.AuthHMACSHA384: 48,
	isakmp.AuthHMACSHA512: 64}

// keyLengths gives the bytes of KEYMAT for the cipher (with the salt of AES-GCM) and for the authentication.
func keyLengths(s Suite) ([2]int, bool) {
	aes := s.KeyBits == 128 || s.KeyBits == 192 || s.KeyBits == 256
	auth, known := authKeys[s.Auth]
	switch {
	case s.Cipher == isakmp.ESP3DES && s.KeyBits == 0 && known:
		return [2]int{24, auth}, true
	case s.Cipher == isakmp.ESPAESCBC && aes && known:
		return [2]int{int(s.KeyBits) / 8, auth}, true
	case s.Cipher == isakmp.ESPAESGCM16 && aes && s.Auth == 0:
		return [2]int{int(s.KeyBits)/8 + 4, 0}, true
	}
	return [2]int{}, false
}

// phase2SA offers each suite as a proposal of its own, all with our inbound SPI (RFC 2407 §4.4.4).
func phase2SA(suites []Suite, spi uint32, encap uint16, pfs keymat.Group, life Life) isakmp.SA {
	sa := isakmp.SA{DOI: isakmp.DOIIPsec, Situation: isakmp.SituationIdentityOnly}
	for i, s := range suites {
		as := lifeAttributes(isakmp.Phase2LifeType, isakmp.Phase2LifeDuration, life)
		if pfs != 0 {
			as = append(as, isakmp.TV(isakmp.Phase2Group, uint16(pfs)))
		}
		as = append(as, isakmp.TV(isakmp.Phase2Encapsulation, encap))
		if s.Auth != 0 {
			as = append(as, isakmp.TV(isakmp.Phase2Auth, s.Auth))
		}
		if s.KeyBits != 0 {
			as = append(as, isakmp.TV(isakmp.Phase2KeyLength, s.KeyBits))
		}
		sa.Proposals = append(sa.Proposals, isakmp.Proposal{Number: uint8(i + 1), Protocol: isakmp.ProtocolESP,
			SPI: binary.BigEndian.AppendUint32(nil, spi), Transforms: []isakmp.Transform{{Number: 1, ID: s.Cipher, Attributes: as}}})
	}
	return sa
}

var phase2Known = map[uint16]bool{isakmp.Phase2Group: true, isakmp.Phase2Encapsulation: true, isakmp.Phase2Auth: true, isakmp.Phase2KeyLength: true}

// chosen2 is one phase 2 transform that both sides can speak.
type chosen2 struct {
	suite Suite
	spi   uint32
	pfs   keymat.Group
	life  Life
	raw   isakmp.Proposal // as it came, with this transform alone
}

// matchPhase2 holds one transform of a peer against the suites. encap is the encapsulation of the NAT-T variant; the
// other numbering of the same thing is refused, since it was not offered.
func matchPhase2(p isakmp.Proposal, x isakmp.Transform, suites []Suite, encap uint16) (chosen2, error) {
	if p.Protocol != isakmp.ProtocolESP || len(p.SPI) != 4 {
		return chosen2{}, errors.New("proposal is not ESP with a 4 byte SPI")
	}
	t, err := readTransform(x.Attributes, isakmp.Phase2LifeType, isakmp.Phase2LifeDuration)
	if err != nil {
		return chosen2{}, err
	}
	for k := range t.values {
		if !phase2Known[k] {
			return chosen2{}, fmt.Errorf("%w: %s", errNotOffered, isakmp.Phase2Name(k))
		}
	}
	c := chosen2{spi: binary.BigEndian.Uint32(p.SPI), pfs: keymat.Group(t.values[isakmp.Phase2Group]), life: t.life,
		suite: Suite{Cipher: x.ID, KeyBits: uint16(t.values[isakmp.Phase2KeyLength]), Auth: uint16(t.values[isakmp.Phase2Auth])},
		raw:   isakmp.Proposal{Number: p.Number, Protocol: p.Protocol, SPI: p.SPI, Transforms: []isakmp.Transform{x}}}
	if c.suite.KeyBits == 0 && (c.suite.Cipher == isakmp.ESPAESCBC || c.suite.Cipher == isakmp.ESPAESGCM16) {
		c.suite.KeyBits = 128
	}
	if t.values[isakmp.Phase2Encapsulation] != uint64(encap) {
		return c, fmt.Errorf("%w: encapsulation %d", errNotOffered, t.values[isakmp.Phase2Encapsulation])
	}
	if c.spi < 256 {
		return c, fmt.Errorf("SPI %d is reserved", c.spi)
	}
	for _, s := range suites {
		if s == c.suite && s.Known() {
			return c, nil
		}
	}
	return c, errNotOffered
}

// limits of what a gateway may make of a life: shorter would be a storm, longer a risk.
const (
	minLife1, maxLife1 = 5 * time.Minute, 7 * 24 * time.Hour
	minLife2, maxLife2 = time.Minute, 24 * time.Hour
	minKilobytes       = 1024
	defaultLife1       = 24 * time.Hour
	defaultLife2       = 8 * time.Hour
)

// clamp gives the life in use: the shorter of ours and the peer's, within limits.
func clamp(ours, peers, low, high, fallback time.Duration) time.Duration {
	l := ours
	if l == 0 {
		l = fallback
	}
	if peers > 0 && peers < l {
		l = max(peers, low)
	}
	return min(l, high)
}
