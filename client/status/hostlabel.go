package status

import (
	"strings"

	"golang.org/x/net/publicsuffix"
)

// HostLabel checks a domain that the gateway pushed and gives it in lower case without the final dot. It must be at
// least two labels of letters, digits, hyphens and underscores, 63 octets a label and 253 in all: nothing that a
// resolver, a file or a command line could read as something else, and never a whole registry
// such as "co.uk", whose names belong to everybody.
func HostLabel(s string) (string, bool) {
	s = strings.ToLower(strings.TrimSuffix(s, "."))
	if len(s) == 0 || len(s) > 253 {
		return "", false
	}
	labels := strings.Split(s, ".")
	if len(labels) < 2 || allDigits(labels[len(labels)-1]) {
		return "", false
	}
	for _, l := range labels {
		if !ldh(l) {
			return "", false
		}
	}
	if suffix, _ := publicsuffix.PublicSuffix(s); suffix == s {
		return "", false
	}
	return s, true
}

// ldh is one label (RFC 1123 §2.1) with the underscore that service names use.
func ldh(l string) bool {
	if len(l) == 0 || len(l) > 63 || l[0] == '-' || l[len(l)-1] == '-' {
		return false
	}
	for _, c := range []byte(l) {
		if !('a' <= c && c <= 'z' || '0' <= c && c <= '9' || c == '-' || c == '_') {
			return false
		}
	}
	return true
}

func allDigits(s string) bool {
	return strings.Trim(s, "0123456789") == ""
}
