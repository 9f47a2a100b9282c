package host

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
)

// Bounds on what one tunnel may ask of the machine. The protocol's own door is stricter; these hold when it fails.
const (
	maxRoutes  = 1024
	maxServers = 16
	maxNames   = 128
	maxPeers   = 64
	minExclude = 8 // bits; wider would put a large part of the Internet in the clear
)

// check refuses values that no tunnel needs, whoever asked: they come from a gateway that may be hostile.
func check(c Config) error {
	var errs []error
	add := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	if !linkName(c.Interface) {
		add("interface name %q is not usable", c.Interface)
	}
	if c.MTU != 0 && (c.MTU < 576 || c.MTU > 65535) {
		add("mtu %d is outside 576 to 65535", c.MTU)
	}
	if c.Metric < 0 || c.Metric > 1<<31-1 {
		add("route metric %d is out of range", c.Metric)
	}
	if len(c.Routes) > maxRoutes || len(c.Exclude) > maxRoutes || len(c.Gateways) > maxPeers || len(c.Addresses) > maxPeers ||
		len(c.Forward) > maxRoutes {
		add("too many routes, exclusions, gateways, addresses or networks behind this machine")
	}
	for _, p := range c.Addresses {
		if !p.IsValid() || !p.Addr().Is4() || !unicast(p.Addr()) || p.Bits() == 0 {
			add("inside address %s is not a unicast IPv4 address", p)
		}
	}
	for _, a := range c.Gateways {
		if !a.IsValid() || a.IsUnspecified() || a.IsMulticast() || a == broadcast {
			add("gateway address %s is not a unicast address", a)
		}
		for _, p := range c.Addresses {
			if p.Addr() == a {
				add("inside address %s is the gateway's own address", p.Addr())
			}
		}
	}
	for _, p := range c.Routes {
		if why := badRoute(p); why != "" {
			add("network %s cannot go through the tunnel: %s", p, why)
		}
	}
	for _, p := range c.Exclude {
		if !p.IsValid() || !p.Addr().Is4() || p.Bits() < minExclude || p.Addr().IsMulticast() {
			add("network %s cannot stay outside the tunnel: not an IPv4 network of /%d or narrower", p, minExclude)
		}
	}
	for _, p := range c.Forward {
		if why := badForward(p); why != "" {
			add("network %s cannot be behind this machine: %s", p, why)
		}
	}
	return errors.Join(append(errs, checkDNS(c.DNS))...)
}

// badForward is stricter than badRoute: a network behind this machine is somewhere, and written without host bits.
func badForward(p netip.Prefix) string {
	switch {
	case badRoute(p) != "":
		return badRoute(p)
	case p.Bits() == 0:
		return "it is everything; name the networks"
	case p != p.Masked():
		return "it has bits of a host; write " + p.Masked().String()
	}
	return ""
}

func checkDNS(d DNS) error {
	var errs []error
	switch d.Mode {
	case "", DNSOff:
		return nil
	case DNSSplit, DNSFull:
	default:
		return fmt.Errorf("unknown name service mode %q", d.Mode)
	}
	if n := len(d.Servers); n == 0 || n > maxServers {
		errs = append(errs, fmt.Errorf("%d name servers: 1 to %d are usable", n, maxServers))
	}
	for _, a := range d.Servers {
		if !unicast(a) {
			errs = append(errs, fmt.Errorf("name server %s is not a unicast address", a))
		}
	}
	if len(d.Domains) > maxNames || len(d.Search) > maxNames {
		errs = append(errs, fmt.Errorf("more than %d domains", maxNames))
	}
	for _, names := range [][]string{d.Domains, d.Search} {
		for _, n := range names {
			if !domainName(n) {
				errs = append(errs, fmt.Errorf("domain %q is not a host name", n))
			}
		}
	}
	if d.Mode == DNSSplit && len(d.Domains) == 0 {
		errs = append(errs, errors.New("split name service needs a domain"))
	}
	return errors.Join(errs...)
}

var (
	broadcast = netip.AddrFrom4([4]byte{255, 255, 255, 255})
	reserved  = []netip.Prefix{
		netip.MustParsePrefix("0.0.0.0/8"), netip.MustParsePrefix("127.0.0.0/8"),
		netip.MustParsePrefix("169.254.0.0/16"), netip.MustParsePrefix("224.0.0.0/3"),
	}
)

// unicast is true for an address that a host elsewhere can have. It refuses link-local: the metadata service of a
// cloud lives there.
func unicast(a netip.Addr) bool {
	if !a.IsValid() || a.Is4In6() || a.Zone() != "" || a.IsLoopback() || a.IsMulticast() || a.IsUnspecified() || a.IsLinkLocalUnicast() {
		return false
	}
	for _, r := range reserved {
		if r.Contains(a) {
			return false
		}
	}
	return true
}

func badRoute(p netip.Prefix) string {
	switch {
	case !p.IsValid():
		return "not a network"
	case !p.Addr().Is4():
		return "the tunnel carries IPv4 only"
	case p.Bits() == 0:
		return ""
	}
	for _, r := range reserved {
		if r.Bits() <= p.Bits() && r.Contains(p.Addr()) {
			return "loopback, link-local, multicast and reserved ranges stay"
		}
	}
	return ""
}

// linkName follows the kernel's rule for interface names, and leaves out what could be read as an option.
func linkName(s string) bool {
	if s == "" || s == "." || s == ".." || s[0] == '-' {
		return false
	}
	return len(s) <= 255 && !strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r == 0x7f || r == '/' || r == '%' })
}

// domainName takes letters, digits, hyphens inside labels, and a leading underscore as service names have it.
func domainName(s string) bool {
	if s == "" || len(s) > 253 {
		return false
	}
	for label := range strings.SplitSeq(s, ".") {
		if label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' {
			return false
		}
		for i := range len(label) {
			b := label[i]
			alnum := b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' || b >= '0' && b <= '9'
			if !alnum && b != '-' && !(b == '_' && i == 0) {
				return false
			}
		}
	}
	return true
}
