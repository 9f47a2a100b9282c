package host

import (
	"encoding/binary"
	"slices"
	"syscall"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

// tableGroups are the kernel's messages about links, addresses and routes.
var tableGroups = []uint{unix.RTNLGRP_LINK, unix.RTNLGRP_IPV4_IFADDR, unix.RTNLGRP_IPV6_IFADDR,
	unix.RTNLGRP_IPV4_ROUTE, unix.RTNLGRP_IPV6_ROUTE}

// tableWatch tells what others change from what we do: our routes carry the mark, and the rest is about TUN devices.
// Another tunnel's device counts by the routes that it is given.
type tableWatch struct {
	tuns map[int]bool // by index
}

// newTableWatch knows the TUN devices of now. Made after the subscription, it misses none.
func newTableWatch() tableWatch {
	w := tableWatch{map[int]bool{}}
	links, _ := dump(netlink.LinkList) // not to know them costs a needless word only
	for _, l := range links {
		if isTUN(l) {
			w.tuns[l.Attrs().Index] = true
		}
	}
	return w
}

func isTUN(l netlink.Link) bool {
	t, ok := l.(*netlink.Tuntap)
	return ok && t.Mode == netlink.TUNTAP_MODE_TUN
}

func (w tableWatch) anyChange(messages []syscall.NetlinkMessage) bool {
	told := false
	for _, m := range messages { // all, since each may tell of a device
		told = w.change(m) || told
	}
	return told
}

func (w tableWatch) change(m syscall.NetlinkMessage) bool {
	switch m.Header.Type {
	case unix.RTM_NEWLINK, unix.RTM_DELLINK:
		return w.linkChange(m)
	case unix.RTM_NEWADDR, unix.RTM_DELADDR:
		return len(m.Data) < unix.SizeofIfAddrmsg || !w.tuns[int(binary.NativeEndian.Uint32(m.Data[addressIndexAt:]))]
	case unix.RTM_NEWROUTE, unix.RTM_DELROUTE:
		return w.routeChange(m.Data)
	}
	return false
}

func (w tableWatch) linkChange(m syscall.NetlinkMessage) bool {
	if len(m.Data) < unix.SizeofIfInfomsg {
		return true
	}
	l, err := netlink.LinkDeserialize((*unix.NlMsghdr)(&m.Header), m.Data)
	if err != nil {
		return true
	}
	if !isTUN(l) || m.Header.Type == unix.RTM_DELLINK {
		delete(w.tuns, l.Attrs().Index)
	} else {
		w.tuns[l.Attrs().Index] = true
	}
	return !isTUN(l)
}

// Offsets of rtm_protocol in struct rtmsg and of ifa_index in struct ifaddrmsg: rtnetlink(7).
const (
	protocolAt     = 5
	addressIndexAt = 4
)

// routeChange leaves out our routes, and those that the kernel makes for a TUN device by itself.
func (w tableWatch) routeChange(data []byte) bool {
	if len(data) < unix.SizeofRtMsg {
		return true
	}
	if p := data[protocolAt]; p != unix.RTPROT_KERNEL {
		return p != routeMark
	}
	attrs, err := nl.ParseRouteAttr(data[unix.SizeofRtMsg:])
	return err != nil || !slices.ContainsFunc(attrs, func(a syscall.NetlinkRouteAttr) bool {
		return a.Attr.Type == unix.RTA_OIF && len(a.Value) >= 4 && w.tuns[int(binary.NativeEndian.Uint32(a.Value))]
	})
}
