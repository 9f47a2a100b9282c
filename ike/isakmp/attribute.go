package isakmp

import "encoding/binary"

const basicBit = 0x8000 // the attribute format bit: value in place of the length

// TV makes a basic attribute: type and a 16-bit value.
func TV(kind, value uint16) Attribute {
	return Attribute{Type: kind &^ basicBit, Basic: true, Value: binary.BigEndian.AppendUint16(nil, value)}
}

// TLV makes a variable attribute. An empty value asks for the attribute in a Mode Config request.
func TLV(kind uint16, value []byte) Attribute {
	return Attribute{Type: kind &^ basicBit, Value: value}
}

// Uint reads the value as a number, whichever way it was written: durations come both ways (RFC 2408 §3.3). It is
// false for values of no or more than eight bytes.
func (a Attribute) Uint() (uint64, bool) {
	if len(a.Value) == 0 || len(a.Value) > 8 {
		return 0, false
	}
	var n uint64
	for _, c := range a.Value {
		n = n<<8 | uint64(c)
	}
	return n, true
}

// ParseAttributes reads data attributes until the end of b. Values alias b.
func ParseAttributes(b []byte) ([]Attribute, error) {
	return parseAttributes(b, newBudget())
}

func parseAttributes(b []byte, left *budget) ([]Attribute, error) {
	var as []Attribute
	for len(b) > 0 {
		if err := take(&left.attributes); err != nil {
			return nil, err
		}
		if len(b) < 4 {
			return nil, ErrLength
		}
		kind, n := binary.BigEndian.Uint16(b), int(binary.BigEndian.Uint16(b[2:]))
		if kind&basicBit != 0 {
			as = append(as, Attribute{Type: kind &^ basicBit, Basic: true, Value: b[2:4:4]})
			b = b[4:]
			continue
		}
		if n > len(b)-4 {
			return nil, ErrLength
		}
		as = append(as, Attribute{Type: kind, Value: b[4 : 4+n : 4+n]})
		b = b[4+n:]
	}
	return as, nil
}

// AppendAttributes appends data attributes. A basic attribute is written with the low two bytes of its value, a
// variable one with at most 65535 bytes.
func AppendAttributes(b []byte, as ...Attribute) []byte {
	for _, a := range as {
		if a.Basic {
			var v [2]byte
			copy(v[max(0, 2-len(a.Value)):], a.Value[max(0, len(a.Value)-2):])
			b = binary.BigEndian.AppendUint16(b, a.Type|basicBit)
			b = append(b, v[:]...)
			continue
		}
		v := a.Value[:min(len(a.Value), 0xffff)]
		b = binary.BigEndian.AppendUint16(b, a.Type&^basicBit)
		b = binary.BigEndian.AppendUint16(b, uint16(len(v)))
		b = append(b, v...)
	}
	return b
}

// Find gives the first attribute of a type.
func Find(as []Attribute, kind uint16) (Attribute, bool) {
	for _, a := range as {
		if a.Type == kind {
			return a, true
		}
	}
	return Attribute{}, false
}
