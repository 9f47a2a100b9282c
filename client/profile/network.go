package profile

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"
)

// parsePeer reads "host", "address", "host:port" or "address:port".
func parsePeer(s string) (Peer, error) {
	host, port, hasPort := strings.Cut(s, ":")
	p := Peer{Host: strings.ToLower(host), Port: 500}
	if hasPort {
		if strings.Contains(port, ":") {
			return Peer{}, fmt.Errorf("%s looks like an IPv6 address, which this version does not connect to", quote(s))
		}
		n, err := strconv.ParseUint(port, 10, 16)
		if err != nil || n == 0 || strconv.FormatUint(n, 10) != port {
			return Peer{}, fmt.Errorf("%s has a port that is not 1 to 65535", quote(s))
		}
		p.Port = uint16(n)
	}
	if a, err := netip.ParseAddr(host); err == nil {
		if a.IsUnspecified() || a.IsMulticast() || a == netip.AddrFrom4([4]byte{255, 255, 255, 255}) {
			return Peer{}, fmt.Errorf("%s is not the address of one host", quote(s))
		}
		return p, nil
	}
	if !hostName(p.Host) {
		return Peer{}, fmt.Errorf("%s is neither a host name nor an IPv4 address", quote(s))
	}
	return p, nil
}

// String gives the form that a profile uses.
func (p Peer) String() string {
	if p.Port == 500 {
		return p.Host
	}
	return p.Host + ":" + strconv.Itoa(int(p.Port))
}

// hostName is a name of letters, digits and hyphens (RFC 1123 §2.1), underscores too, that cannot be taken for an address.
func hostName(s string) bool {
	s = strings.TrimSuffix(s, ".")
	if s == "" || len(s) > 253 {
		return false
	}
	labels := strings.Split(s, ".")
	for _, l := range labels {
		if l == "" || len(l) > 63 || l[0] == '-' || l[len(l)-1] == '-' ||
			strings.ContainsFunc(l, func(r rune) bool { return r > 127 || !isBare(byte(r)) }) {
			return false
		}
	}
	return strings.Trim(labels[len(labels)-1], "0123456789") != ""
}

// parseNetwork reads an IPv4 network; an address alone is a network of one.
func parseNetwork(s string) (netip.Prefix, error) {
	if a, err := netip.ParseAddr(s); err == nil && a.Is4() {
		return netip.PrefixFrom(a, 32), nil
	}
	n, err := netip.ParsePrefix(s)
	switch {
	case err != nil || !n.Addr().Is4():
		return netip.Prefix{}, fmt.Errorf("%s is not an IPv4 network", quote(s))
	case n != n.Masked():
		return netip.Prefix{}, fmt.Errorf("%s has host bits set; the network is %q", quote(s), n.Masked().String())
	case n.Bits() == 0:
		return netip.Prefix{}, fmt.Errorf("%s is everything", quote(s))
	}
	return n, nil
}

// checkName is the grammar of profile names; a name is never used as a path.
func checkName(s string) string {
	first := func(c byte) bool { return 'a' <= c && c <= 'z' || '0' <= c && c <= '9' }
	if len(s) > 64 || !first(s[0]) || strings.ContainsFunc(s, func(r rune) bool {
		return r > 127 || !first(byte(r)) && r != '.' && r != '_' && r != '-'
	}) {
		return quote(s) + " is not a profile name"
	}
	return ""
}

// checkIdentity is what ike.peer_id takes: an address, user@host or a host name.
func checkIdentity(s string) string {
	if a, err := netip.ParseAddr(s); err == nil && a.Is4() {
		return ""
	}
	user, host, at := strings.Cut(s, "@")
	if at && user != "" && hostName(host) || !at && hostName(s) {
		return ""
	}
	return quote(s) + " is not an identity"
}
