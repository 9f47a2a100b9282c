package proxy

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"time"

	"ezvpn/client/status"
)

// Why a target is refused. Nothing ever leaves outside of the tunnel.
var (
	ErrDown    = errors.New("the tunnel is not up")
	ErrOutside = errors.New("it is not in the networks of the tunnel")
	ErrNoName  = errors.New("the tunnel has no name server for it; use its address")
)

// dialTime is how long a connect inside may take.
const dialTime = 20 * time.Second

// dialer is the inside: the userspace stack, or a test's.
type dialer interface {
	DialContext(ctx context.Context, network, address string) (net.Conn, error)
	LookupHost(ctx context.Context, name string) ([]string, error)
}

// inside is what there is of the tunnel now.
type inside struct {
	stack   dialer // nil while there is none
	network *status.Network
}

// route connects to a target through the tunnel, or says why it does not.
type route struct{ now func() inside }

// dial connects to a host, a name or an IPv4 address, and a port. Names are looked up inside.
func (r route) dial(ctx context.Context, host, port string) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, dialTime)
	defer cancel()
	in := r.now()
	if in.stack == nil || in.network == nil {
		return nil, ErrDown
	}
	addrs, err := in.addresses(ctx, host)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", status.FilterLine(host), err)
	}
	last := fmt.Errorf("%s: %w", status.FilterLine(host), ErrOutside)
	for _, a := range addrs {
		if !in.carries(a) {
			continue
		}
		c, err := in.stack.DialContext(ctx, "tcp", net.JoinHostPort(a.String(), port))
		if err == nil {
			return c, nil
		}
		last = err
	}
	return nil, last
}

// addresses of a host. A name is asked for inside only if it is the inside's: where the gateway says which domains those
// are, no other name is told to its servers.
func (in inside) addresses(ctx context.Context, host string) ([]netip.Addr, error) {
	if a, err := netip.ParseAddr(host); err == nil {
		return []netip.Addr{a.Unmap()}, nil
	}
	if len(in.network.DNS) == 0 {
		return nil, ErrNoName
	}
	if !in.knows(host) {
		return nil, fmt.Errorf("its name is in none of the domains of the tunnel: %w", ErrOutside)
	}
	names, err := in.stack.LookupHost(ctx, host)
	if err != nil {
		return nil, err
	}
	var out []netip.Addr
	for _, n := range names {
		if a, err := netip.ParseAddr(n); err == nil {
			out = append(out, a.Unmap())
		}
	}
	return out, nil
}

func (in inside) knows(host string) bool {
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	if len(in.network.SplitDNS) == 0 || !strings.Contains(host, ".") {
		return true
	}
	domains := in.network.SplitDNS
	if in.network.Domain != "" {
		domains = append([]string{in.network.Domain}, domains...)
	}
	for _, d := range domains {
		if d = strings.ToLower(d); host == d || strings.HasSuffix(host, "."+d) {
			return true
		}
	}
	return false
}

// carries says whether an address is reached through the tunnel.
func (in inside) carries(a netip.Addr) bool {
	if !a.Is4() || a.IsLoopback() || a.IsMulticast() || a.IsUnspecified() || a.IsLinkLocalUnicast() {
		return false
	}
	for _, n := range in.network.Exclude {
		if n.Contains(a) {
			return false
		}
	}
	for _, n := range in.network.Include {
		if n.Contains(a) {
			return true
		}
	}
	return false
}
