package ipc

import "strconv"

// halfSurrogate finds an escape such as \ud800 without its other half, which encoding/json would replace in silence.
func halfSurrogate(body []byte) bool {
	for i := 0; i < len(body); i++ {
		if body[i] != '\\' {
			continue
		}
		switch r := escaped(body[i:]); {
		case r < 0xd800 || r > 0xdfff:
			i++ // also over the second of two backslashes
		case r >= 0xdc00:
			return true
		default:
			if low := escaped(body[i+6:]); low < 0xdc00 || low > 0xdfff {
				return true
			}
			i += 11
		}
	}
	return false
}

// escaped is the code unit of \uXXXX at the begin of b, and 0 for anything else.
func escaped(b []byte) uint64 {
	if len(b) < 6 || b[0] != '\\' || b[1] != 'u' {
		return 0
	}
	unit, err := strconv.ParseUint(string(b[2:6]), 16, 16)
	if err != nil {
		return 0 // the decoder refuses it
	}
	return unit
}
