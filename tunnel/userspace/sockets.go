package userspace

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"sync/atomic"

	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/tcpip/adapters/gonet"
	"gvisor.dev/gvisor/pkg/tcpip/network/ipv4"
)

// full is an address in the words of the stack.
func full(a netip.AddrPort) (tcpip.FullAddress, error) {
	ip := a.Addr().Unmap()
	if !ip.Is4() {
		return tcpip.FullAddress{}, fmt.Errorf("%s is not an IPv4 address", a.Addr())
	}
	return tcpip.FullAddress{NIC: nic, Addr: tcpip.AddrFrom4(ip.As4()), Port: a.Port()}, nil
}

// DialContext connects through the tunnel: TCP or UDP, to an address or to a name that the tunnel's servers know.
func (s *Stack) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	number, err := net.DefaultResolver.LookupPort(ctx, network, port)
	if err != nil {
		return nil, err
	}
	addrs, err := s.LookupHost(ctx, host)
	if err != nil {
		return nil, err
	}
	var errs []error
	for _, a := range addrs {
		ip, err := netip.ParseAddr(a)
		if err != nil {
			continue
		}
		c, err := s.dial(ctx, network, netip.AddrPortFrom(ip, uint16(number)))
		if err == nil {
			return c, nil
		}
		errs = append(errs, err)
	}
	return nil, fmt.Errorf("dialing %s through the tunnel: %w", address, errors.Join(errs...))
}

func (s *Stack) dial(ctx context.Context, network string, to netip.AddrPort) (net.Conn, error) {
	a, err := full(to)
	switch {
	case err != nil:
		return nil, err
	case strings.HasPrefix(network, "tcp"):
		return gonet.DialContextTCP(ctx, s.stack, a, ipv4.ProtocolNumber)
	case strings.HasPrefix(network, "udp"):
		return gonet.DialUDP(s.stack, nil, &a, ipv4.ProtocolNumber)
	}
	return nil, net.UnknownNetworkError(network)
}

// LookupHost asks the tunnel's name servers, one after the other.
func (s *Stack) LookupHost(ctx context.Context, name string) ([]string, error) {
	if _, err := netip.ParseAddr(name); err == nil {
		return []string{name}, nil
	}
	if len(s.dns) == 0 {
		return nil, &net.DNSError{Err: "the tunnel has no name server", Name: name, IsNotFound: true}
	}
	var turn atomic.Uint32
	r := net.Resolver{PreferGo: true, Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
		server := s.dns[int(turn.Add(1)-1)%len(s.dns)]
		return s.dial(ctx, network, netip.AddrPortFrom(server, 53))
	}}
	ips, err := r.LookupNetIP(ctx, "ip4", name)
	if err != nil {
		return nil, err
	}
	var out []string
	for _, ip := range ips {
		out = append(out, ip.Unmap().String())
	}
	return out, nil
}

// ListenTCP and ListenUDP open ports on the inside.
func (s *Stack) ListenTCP(at netip.AddrPort) (net.Listener, error) {
	a, err := full(at)
	if err != nil {
		return nil, err
	}
	return gonet.ListenTCP(s.stack, a, ipv4.ProtocolNumber)
}

func (s *Stack) ListenUDP(at netip.AddrPort) (net.PacketConn, error) {
	a, err := full(at)
	if err != nil {
		return nil, err
	}
	return gonet.DialUDP(s.stack, &a, nil, ipv4.ProtocolNumber)
}
