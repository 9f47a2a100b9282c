package service

import (
	"context"
	"net"
	"net/netip"

	"ezvpn/tunnel/host"
)

// dialOutside reaches a server by the way that there is without the tunnel.
func dialOutside(m interface {
	Uplink(netip.Addr) (host.Uplink, error)
}) func(ctx context.Context, network string, server netip.AddrPort) (net.Conn, error) {
	return func(ctx context.Context, network string, server netip.AddrPort) (net.Conn, error) {
		u, err := m.Uplink(server.Addr())
		if err != nil {
			return nil, err
		}
		return u.Dialer(server.Addr()).DialContext(ctx, network, server.String())
	}
}
