package isakmp

import (
	"errors"
	"net/netip"
	"strings"
)

// Errors of attribute values. They refuse one attribute, not the session.
var (
	ErrValue = errors.New("attribute value has the wrong form")
	ErrMask  = errors.New("network mask has holes")
)

// IPv4 reads an attribute that is one address. No value, and 0.0.0.0, give the zero Addr.
func (a Attribute) IPv4() (netip.Addr, error) {
	if len(a.Value) == 0 {
		return netip.Addr{}, nil
	}
	if len(a.Value) != 4 || a.Basic {
		return netip.Addr{}, ErrValue
	}
	ip := netip.AddrFrom4([4]byte(a.Value))
	if ip.IsUnspecified() {
		return netip.Addr{}, nil
	}
	return ip, nil
}

// Addrs reads all attributes of one type that are an IPv4 address each: name servers come repeated. Empty ones and
// 0.0.0.0 are passed over, values of a wrong length are counted in refused.
func Addrs(as []Attribute, kind uint16) (addrs []netip.Addr, refused int) {
	for _, a := range as {
		if a.Type != kind {
			continue
		}
		switch ip, err := a.IPv4(); {
		case err != nil:
			refused++
		case ip.IsValid():
			addrs = append(addrs, ip)
		}
	}
	return addrs, refused
}

// Networks reads SPLIT_INCLUDE and LOCAL_LAN: entries of 14 bytes, address and mask first. Protocol and ports are
// ignored, since peers write garbage there; the last entry may be short by what follows the mask. Entries with a
// mask that has holes are left out and counted in refused. Host bits are cleared.
func (a Attribute) Networks() (nets []netip.Prefix, refused int, err error) {
	if a.Basic {
		return nil, 0, ErrValue
	}
	for b := a.Value; len(b) > 0; b = b[min(14, len(b)):] {
		if len(b) < 8 {
			return nets, refused, ErrValue
		}
		p, ok := prefix(b[:4], b[4:8])
		if !ok {
			refused++
			continue
		}
		nets = append(nets, p.Masked())
	}
	return nets, refused, nil
}

// SplitValue writes networks the way SPLIT_INCLUDE and LOCAL_LAN carry them.
func SplitValue(nets ...netip.Prefix) []byte {
	var b []byte
	for _, p := range nets {
		a, m := p.Masked().Addr().As4(), mask(p.Bits())
		b = append(append(append(b, a[:]...), m[:]...), 0, 0, 0, 0, 0, 0)
	}
	return b
}

// Domains reads SPLITDNS: names with commas, spaces, NULs or newlines between them. Names that are not made of
// letters, digits, hyphens, underscores and dots are left out and counted in refused.
func (a Attribute) Domains() (names []string, refused int) {
	for _, s := range list(a.Value) {
		if !isDomain(s) {
			refused++
			continue
		}
		names = append(names, s)
	}
	return names, refused
}

// Servers reads BACKUP_SERVERS: text as in Domains, or IPv4 addresses in four bytes each when the value is no text.
func (a Attribute) Servers() []string {
	if len(a.Value)%4 == 0 && !printable(a.Value) {
		var out []string
		for b := a.Value; len(b) > 0; b = b[4:] {
			out = append(out, netip.AddrFrom4([4]byte(b)).String())
		}
		return out
	}
	names, _ := a.Domains()
	return names
}

func list(b []byte) []string {
	return strings.FieldsFunc(string(b), func(r rune) bool { return strings.ContainsRune(", \x00\r\n\t", r) })
}

func printable(b []byte) bool {
	for _, c := range b {
		if c > '~' || c < ' ' && !strings.ContainsRune("\x00\r\n\t", rune(c)) {
			return false
		}
	}
	return true
}

func isDomain(s string) bool {
	s = strings.TrimSuffix(strings.TrimPrefix(s, "."), ".")
	if s == "" || len(s) > 253 {
		return false
	}
	for _, label := range strings.Split(s, ".") {
		if label == "" || len(label) > 63 {
			return false
		}
		for _, c := range []byte(label) {
			if c|0x20 >= 'a' && c|0x20 <= 'z' || c >= '0' && c <= '9' || c == '-' || c == '_' {
				continue
			}
			return false
		}
	}
	return true
}
