package gateway

import "net/netip"

// nat is a NAT in front of one host: each inside port leaves from a port of its own, and only mapped peers get in.
type nat struct {
	outside netip.Addr
	next    uint16
	out     map[netip.AddrPort]netip.AddrPort // inside → outside
	in      map[netip.AddrPort]netip.AddrPort // outside → inside
}

// NAT puts host behind a NAT with the given outside address.
func (w *Wire) NAT(host, outside netip.Addr) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.nats[host] = &nat{outside: outside, next: 20000, out: map[netip.AddrPort]netip.AddrPort{}, in: map[netip.AddrPort]netip.AddrPort{}}
}

// Rebind makes the NAT of host forget its mappings: the next datagrams leave from new ports.
func (w *Wire) Rebind(host netip.Addr) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if n := w.nats[host]; n != nil {
		clear(n.out)
		clear(n.in)
	}
}

// translate applies the NAT of the sender, then that of the receiver. The lock is held.
func (w *Wire) translate(from, to netip.AddrPort) (_, _ netip.AddrPort, ok bool) {
	if n := w.nats[from.Addr()]; n != nil {
		mapped, known := n.out[from]
		if !known {
			n.next++
			mapped = netip.AddrPortFrom(n.outside, n.next)
			n.out[from], n.in[mapped] = mapped, from
		}
		from = mapped
	}
	for _, n := range w.nats {
		if n.outside == to.Addr() {
			inside, known := n.in[to]
			return from, inside, known
		}
	}
	return from, to, w.nats[to.Addr()] == nil // an inside address is not reached from outside
}
