package importer

import (
	"encoding/binary"
	"errors"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// file is one file to read, decoded.
type file struct {
	name, format, text string
}

// lines are without their ends; line n has the index n-1.
func (f *file) lines() []string { return strings.Split(f.text, "\n") }

// decode makes text of UTF-8 and UTF-16 with or without a byte order mark, and of Latin-1, in which the clients of
// Windows wrote: all that is not UTF-8 is read as that. Line ends become line feeds.
func decode(data []byte) (string, error) {
	s := string(data)
	switch {
	case strings.HasPrefix(s, "\xef\xbb\xbf"):
		s = s[3:]
	case strings.HasPrefix(s, "\xff\xfe"):
		s = wide(data[2:], binary.LittleEndian)
	case strings.HasPrefix(s, "\xfe\xff"):
		s = wide(data[2:], binary.BigEndian)
	case len(data) > 4 && data[0] == 0x30 && data[1]&0x80 != 0 && data[1] != 0x80 || strings.HasPrefix(s, "0\x80\x06\x09"):
		return "", errors.New("is signed (CMS); take the signature off first, for example with: openssl cms -verify -noverify -inform DER")
	case strings.HasPrefix(s, "bplist"):
		return "", errors.New("is a binary property list; convert it to XML first, for example with: plutil -convert xml1")
	}
	if !utf8.ValidString(s) {
		r := make([]rune, len(s))
		for i := range len(s) {
			r[i] = rune(s[i])
		}
		s = string(r)
	}
	if strings.ContainsRune(s, 0) {
		return "", errors.New("is not a text file")
	}
	return strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\r", "\n"), nil
}

func wide(b []byte, order binary.ByteOrder) string {
	u := make([]uint16, len(b)/2)
	for i := range u {
		u[i] = order.Uint16(b[2*i:])
	}
	return string(utf16.Decode(u))
}

// clean is a name out of the file as the report may print it: one short line without control characters.
func clean(s string) string {
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r >= 0x7f && r < 0xa0 || r >= 0x2028 && r <= 0x202e || r >= 0x2066 && r <= 0x2069 {
			return -1
		}
		return r
	}, s)
	if r := []rune(s); len(r) > 60 {
		s = string(r[:60]) + "…"
	}
	return s
}

// unquote takes one pair of quotes off, as the INI readers of Windows do.
func unquote(s string) string {
	s = strings.TrimSpace(s)
	if len(s) >= 2 && (s[0] == '"' || s[0] == '\'') && s[len(s)-1] == s[0] {
		return s[1 : len(s)-1]
	}
	return s
}
