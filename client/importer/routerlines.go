package importer

import (
	"math/bits"
	"net/netip"
	"strings"
)

// command is one line of a running configuration.
type command struct {
	line  int
	words []string
	deep  bool // belongs to the line above that is not indented
}

func (f *file) commands() []command {
	var all []command
	for i, l := range f.lines() {
		w := strings.Fields(l)
		if len(w) > 0 && w[0][0] != '!' {
			all = append(all, command{i + 1, w, l[0] == ' ' || l[0] == '\t'})
		}
	}
	return all
}

// begins says whether the words begin with these.
func (c command) begins(words ...string) bool {
	if len(c.words) < len(words) {
		return false
	}
	for i, w := range words {
		if !strings.EqualFold(c.words[i], w) {
			return false
		}
	}
	return true
}

// at is the place of a line; its key is that many words of it.
func (c command) at(n int) at { return at{c.line, strings.Join(c.words[:min(n, len(c.words))], " ")} }

// word is the n-th word, or "".
func (c command) word(n int) string {
	if n < len(c.words) {
		return c.words[n]
	}
	return ""
}

// routerSecret takes a key of a router: in clear, or behind the digit that says how it is hidden.
func (d *draft) routerSecret(p at, to string, words []string) {
	switch {
	case len(words) == 0:
		d.drop(p, "holds no key")
	case len(words) > 1 && words[0] == "6", len(words) > 1 && words[0] == "7":
		d.note(p, Dropped, to, "the router keeps it hidden; type it in")
	case strings.Trim(words[0], "*") == "" || words[0] == "<removed>":
		d.note(p, Dropped, to, "the configuration shows stars in its place; type it in")
	case len(words) > 1 && words[0] == "0":
		d.secret(p, to, words[1])
	default:
		d.secret(p, to, words[0])
	}
}

// network is the network of an address with its mask.
func network(address, mask string) (string, bool) {
	a, err := netip.ParseAddr(address)
	m, err2 := netip.ParseAddr(mask)
	if err != nil || err2 != nil || !a.Is4() || !m.Is4() {
		return "", false
	}
	b := m.As4()
	v := uint32(b[0])<<24 | uint32(b[1])<<16 | uint32(b[2])<<8 | uint32(b[3])
	n := bits.LeadingZeros32(^v)
	if v<<n != 0 {
		return "", false
	}
	return netip.PrefixFrom(a, n).Masked().String(), true
}
