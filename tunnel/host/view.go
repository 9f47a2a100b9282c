package host

import (
	"net/netip"
	"slices"
)

// Route is one entry of the main table, comparable with ==.
type Route struct {
	Dst         netip.Prefix `json:"dst"`
	Via         netip.Addr   `json:"via,omitzero"`  // next hop; invalid means on link
	Link        string       `json:"link,omitzero"` // empty for an unreachable route
	Src         netip.Addr   `json:"src,omitzero"`  // preferred source, if the outside route has one
	Metric      int          `json:"metric"`
	Unreachable bool         `json:"unreachable,omitzero"`
}

// SeenRoute is a route that stands in the machine.
type SeenRoute struct {
	Route
	Marked bool // carries this product's mark (the protocol number on Linux)
	Dead   bool // its link has no carrier
	Other  bool // several next hops, or of a kind that Route does not describe; never equal to a wanted route
}

// Address is an address on a link.
type Address struct {
	Link   string       `json:"link"`
	Prefix netip.Prefix `json:"prefix"`
}

// LinkView is a network interface.
type LinkView struct {
	Name string
	MTU  int
	Up   bool
}

// MachineView is what stands in the machine now.
type MachineView struct {
	Links     []LinkView
	Addresses []Address
	Routes    []SeenRoute
	Marks     bool // this system can mark routes, so an unmarked one is never ours
	// Forwarding are the links that forward the IPv4 packets that come in by them; ForwardingAll is the switch of the
	// whole machine, which links follow when it is written.
	Forwarding    []string
	ForwardingAll bool
	Dropping      []string // chains of the packet filter that drop what is forwarded unless a rule accepts it; only read for Forward
	NoIPv6        bool     // no IPv6 outside loopback: nothing to keep from leaking
	DNSBy         string
	DNSWhy        string
}

func (v MachineView) link(name string) (LinkView, bool) {
	i := slices.IndexFunc(v.Links, func(l LinkView) bool { return l.Name == name })
	if i < 0 {
		return LinkView{}, false
	}
	return v.Links[i], true
}

// outside finds the route that carries p when the tunnel is not there: the most specific that holds all of p, the
// lowest metric among equals. Ours and those of the tunnel's own links do not count.
func (v MachineView) outside(p netip.Prefix, m made, inside string) (Route, bool) {
	var best Route
	found := false
	for _, s := range v.Routes {
		r := s.Route
		if s.Dead || r.Unreachable || r.Link == "" || m.owns(v, s) || r.Link == inside || m.link(r.Link) {
			continue
		}
		if r.Dst.Bits() > p.Bits() || !r.Dst.Contains(p.Addr()) {
			continue
		}
		if !found || r.Dst.Bits() > best.Dst.Bits() || r.Dst.Bits() == best.Dst.Bits() && r.Metric < best.Metric {
			best, found = r, true
		}
	}
	return best, found
}

// holder is the entry at a destination and metric: the kernel has room for one.
func (v MachineView) holder(dst netip.Prefix, metric int) (SeenRoute, bool) {
	i := slices.IndexFunc(v.Routes, func(s SeenRoute) bool { return s.Dst == dst && s.Metric == metric })
	if i < 0 {
		return SeenRoute{}, false
	}
	return v.Routes[i], true
}

// made is what this package changed, or was about to change: the content of the journal.
type made struct {
	Links      []string     `json:"links,omitempty"` // TUN devices that were configured
	Addresses  []Address    `json:"addresses,omitempty"`
	Routes     []Route      `json:"routes,omitempty"`
	DNS        []dnsRecord  `json:"dns,omitempty"`
	Forwarding []forwarding `json:"forwarding,omitempty"`
}

func (m made) empty() bool {
	return len(m.Links) == 0 && len(m.Addresses) == 0 && len(m.Routes) == 0 && len(m.DNS) == 0 && len(m.Forwarding) == 0
}

func (m made) link(name string) bool { return slices.Contains(m.Links, name) }

// owns says whether a route that stands in the machine is ours. Where routes carry a mark, the mark decides, so that
// neither a lost journal nor a user's identical route misleads; elsewhere the journal does.
func (m made) owns(v MachineView, s SeenRoute) bool {
	if v.Marks {
		return s.Marked
	}
	return slices.Contains(m.Routes, s.Route)
}
