package service

import (
	"context"
	"log/slog"
	"net"
	"net/netip"

	"ezvpn/client"
	"ezvpn/tunnel"
	"ezvpn/tunnel/host"
)

// Platform is the real one: UDP sockets, a TUN device, the machine's routes and name service, and the undo journal in
// this directory.
func Platform(state string, log *slog.Logger) client.Platform {
	machine, names := host.New(host.Options{Dir: state}), &uplinkServers{read: listed}
	resolver := uplinkResolver{servers: names.list, system: lookup, dial: dialOutside(machine)}
	return client.Platform{
		OpenOutside: func(port uint16) (tunnel.Outside, error) {
			udp, err := tunnel.ListenUDP(port)
			if err != nil {
				return nil, err
			}
			log.Debug("outside open", "port", port)
			return udp, nil
		},
		OpenInside: func(c client.InsideConfig) (tunnel.Inside, error) { return tunnel.OpenTUN(c.Name, c.MTU) },
		Resolve:    remembering(resolver.lookup),
		Host:       notedHost{machine, names},
		Changes:    changes(log),
		Asleep:     uncounted(),
	}
}

// lookup asks the machine's own resolver. The outside is IPv4.
func lookup(ctx context.Context, name string) ([]netip.Addr, error) {
	addrs, err := net.DefaultResolver.LookupNetIP(ctx, "ip4", name)
	for i, a := range addrs {
		addrs[i] = a.Unmap()
	}
	return addrs, err
}
