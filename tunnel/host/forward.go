package host

import (
	"net/netip"
	"slices"
)

// forwarding is a link that was told to forward the IPv4 packets that come in by it.
type forwarding struct {
	Link string `json:"link"`
	All  bool   `json:"all,omitzero"` // the machine as a whole forwarded already, but not this link
}

// stands says that switching the link back is still ours to do. Whoever later makes the whole machine forward (a
// container engine does) sets every link, so from then on ours is theirs too.
func (f forwarding) stands(v MachineView) bool {
	return slices.Contains(v.Forwarding, f.Link) && (f.All || !v.ForwardingAll)
}

// forwarders are the links that must forward: the kernel asks the link by which a packet comes in, never the one by
// which it leaves. So it takes the tunnel's device and each link that carries a network of Forward, and no other: the
// outside link goes on refusing strangers. Strict checks of sources (rp_filter) stay on everywhere: what comes out of
// the tunnel comes from networks that are routed into it.
func (t *target) forwarders() []string {
	if len(t.want.Forward) == 0 {
		return nil
	}
	out := []string{t.want.Interface}
	for _, p := range t.want.Forward {
		links := t.carriers(p)
		if len(links) == 0 {
			t.note("network %s is behind no interface of this machine, so its hosts cannot use the tunnel", p)
		}
		for _, l := range links {
			t.note("%s forwards packets between network %s and the tunnel", l, p)
			out = put(out, l)
		}
	}
	for _, chain := range t.view.Dropping {
		t.note("the packet filter drops forwarded packets unless a rule accepts them (%s); see that it accepts those of the networks behind this machine", chain)
	}
	return out
}

// carriers are the links with an address in p, or with a route to p or to a part of it. A default route carries
// nothing, nor does one so wide that it may be half of one. A route to a single host within p is no network.
func (t *target) carriers(p netip.Prefix) []string {
	var out []string
	for _, a := range t.view.Addresses {
		if p.Contains(a.Prefix.Addr()) && a.Link != t.want.Interface && !t.made.link(a.Link) {
			out = put(out, a.Link)
		}
	}
	if r, ok := t.view.outside(p, t.made, t.want.Interface); ok && r.Dst.Bits() >= minExclude {
		out = put(out, r.Link)
	}
	for _, s := range t.view.Routes {
		if s.Unreachable || s.Link == "" || s.Link == t.want.Interface || t.made.link(s.Link) || t.made.owns(t.view, s) {
			continue
		}
		if s.Dst.Bits() > p.Bits() && !s.Dst.IsSingleIP() && p.Contains(s.Dst.Addr()) {
			out = put(out, s.Link)
		}
	}
	return out
}

// source is the address with which this machine itself speaks through a tunnel that gave it none: one that it has in
// a network of Forward, since the peer takes no other. Invalid if the tunnel gave one, or there is none.
func (t *target) source() netip.Addr {
	if len(t.want.Addresses) > 0 {
		return netip.Addr{}
	}
	for _, p := range t.want.Forward {
		for _, a := range t.view.Addresses {
			if p.Contains(a.Prefix.Addr()) && a.Link != t.want.Interface && !t.made.link(a.Link) {
				return a.Prefix.Addr()
			}
		}
	}
	return netip.Addr{}
}

// forwardSteps switches forwarding on, after the routes: before them, packets for the tunnel would leave in the clear.
func (t *target) forwardSteps() []step {
	var steps []step
	for _, l := range t.forwards {
		if !slices.Contains(t.view.Forwarding, l) {
			steps = append(steps, step{Op: opForward, Link: l, All: t.view.ForwardingAll})
		}
	}
	return steps
}

// staleForwarding switches it off where it is no longer wanted, before the routes go.
func (t *target) staleForwarding() []step {
	var steps []step
	for _, f := range t.made.Forwarding {
		if f.stands(t.view) && !slices.Contains(t.forwards, f.Link) {
			steps = append(steps, step{Op: opUnforward, Link: f.Link, All: f.All})
		}
	}
	return steps
}
