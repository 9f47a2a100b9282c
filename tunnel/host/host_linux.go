package host

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"strings"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

func newSystem() system {
	env := linuxDNS()
	return system{view: viewMachine, do: change, carriers: carriers, dropping: droppingChains,
		chooseDNS: func() (string, string) { return chooseDNS(env) }}
}

// viewMachine reads links, addresses and the main table of this network namespace. Rules that send packets to another
// table before the main one are not followed: who sets them has decided what goes past the tunnel.
func viewMachine() (MachineView, error) {
	v := MachineView{Marks: true}
	names := map[int]string{}
	links, err := dump(netlink.LinkList)
	if err != nil {
		return v, fmt.Errorf("list interfaces: %w", err)
	}
	for _, l := range links {
		a := l.Attrs()
		names[a.Index] = a.Name
		v.Links = append(v.Links, LinkView{Name: a.Name, MTU: a.MTU, Up: a.Flags&net.FlagUp != 0})
		if forwards(a.Name) {
			v.Forwarding = append(v.Forwarding, a.Name)
		}
	}
	addrs, err := dump(func() ([]netlink.Addr, error) { return netlink.AddrList(nil, netlink.FAMILY_V4) })
	if err != nil {
		return v, fmt.Errorf("list addresses: %w", err)
	}
	for _, a := range addrs {
		if p, ok := prefixOf(a.IPNet); ok {
			v.Addresses = append(v.Addresses, Address{names[a.LinkIndex], p})
		}
	}
	for _, family := range []int{netlink.FAMILY_V4, netlink.FAMILY_V6} {
		routes, err := dump(func() ([]netlink.Route, error) { return netlink.RouteList(nil, family) })
		if err != nil && !(family == netlink.FAMILY_V6 && noFamily(err)) {
			return v, fmt.Errorf("list routes: %w", err)
		}
		for _, r := range routes {
			v.Routes = append(v.Routes, seenRoute(r, names, family))
		}
	}
	v.NoIPv6 = noIPv6()
	v.ForwardingAll = forwards(allLinks)
	return v, nil
}

// dump repeats a listing that a change of the machine interrupted.
func dump[T any](list func() ([]T, error)) (out []T, err error) {
	for range 5 {
		if out, err = list(); !errors.Is(err, netlink.ErrDumpInterrupted) {
			return out, err
		}
	}
	return out, err
}

// noIPv6 is true if the stack is absent or switched off for every link that is or may come. With the loopback
// interface's alone switched off, an unreachable route cannot be set, and Apply fails rather than leaks.
func noIPv6() bool {
	for _, name := range []string{"all", "default"} {
		b, err := os.ReadFile("/proc/sys/net/ipv6/conf/" + name + "/disable_ipv6")
		if err != nil {
			return errors.Is(err, os.ErrNotExist)
		}
		if strings.TrimSpace(string(b)) != "1" {
			return false
		}
	}
	b, err := os.ReadFile("/proc/net/if_inet6") // a link may have been switched on alone
	return err == nil && len(b) == 0
}

func noFamily(err error) bool {
	return errors.Is(err, unix.EAFNOSUPPORT) || errors.Is(err, unix.EOPNOTSUPP)
}

// change carries out one step. Removing what is not there is success.
func change(s step) error {
	switch s.Op {
	case opAddRoute, opSwapRoute, opDelRoute:
		return changeRoute(s)
	case opForward, opUnforward:
		return changeForwarding(s)
	case opLink:
		l, err := netlink.LinkByName(s.Link)
		if err != nil {
			return err
		}
		if s.MTU != 0 {
			if err := netlink.LinkSetMTU(l, s.MTU); err != nil {
				return err
			}
		}
		return netlink.LinkSetUp(l)
	}
	l, err := netlink.LinkByName(s.Address.Link)
	if err != nil {
		if _, gone := errors.AsType[netlink.LinkNotFoundError](err); gone && s.Op == opDelAddress {
			return nil
		}
		return err
	}
	addr := &netlink.Addr{IPNet: ipNet(s.Address.Prefix)}
	if s.Op == opAddAddress {
		return netlink.AddrReplace(l, addr)
	}
	if err := netlink.AddrDel(l, addr); !errors.Is(err, unix.EADDRNOTAVAIL) {
		return err
	}
	return nil
}

func prefixOf(n *net.IPNet) (netip.Prefix, bool) {
	if n == nil {
		return netip.Prefix{}, false
	}
	a, ok := netip.AddrFromSlice(n.IP)
	ones, _ := n.Mask.Size()
	return netip.PrefixFrom(a.Unmap(), ones), ok
}

func ipNet(p netip.Prefix) *net.IPNet {
	return &net.IPNet{IP: p.Addr().AsSlice(), Mask: net.CIDRMask(p.Bits(), p.Addr().BitLen())}
}
