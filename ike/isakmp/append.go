package isakmp

import "encoding/binary"

const genericLen = 4 // next payload, reserved, length

// AppendPayloads appends the chain of payloads with their generic headers: the body of a clear message, or the
// plaintext of an encrypted one before padding. A body that does not fit a 16-bit length is cut; callers bound what
// they send.
func AppendPayloads(b []byte, payloads ...Payload) []byte {
	for i, p := range payloads {
		next := None
		if i+1 < len(payloads) {
			next = payloads[i+1].Type()
		}
		b = appendGeneric(b, next, p.AppendBody)
	}
	return b
}

// AppendMessage appends a whole clear message. It fills Next and Length of the header.
func AppendMessage(b []byte, h Header, payloads ...Payload) []byte {
	start := len(b)
	h.Next = None
	if len(payloads) > 0 {
		h.Next = payloads[0].Type()
	}
	b = h.Append(b)
	b = AppendPayloads(b, payloads...)
	binary.BigEndian.PutUint32(b[start+24:], uint32(len(b)-start))
	return b
}

// appendGeneric appends one generic header and the body that f appends, and fills in the length.
func appendGeneric(b []byte, next PayloadType, f func([]byte) []byte) []byte {
	start := len(b)
	b = f(append(b, byte(next), 0, 0, 0))
	if len(b)-start > 0xffff {
		b = b[:start+0xffff]
	}
	binary.BigEndian.PutUint16(b[start+2:], uint16(len(b)-start))
	return b
}
