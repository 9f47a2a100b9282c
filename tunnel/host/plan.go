package host

import (
	"fmt"
	"net/netip"
	"slices"
)

// op names what a step does.
type op string

const (
	opLink       op = "link"        // set the MTU and bring the link up
	opAddAddress op = "add-address" //
	opDelAddress op = "del-address" //
	opAddRoute   op = "add-route"   // fails if the place is taken
	opSwapRoute  op = "swap-route"  // takes the place of one of ours, in one call
	opDelRoute   op = "del-route"   //
	opSetDNS     op = "set-dns"     //
	opClearDNS   op = "clear-dns"   //
	opForward    op = "forward"     // packets that come in by the link
	opUnforward  op = "unforward"   //
)

// step is one change of the machine.
type step struct {
	Op      op
	Link    string
	MTU     int
	Address Address
	Route   Route
	DNS     dnsRecord
	All     bool // with opForward: the whole machine forwards already
}

// plan lists the changes that lead from what stands in the machine to want, and notes for the user. A want without an
// interface is the machine without a tunnel. What is new comes before what goes, so that a change of gateway or device
// leaves no moment without its routes; ways around the tunnel come before the ways into it, so that the gateway is
// never swallowed.
func plan(m made, want Config, v MachineView) ([]step, []string, error) {
	t := &target{made: m, want: want, view: v}
	var steps []step
	if want.Interface != "" {
		if err := t.compute(); err != nil {
			return nil, nil, err
		}
		steps = append(steps, t.linkSteps()...)
		steps = append(steps, t.routeSteps()...)
		steps = append(steps, dnsSet(m, want, v)...)
		steps = append(steps, t.forwardSteps()...)
	}
	steps = append(steps, t.staleForwarding()...)
	steps = append(steps, dnsClear(m, want, v)...)
	steps = append(steps, t.staleRoutes()...)
	return append(steps, t.staleAddresses()...), t.notes, nil
}

func (t *target) linkSteps() []step {
	var steps []step
	for _, p := range t.want.Addresses {
		a := Address{t.want.Interface, p}
		if !slices.Contains(t.view.Addresses, a) {
			steps = append(steps, step{Op: opAddAddress, Address: a})
		}
	}
	l, _ := t.view.link(t.want.Interface)
	if !l.Up || t.want.MTU != 0 && l.MTU != t.want.MTU {
		steps = append(steps, step{Op: opLink, Link: l.Name, MTU: t.want.MTU})
	}
	return steps
}

// routeSteps adds what is missing. A place held by one of ours is swapped; a route that already stands is left alone,
// whoever made it.
func (t *target) routeSteps() []step {
	var steps []step
	for _, r := range t.routes {
		have, taken := t.view.holder(r.Dst, r.Metric)
		switch {
		case !taken:
			steps = append(steps, step{Op: opAddRoute, Route: r})
		case have.Route == r && !have.Other:
		default:
			steps = append(steps, step{Op: opSwapRoute, Route: r})
		}
	}
	return steps
}

// staleRoutes removes ours that are no longer wanted. Ways around the tunnel go last.
func (t *target) staleRoutes() []step {
	var inside, around []step
	for _, s := range t.view.Routes {
		if !t.made.owns(t.view, s) || t.wants(s.Dst, s.Metric) {
			continue
		}
		del := step{Op: opDelRoute, Route: s.Route}
		if t.made.link(s.Link) {
			inside = append(inside, del)
		} else {
			around = append(around, del)
		}
	}
	return append(inside, around...)
}

func (t *target) wants(dst netip.Prefix, metric int) bool {
	return slices.ContainsFunc(t.routes, func(r Route) bool { return r.Dst == dst && r.Metric == metric })
}

func (t *target) staleAddresses() []step {
	var steps []step
	for _, a := range t.made.Addresses {
		if a.Link == t.want.Interface && slices.Contains(t.want.Addresses, a.Prefix) || !slices.Contains(t.view.Addresses, a) {
			continue
		}
		steps = append(steps, step{Op: opDelAddress, Address: a})
	}
	return steps
}

// dnsSet sets the name service each time: it costs little, and repairs what others overwrote.
func dnsSet(m made, want Config, v MachineView) []step {
	if !want.DNS.on() {
		return nil
	}
	return []step{{Op: opSetDNS, DNS: dnsRecord{By: v.DNSBy, Link: want.Interface, DNS: want.DNS}}}
}

// dnsClear takes back the name service that is carried some other way, or by a device that is no longer the tunnel's.
func dnsClear(m made, want Config, v MachineView) []step {
	var steps []step
	for _, r := range m.DNS {
		if want.Interface == "" || !want.DNS.on() || !r.same(dnsRecord{By: v.DNSBy, Link: want.Interface}) {
			steps = append(steps, step{Op: opClearDNS, DNS: r})
		}
	}
	return steps
}

// intend adds what the steps are about to make to m, for the journal that is written before them.
func (m made) intend(link string, steps []step) made {
	out := made{Links: slices.Clone(m.Links), Addresses: slices.Clone(m.Addresses), Routes: slices.Clone(m.Routes),
		DNS: slices.Clone(m.DNS), Forwarding: slices.Clone(m.Forwarding)}
	if link != "" {
		out.Links = put(out.Links, link)
	}
	for _, s := range steps {
		switch s.Op {
		case opAddAddress:
			out.Addresses = put(out.Addresses, s.Address)
		case opAddRoute, opSwapRoute:
			out.Routes = put(out.Routes, s.Route)
		case opSetDNS:
			out.DNS = slices.DeleteFunc(out.DNS, s.DNS.same)
			out.DNS = append(out.DNS, s.DNS)
		case opForward:
			out.Forwarding = slices.DeleteFunc(out.Forwarding, func(f forwarding) bool { return f.Link == s.Link })
			out.Forwarding = append(out.Forwarding, forwarding{s.Link, s.All})
		}
	}
	return out
}

// done drops what a step took back.
func (m made) done(s step) made {
	switch s.Op {
	case opDelAddress:
		m.Addresses = slices.DeleteFunc(slices.Clone(m.Addresses), func(a Address) bool { return a == s.Address })
	case opDelRoute:
		m.Routes = slices.DeleteFunc(slices.Clone(m.Routes), func(r Route) bool { return r == s.Route })
	case opSwapRoute:
		m.Routes = slices.DeleteFunc(slices.Clone(m.Routes), func(r Route) bool {
			return r.Dst == s.Route.Dst && r.Metric == s.Route.Metric && r != s.Route
		})
	case opSetDNS:
		m.DNS = slices.Clone(m.DNS)
		for i, r := range m.DNS {
			if r.same(s.DNS) && r.File != nil {
				f := *r.File
				f.Before = nil
				m.DNS[i].File = &f
			}
		}
	case opClearDNS:
		m.DNS = slices.DeleteFunc(slices.Clone(m.DNS), s.DNS.same)
	case opUnforward:
		m.Forwarding = slices.DeleteFunc(slices.Clone(m.Forwarding), func(f forwarding) bool { return f.Link == s.Link })
	}
	return m
}

// settled keeps only what still stands after all steps: routes and addresses of a device that is gone are forgotten.
func (m made) settled(link string, v MachineView) made {
	m.Links = slices.DeleteFunc(slices.Clone(m.Links), func(l string) bool { return l != link })
	m.Routes = slices.DeleteFunc(slices.Clone(m.Routes), func(r Route) bool {
		have, ok := v.holder(r.Dst, r.Metric)
		return !ok || have.Route != r
	})
	m.Addresses = slices.DeleteFunc(slices.Clone(m.Addresses), func(a Address) bool { return !slices.Contains(v.Addresses, a) })
	m.Forwarding = slices.DeleteFunc(slices.Clone(m.Forwarding), func(f forwarding) bool { return !f.stands(v) })
	return m
}

func put[T comparable](list []T, x T) []T {
	if slices.Contains(list, x) {
		return list
	}
	return append(list, x)
}

func (s step) String() string {
	switch s.Op {
	case opLink:
		return fmt.Sprintf("bring up %s with mtu %d", s.Link, s.MTU)
	case opAddAddress, opDelAddress:
		return fmt.Sprintf("%s %s on %s", s.Op, s.Address.Prefix, s.Address.Link)
	case opForward, opUnforward:
		return fmt.Sprintf("%s what comes in by %s", s.Op, s.Link)
	case opSetDNS, opClearDNS:
		return fmt.Sprintf("%s by %s", s.Op, s.DNS.By)
	}
	where := "dev " + s.Route.Link
	if s.Route.Unreachable {
		where = "unreachable"
	} else if s.Route.Via.IsValid() {
		where = "via " + s.Route.Via.String() + " " + where
	}
	if s.Route.Src.IsValid() {
		where += " src " + s.Route.Src.String()
	}
	return fmt.Sprintf("%s %s %s metric %d", s.Op, s.Route.Dst, where, s.Route.Metric)
}
