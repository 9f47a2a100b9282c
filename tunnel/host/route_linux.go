package host

import (
	"errors"
	"net"
	"net/netip"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// routeMark is the protocol number (rtm_protocol) of every route this package makes: `ip route` shows "proto 219". It
// is none of those that rt_protos gives away.
const routeMark = 219

// seenRoute reads one entry of the kernel's table.
func seenRoute(r netlink.Route, names map[int]string, family int) SeenRoute {
	s := SeenRoute{Marked: r.Protocol == routeMark, Dead: r.Flags&(unix.RTNH_F_DEAD|unix.RTNH_F_LINKDOWN) != 0}
	s.Metric = r.Priority
	if p, ok := prefixOf(r.Dst); ok {
		s.Dst = p
	} else if family == netlink.FAMILY_V6 {
		s.Dst = netip.PrefixFrom(netip.IPv6Unspecified(), 0)
	} else {
		s.Dst = netip.PrefixFrom(netip.IPv4Unspecified(), 0)
	}
	switch r.Type {
	case unix.RTN_UNICAST:
	case unix.RTN_UNREACHABLE, unix.RTN_BLACKHOLE, unix.RTN_PROHIBIT:
		s.Unreachable = true
		return s
	default:
		s.Other = true
		return s
	}
	index, gw, via := r.LinkIndex, r.Gw, r.Via
	if len(r.MultiPath) > 0 {
		s.Other = true
		index, gw, via = r.MultiPath[0].LinkIndex, r.MultiPath[0].Gw, r.MultiPath[0].Via
	}
	s.Link = names[index]
	if v, ok := via.(*netlink.Via); ok && v != nil {
		gw = v.Addr
	}
	if a, ok := netip.AddrFromSlice(gw); ok && !a.IsUnspecified() {
		s.Via = a.Unmap()
	}
	if a, ok := netip.AddrFromSlice(r.Src); ok {
		s.Src = a.Unmap()
	}
	return s
}

func changeRoute(s step) error {
	r, err := kernelRoute(s.Route)
	if err != nil {
		if _, gone := errors.AsType[netlink.LinkNotFoundError](err); gone && s.Op == opDelRoute {
			return nil // its routes went with it
		}
		return err
	}
	switch s.Op {
	case opAddRoute:
		return netlink.RouteAdd(r)
	case opSwapRoute:
		return netlink.RouteReplace(r)
	}
	if err := netlink.RouteDel(r); !errors.Is(err, unix.ESRCH) && !errors.Is(err, unix.ENODEV) {
		return err
	}
	return nil
}

// kernelRoute is the route in the kernel's words. A next hop is always marked on-link: it serves the machine's own
// route already, and must go on doing so when the tunnel covers its network.
func kernelRoute(r Route) (*netlink.Route, error) {
	k := &netlink.Route{Dst: ipNet(r.Dst), Priority: r.Metric, Protocol: routeMark, Table: unix.RT_TABLE_MAIN, Type: unix.RTN_UNICAST}
	if r.Unreachable {
		k.Type = unix.RTN_UNREACHABLE
		return k, nil
	}
	l, err := netlink.LinkByName(r.Link)
	if err != nil {
		return nil, err
	}
	k.LinkIndex = l.Attrs().Index
	if r.Src.IsValid() {
		k.Src = r.Src.AsSlice()
	}
	switch {
	case !r.Via.IsValid():
		if r.Dst.Addr().Is4() {
			k.Scope = netlink.SCOPE_LINK
		}
	case r.Via.Is4() == r.Dst.Addr().Is4():
		k.Gw = net.IP(r.Via.AsSlice())
		k.Flags = int(netlink.FLAG_ONLINK)
	default:
		k.Via = &netlink.Via{AddrFamily: netlink.FAMILY_V6, Addr: net.IP(r.Via.AsSlice())}
		k.Flags = int(netlink.FLAG_ONLINK)
	}
	return k, nil
}
