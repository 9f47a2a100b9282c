package isakmp

// FragmentLast is the flag of the last fragment.
const FragmentLast = 1

// MaxFragments and MaxFragmented bound one message in fragments: count, and bytes of the whole message.
const (
	MaxFragments  = 64
	MaxFragmented = 32 << 10
)

const fragmentOverhead = HeaderLen + genericLen + 4 // header, generic header, ID, number and flags

// Split cuts a whole message, which may be encrypted, into messages of at most size bytes, each with one Fragment
// payload. A message that fits, and one that would need more than MaxFragments, comes back whole.
func Split(message []byte, id uint16, size int) [][]byte {
	room := size - fragmentOverhead
	h, err := ParseHeader(message)
	if err != nil || len(message) <= size || room <= 0 || (len(message)+room-1)/room > MaxFragments {
		return [][]byte{message}
	}
	h.Flags = 0
	var out [][]byte
	for n := uint8(1); len(message) > 0; n++ {
		f := Fragment{ID: id, Number: n, Data: message[:min(room, len(message))]}
		message = message[len(f.Data):]
		if len(message) == 0 {
			f.Flags = FragmentLast
		}
		out = append(out, AppendMessage(nil, h, f))
	}
	return out
}
