package service

import (
	"io"
	"net/netip"
	"os"
	"slices"
	"strings"
	"sync"

	"ezvpn/tunnel/host"
)

// uplinkServers knows the name servers of the uplink while a tunnel carries the machine's name service: those that the
// machine lists but the tunnel did not bring, then those that it listed before the tunnel.
type uplinkServers struct {
	read func() []netip.Addr // what the machine lists now

	mu     sync.Mutex // guards below
	on     bool       // a tunnel has set name servers
	tunnel []netip.Addr
	before []netip.Addr
}

// setting is called before a tunnel's name service is set.
func (u *uplinkServers) setting(d host.DNS) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if d.Mode != host.DNSSplit && d.Mode != host.DNSFull || len(d.Servers) == 0 {
		return // and what was set before may still be noted: no harm
	}
	if !u.on {
		u.on, u.before = true, u.read()
	}
	u.tunnel = union(u.tunnel, d.Servers)
}

// gone is called when nothing of a tunnel is left.
func (u *uplinkServers) gone() {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.on, u.tunnel, u.before = false, nil, nil
}

// list is empty while the system's own resolver asks the uplink.
func (u *uplinkServers) list() []netip.AddrPort {
	u.mu.Lock()
	defer u.mu.Unlock()
	if !u.on {
		return nil
	}
	fresh := slices.DeleteFunc(u.read(), func(a netip.Addr) bool { return slices.Contains(u.tunnel, a) })
	var out []netip.AddrPort
	for _, a := range union(fresh, u.before) {
		out = append(out, netip.AddrPortFrom(a, 53))
	}
	return out
}

func union(a, b []netip.Addr) []netip.Addr {
	for _, x := range b {
		if !slices.Contains(a, x) {
			a = append(a, x)
		}
	}
	return a
}

// Where name servers are listed. systemd-resolved keeps those of the links in a file of its own, and only its stub in
// the other; asked through the stub, it would ask the tunnel's.
const (
	resolvConf   = "/etc/resolv.conf"
	resolvedConf = "/run/systemd/resolve/resolv.conf"
)

// listed are the name servers that the machine lists, without the stub of systemd-resolved.
func listed() []netip.Addr {
	servers, stub := nameServers(resolvConf)
	if stub {
		more, _ := nameServers(resolvedConf)
		servers = union(servers, more)
	}
	return servers
}

// nameServers reads a file in the form of resolv.conf(5).
func nameServers(path string) (servers []netip.Addr, stub bool) {
	f, err := os.Open(path)
	if err != nil {
		return nil, false
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, 64<<10))
	if err != nil {
		return nil, false
	}
	for line := range strings.Lines(string(b)) {
		w := strings.Fields(line)
		if len(w) < 2 || w[0] != "nameserver" {
			continue
		}
		switch a, err := netip.ParseAddr(w[1]); {
		case err != nil:
		case w[1] == "127.0.0.53" || w[1] == "127.0.0.54":
			stub = true
		default:
			servers = union(servers, []netip.Addr{a.Unmap()})
		}
	}
	return servers, stub
}

// notedHost is the machine, which tells what name servers a tunnel is about to set.
type notedHost struct {
	*host.Machine
	names *uplinkServers
}

func (h notedHost) Apply(c host.Config) error {
	h.names.setting(c.DNS)
	return h.Machine.Apply(c)
}

func (h notedHost) Revert() error {
	err := h.Machine.Revert()
	if err == nil {
		h.names.gone()
	}
	return err
}
