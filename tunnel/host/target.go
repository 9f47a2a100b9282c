package host

import (
	"fmt"
	"net/netip"
	"slices"
)

// target works out which routes the machine should have.
type target struct {
	made     made
	want     Config
	view     MachineView
	routes   []Route  // in the order in which they are set
	forwards []string // links that must forward
	notes    []string
}

// halvesIPv6 are more specific than a default route that a router advertisement brings, now or later.
var halvesIPv6 = []netip.Prefix{netip.MustParsePrefix("::/1"), netip.MustParsePrefix("8000::/1")}

func (t *target) compute() error {
	if _, ok := t.view.link(t.want.Interface); !ok {
		return fmt.Errorf("no interface %s: the tunnel's device is gone; connect again", t.want.Interface)
	}
	for _, a := range t.view.Addresses {
		if a.Link == t.want.Interface || t.made.link(a.Link) {
			continue
		}
		for _, p := range t.want.Addresses {
			if p.Addr() == a.Prefix.Addr() {
				return fmt.Errorf("inside address %s is already the address of %s", p.Addr(), a.Link)
			}
		}
	}
	routes := t.inside()
	t.around(routes)
	if err := t.blockIPv6(); err != nil {
		return err
	}
	for _, p := range routes {
		t.intoTunnel(p, t.want.Metric)
	}
	t.servers(routes)
	t.forwards = t.forwarders()
	t.beside(routes)
	if len(t.want.Addresses) == 0 && len(t.want.Forward) > 0 && !t.source().IsValid() {
		t.note("this machine has no address in the networks behind it, so only their hosts can use the tunnel")
	}
	return nil
}

// inside is what goes into the tunnel: Routes without doubles, and without what lies wholly in an exclusion or in a
// network behind this machine.
func (t *target) inside() []netip.Prefix {
	var out []netip.Prefix
	for _, p := range t.want.Routes {
		p = p.Masked()
		if slices.ContainsFunc(t.want.Exclude, func(x netip.Prefix) bool { return x.Bits() <= p.Bits() && x.Masked().Contains(p.Addr()) }) {
			t.note("%s stays outside: it lies in an excluded network", p)
			continue
		}
		if slices.ContainsFunc(t.want.Forward, func(x netip.Prefix) bool { return x.Bits() <= p.Bits() && x.Contains(p.Addr()) }) {
			t.note("%s stays outside: it lies behind this machine", p)
			continue
		}
		out = put(out, p)
	}
	return out
}

// around sets the ways past the tunnel: a host route for each gateway that Routes would swallow, and the exclusions.
// Other programs can use the host route too; only a firewall can tell their packets from ours.
func (t *target) around(routes []netip.Prefix) {
	for _, g := range t.want.Gateways {
		if !covered(routes, g) || g.IsLoopback() {
			continue
		}
		p := netip.PrefixFrom(g, g.BitLen())
		if t.outward(p) {
			continue
		}
		t.note("gateway %s cannot be reached: no route outside the tunnel", g)
		if !t.foreign(p, familyMetric(p, 0)) {
			// Without it, packets to the gateway would enter the tunnel and be sealed again, for ever.
			t.routes = append(t.routes, Route{Dst: p, Metric: familyMetric(p, 0), Unreachable: true})
		}
	}
	for _, x := range t.want.Exclude {
		x = x.Masked()
		if slices.ContainsFunc(routes, func(p netip.Prefix) bool { return p.Overlaps(x) }) && !t.outward(x) {
			t.note("excluded network %s has no route outside the tunnel", x)
		}
	}
}

// outward adds the route that p has without the tunnel. A user's own route for exactly p serves as it is.
func (t *target) outward(p netip.Prefix) bool {
	r, ok := t.view.outside(p, t.made, t.want.Interface)
	if !ok || t.wants(p, familyMetric(p, 0)) {
		return ok
	}
	if r.Dst == p || t.foreign(p, familyMetric(p, 0)) {
		return true
	}
	t.routes = append(t.routes, Route{Dst: p, Via: r.Via, Link: r.Link, Src: r.Src, Metric: familyMetric(p, 0)})
	return true
}

// intoTunnel sends p into the tunnel. A place that somebody else holds, and the default route by rule, is taken by its
// two halves: they are more specific, so they win, and the other entry stays as it is.
func (t *target) intoTunnel(p netip.Prefix, metric int) {
	have, _ := t.view.holder(p, metric)
	taken := t.foreign(p, metric)
	switch {
	case t.wants(p, metric):
	case taken && have.Link == t.want.Interface: // the system's own route for an address with a wider mask
	case p.Bits() == 0 || taken && p.Bits() < p.Addr().BitLen():
		if p.Bits() > 0 {
			t.note("%s is also a network of %s; the tunnel takes it", p, have.Link)
		}
		lower, upper := halves(p)
		t.intoTunnel(lower, metric)
		t.intoTunnel(upper, metric)
	case taken:
		t.note("%s stays outside: the machine has a route of its own to it", p)
	default:
		t.routes = append(t.routes, Route{Dst: p, Link: t.want.Interface, Src: t.source(), Metric: metric})
	}
}

// servers sends questions into the tunnel, also to a server that lies outside Routes or in an exclusion.
func (t *target) servers(routes []netip.Prefix) {
	if !t.want.DNS.on() {
		return
	}
	for _, a := range t.want.DNS.Servers {
		p := netip.PrefixFrom(a, a.BitLen())
		switch {
		case !a.Is4():
			t.note("name server %s is not used through the tunnel, which carries IPv4 only", a)
		case slices.Contains(t.want.Gateways, a):
			t.note("name server %s is the gateway itself, so it is asked outside the tunnel", a)
		case covered(routes, a) && !covered(t.want.Exclude, a):
		case slices.ContainsFunc(t.want.Addresses, func(p netip.Prefix) bool { return p.Addr() == a }):
		default:
			t.intoTunnel(p, t.want.Metric)
		}
	}
}

// blockIPv6 keeps IPv6 from passing beside a full tunnel, which carries IPv4 only: the Internet is unreachable, the
// local link stays. A more specific IPv6 route, as a router may announce, still passes: only a firewall stops that.
func (t *target) blockIPv6() error {
	if !slices.ContainsFunc(t.want.Routes, func(p netip.Prefix) bool { return p.Bits() == 0 }) {
		return nil
	}
	if t.view.NoIPv6 {
		return nil
	}
	for _, p := range halvesIPv6 {
		have, taken := t.view.holder(p, 1)
		if taken && !have.Unreachable && !t.made.owns(t.view, have) {
			return fmt.Errorf("another program routes %s, so IPv6 would pass beside the tunnel; end the other tunnel first", p)
		}
		t.routes = append(t.routes, Route{Dst: p, Metric: 1, Unreachable: true})
	}
	t.note("IPv6 is blocked while everything goes through the tunnel, which carries IPv4 only")
	return nil
}

// foreign says that the place is held by a route that is not ours, and so must not be touched.
func (t *target) foreign(p netip.Prefix, metric int) bool {
	have, taken := t.view.holder(p, metric)
	return taken && !t.made.owns(t.view, have)
}

// maxBeside bounds the notes on a machine that is itself a router.
const maxBeside = 8

// beside tells of routes that are more specific than the tunnel's, and so win: a network of the user's own, or what a
// rogue DHCP server announces to draw packets past the tunnel (CVE-2024-3661, CVE-2023-36672). They are not changed.
// The private local network is everyday life beside a full tunnel, and not told.
func (t *target) beside(routes []netip.Prefix) {
	told := 0
	for _, s := range t.view.Routes {
		if t.made.owns(t.view, s) || s.Unreachable || s.Other || s.Link == "" || s.Link == t.want.Interface || t.made.link(s.Link) {
			continue
		}
		if s.Dst.IsSingleIP() && slices.Contains(t.want.Gateways, s.Dst.Addr()) || covered(t.want.Exclude, s.Dst.Addr()) || !t.beats(s, routes) {
			continue
		}
		if covered(t.want.Forward, s.Dst.Addr()) && slices.Contains(t.forwards, s.Link) {
			continue // a network behind this machine, where it belongs
		}
		if told++; told > maxBeside {
			t.note("further networks pass beside the tunnel")
			return
		}
		t.note("%s passes beside the tunnel: %s has a route of its own to it", s.Dst, s.Link)
	}
}

func (t *target) beats(s SeenRoute, routes []netip.Prefix) bool {
	local := !s.Via.IsValid() && s.Dst.Addr().IsPrivate()
	return slices.ContainsFunc(routes, func(p netip.Prefix) bool {
		return s.Dst.Bits() > max(p.Bits(), 1) && p.Contains(s.Dst.Addr()) && !(p.Bits() == 0 && local)
	})
}

func (t *target) note(format string, args ...any) {
	t.notes = put(t.notes, fmt.Sprintf(format, args...))
}

func covered(nets []netip.Prefix, a netip.Addr) bool {
	return slices.ContainsFunc(nets, func(p netip.Prefix) bool { return p.Contains(a) })
}

// halves splits a network into two of one bit more.
func halves(p netip.Prefix) (lower, upper netip.Prefix) {
	bits := p.Bits()
	b := p.Masked().Addr().AsSlice()
	lower = netip.PrefixFrom(p.Masked().Addr(), bits+1)
	b[bits/8] |= 0x80 >> (bits % 8)
	a, _ := netip.AddrFromSlice(b)
	return lower, netip.PrefixFrom(a, bits+1)
}

// familyMetric is what the system keeps for a metric that is not given: IPv6 counts from 1024 on Linux.
func familyMetric(p netip.Prefix, metric int) int {
	if metric == 0 && p.Addr().Is6() {
		return 1024
	}
	return metric
}
