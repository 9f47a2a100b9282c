package service

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"time"
)

const (
	serverTime = 2 * time.Second // for one server to answer, before the next is asked
	rounds     = 2               // how often each is asked
)

// uplinkResolver looks up the names of peers at the name servers of the uplink. While a tunnel carries the machine's
// name service, the system would ask through the tunnel, and with its gateway dead nobody answers there.
type uplinkResolver struct {
	servers func() []netip.AddrPort // of the uplink; none while the system asks these itself, or if they are not known
	system  func(ctx context.Context, name string) ([]netip.Addr, error)
	dial    func(ctx context.Context, network string, server netip.AddrPort) (net.Conn, error) // outside of the tunnel
}

// lookup gives every IPv4 address of the name. Servers are asked in turn, until one knows that there is the name or
// that there is none.
func (u uplinkResolver) lookup(ctx context.Context, name string) ([]netip.Addr, error) {
	servers := u.servers()
	if len(servers) == 0 {
		return u.system(ctx, name)
	}
	var last error
	for i := range rounds * len(servers) {
		addrs, err := u.ask(ctx, servers[i%len(servers)], name)
		var refusal *net.DNSError
		switch {
		case err == nil, errors.As(err, &refusal) && refusal.IsNotFound:
			return addrs, err
		case ctx.Err() != nil:
			return nil, cmp.Or(last, err)
		}
		last = err
	}
	return nil, fmt.Errorf("no name server of the uplink answers: %w", last)
}

func (u uplinkResolver) ask(ctx context.Context, server netip.AddrPort, name string) ([]netip.Addr, error) {
	ctx, cancel := context.WithTimeout(ctx, serverTime)
	defer cancel()
	r := net.Resolver{PreferGo: true, Dial: func(_ context.Context, network, _ string) (net.Conn, error) {
		c, err := u.dial(ctx, network, server)
		if err == nil {
			context.AfterFunc(ctx, func() { c.Close() }) // the resolver's own wait goes on behind our back
		}
		return c, err
	}}
	addrs, err := r.LookupNetIP(ctx, "ip4", absolute(name))
	for i, a := range addrs {
		addrs[i] = a.Unmap()
	}
	return addrs, err
}

// absolute keeps search domains out of a name that has a dot: those that the tunnel set are the inside's.
func absolute(name string) string {
	if slices.Contains([]byte(name), '.') && name[len(name)-1] != '.' {
		return name + "."
	}
	return name
}
