// Package userspace is an inside without a device: a TCP/IP stack in this process. It needs no privilege; the demo,
// tests and containers use it.
package userspace

import (
	"context"
	"fmt"
	"net"
	"net/netip"

	"golang.zx2c4.com/wireguard/tun/netstack"

	"ezvpn/tunnel"
)

// Stack is an Inside with one address or several, and sockets on it.
type Stack struct {
	tunnel.Inside
	net *netstack.Net
}

// New makes a stack. mtu is in bytes; dns are the servers that LookupHost asks.
func New(addrs, dns []netip.Addr, mtu int) (*Stack, error) {
	d, n, err := netstack.CreateNetTUN(addrs, dns, mtu)
	if err != nil {
		return nil, fmt.Errorf("starting the userspace stack: %w", err)
	}
	return &Stack{tunnel.Device(d), n}, nil
}

// Name stands where a device would have one.
func (s *Stack) Name() string { return "userspace" }

// DialContext connects through the tunnel.
func (s *Stack) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	return s.net.DialContext(ctx, network, address)
}

// LookupHost asks the tunnel's name servers.
func (s *Stack) LookupHost(ctx context.Context, name string) ([]string, error) {
	return s.net.LookupContextHost(ctx, name)
}

// ListenTCP and ListenUDP open ports on the inside.
func (s *Stack) ListenTCP(at netip.AddrPort) (net.Listener, error) {
	return s.net.ListenTCPAddrPort(at)
}
func (s *Stack) ListenUDP(at netip.AddrPort) (net.PacketConn, error) {
	return s.net.ListenUDPAddrPort(at)
}
