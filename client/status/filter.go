package status

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Bounds of a text that came from the gateway.
const (
	maxRunes = 2000
	maxLines = 40
	maxLine  = 256 // runes of a text that belongs on one line
)

// Filter makes a pushed text (a banner, a prompt) fit to be shown: valid UTF-8, no control, escape or bidi characters
// but newline and tab, at most 2000 characters in 40 lines. CR LF and CR become newlines.
func Filter(s string) string {
	return clean(s, maxRunes, maxLines)
}

// FilterLine is Filter for a text that belongs on one line: newlines and tabs become spaces.
func FilterLine(s string) string {
	return strings.TrimSpace(clean(s, maxLine, 1))
}

// clean stops at the bounds, so a text of any length costs no more than what is kept and dropped on the way.
func clean(s string, runes, lines int) string {
	var b strings.Builder
	line, n := 1, 0
	for i := 0; i < len(s) && n < runes; {
		r, size := utf8.DecodeRuneInString(s[i:])
		if r == '\r' {
			if strings.HasPrefix(s[i+size:], "\n") {
				i += size
				continue
			}
			r = '\n'
		}
		i += size
		switch {
		case lines == 1 && (r == '\n' || r == '\t'):
			r = ' '
		case r == '\n':
			if line++; line > lines {
				return b.String()
			}
		case r == '\t':
		case !shown(r):
			continue
		}
		b.WriteRune(r)
		n++
	}
	return b.String()
}

// shown leaves out C0, C1, and everything that is written to change how the rest is read: bidi and other format
// characters, line and paragraph separators, private use. Broken UTF-8 shows as U+FFFD.
func shown(r rune) bool {
	return r == unicode.ReplacementChar || !unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp, unicode.Co, unicode.Cs)
}
