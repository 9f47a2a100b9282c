package service

import (
	"strings"
	"unicode"
)

// ciscoSeverity is the syslog severity of a message in the wording of Cisco IOS, "%CRYPTO-5-SESSION_STATUS: …": 0 for
// emergencies to 7 for debugging. Facility and mnemonic are capital letters, digits and underscores.
func ciscoSeverity(message string) (severity byte, ok bool) {
	rest, ok := strings.CutPrefix(message, "%CRYPTO-")
	if !ok || len(rest) < 2 || rest[0] < '0' || rest[0] > '7' || rest[1] != '-' {
		return 0, false
	}
	mnemonic, _, ok := strings.Cut(rest[2:], ": ")
	if !ok || mnemonic == "" || strings.Trim(mnemonic, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") != "" {
		return 0, false
	}
	return rest[0], true
}

// maxCisco is the longest line of this kind in runes. Two identities of the longest kind fit.
const maxCisco = 1024

// ciscoLine is such a message as one line without control and format characters: parts of it come from the gateway.
func ciscoLine(message string) string {
	var b strings.Builder
	n := 0
	for _, r := range message {
		if unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp, unicode.Co) {
			r = '?'
		}
		b.WriteRune(r)
		if n++; n == maxCisco {
			break
		}
	}
	return strings.TrimRight(b.String(), " ")
}
