package host

import (
	"encoding/binary"
	"fmt"
	"net"
	"syscall"
	"testing"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

// Tables reads the kernel's messages in step with a test.
type Tables struct {
	socket *nl.NetlinkSocket
	watch  tableWatch
	rest   []syscall.NetlinkMessage
}

func OpenTables(t *testing.T) *Tables {
	s, err := nl.Subscribe(unix.NETLINK_ROUTE, tableGroups...)
	must(t, err)
	t.Cleanup(s.Close)
	return &Tables{socket: s, watch: newTableWatch()}
}

// Until reads up to the news of a route to an address, and returns what Watch would have told before.
func (x *Tables) Until(t *testing.T, to net.IP) (told []string) {
	t.Helper()
	for {
		for len(x.rest) == 0 {
			var err error
			x.rest, _, err = x.socket.Receive()
			must(t, err)
		}
		m := x.rest[0]
		x.rest = x.rest[1:]
		if m.Header.Type == unix.RTM_NEWROUTE {
			attrs, err := nl.ParseRouteAttr(m.Data[unix.SizeofRtMsg:])
			must(t, err)
			for _, a := range attrs {
				if a.Attr.Type == unix.RTA_DST && net.IP(a.Value).Equal(to) {
					return told
				}
			}
		}
		if x.watch.anyChange([]syscall.NetlinkMessage{m}) {
			told = append(told, fmt.Sprintf("type %d: % x", m.Header.Type, m.Data[:min(len(m.Data), 64)]))
		}
	}
}

func message(kind uint16, data []byte) []syscall.NetlinkMessage {
	return []syscall.NetlinkMessage{{Header: syscall.NlMsghdr{Type: kind}, Data: data}}
}

// linkData is a message about a link of a kind; mode is that of a TUN or TAP device.
func linkData(index int32, kind string, mode byte) []byte {
	b := nl.NewIfInfomsg(unix.AF_UNSPEC)
	b.Index = index
	info := nl.NewRtAttr(unix.IFLA_LINKINFO, nil)
	info.AddRtAttr(nl.IFLA_INFO_KIND, nl.ZeroTerminated(kind))
	if kind == "tun" {
		info.AddRtAttr(nl.IFLA_INFO_DATA, nil).AddRtAttr(nl.IFLA_TUN_TYPE, []byte{mode})
	}
	return append(b.Serialize(), info.Serialize()...)
}

func addressData(index uint32) []byte {
	return binary.NativeEndian.AppendUint32([]byte{unix.AF_INET, 32, 0, 0}, index)
}

func routeData(protocol byte, link uint32) []byte {
	b := []byte{unix.AF_INET, 32, 0, 0, unix.RT_TABLE_MAIN, protocol, 0, unix.RTN_UNICAST, 0, 0, 0, 0}
	return append(b, nl.NewRtAttr(unix.RTA_OIF, binary.NativeEndian.AppendUint32(nil, link)).Serialize()...)
}

func TestAnyChange(t *testing.T) {
	for _, c := range []struct {
		name string
		kind uint16
		data []byte
		want bool
	}{
		{"our route", unix.RTM_NEWROUTE, routeData(routeMark, 7), false},
		{"our route around the tunnel", unix.RTM_NEWROUTE, routeData(routeMark, 2), false},
		{"our route goes", unix.RTM_DELROUTE, routeData(routeMark, 7), false},
		{"a route of DHCP", unix.RTM_NEWROUTE, routeData(unix.RTPROT_DHCP, 2), true},
		{"a route of another tunnel", unix.RTM_NEWROUTE, routeData(unix.RTPROT_STATIC, 7), true},
		{"the kernel's route for an address of a tunnel", unix.RTM_NEWROUTE, routeData(unix.RTPROT_KERNEL, 7), false},
		{"the kernel's route for another address", unix.RTM_NEWROUTE, routeData(unix.RTPROT_KERNEL, 2), true},
		{"a short route", unix.RTM_NEWROUTE, routeData(routeMark, 7)[:3], true},
		{"a cut route", unix.RTM_NEWROUTE, routeData(unix.RTPROT_KERNEL, 7)[:14], true},
		{"a link", unix.RTM_NEWLINK, linkData(2, "veth", 0), true},
		{"a TUN device", unix.RTM_NEWLINK, linkData(7, "tun", unix.IFF_TUN), false},
		{"a new TUN device", unix.RTM_NEWLINK, linkData(8, "tun", unix.IFF_TUN), false},
		{"a TAP device, which can be a virtual machine's", unix.RTM_NEWLINK, linkData(9, "tun", unix.IFF_TAP), true},
		{"a short link", unix.RTM_NEWLINK, nil, true},
		{"an address of a tunnel", unix.RTM_NEWADDR, addressData(7), false},
		{"an address goes", unix.RTM_DELADDR, addressData(2), true},
		{"a short address", unix.RTM_DELADDR, nil, true},
		{"a neighbour", unix.RTM_NEWNEIGH, nil, false},
	} {
		w := tableWatch{map[int]bool{7: true}}
		if got := w.anyChange(message(c.kind, c.data)); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
}

// The device of a tunnel comes with its first message and goes with its last; its number may then be another's.
func TestTUNDevicesComeAndGo(t *testing.T) {
	w := tableWatch{map[int]bool{}}
	tun := linkData(7, "tun", byte(netlink.TUNTAP_MODE_TUN))
	for i, c := range []struct {
		kind uint16
		data []byte
		want bool
	}{
		{unix.RTM_NEWADDR, addressData(7), true}, {unix.RTM_NEWLINK, tun, false}, {unix.RTM_NEWADDR, addressData(7), false},
		{unix.RTM_DELADDR, addressData(7), false}, {unix.RTM_DELLINK, tun, false}, {unix.RTM_NEWADDR, addressData(7), true},
		{unix.RTM_NEWLINK, tun, false}, {unix.RTM_NEWLINK, linkData(7, "veth", 0), true}, {unix.RTM_NEWADDR, addressData(7), true},
	} {
		if got := w.anyChange(message(c.kind, c.data)); got != c.want {
			t.Errorf("message %d: %v", i, got)
		}
	}
}
