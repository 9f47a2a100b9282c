package host_test

import (
	"encoding/binary"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"ezvpn/tunnel/host"
)

const sysctls = "/proc/sys/net/ipv4/conf/"

// lan puts a host at 10.5.0.2 behind the machine's lan0, in a namespace of its own, and returns its socket. The
// machine forwards nothing yet, and checks sources strictly.
func (w *world) lan() *net.UDPConn {
	w.t.Helper()
	must(w.t, os.WriteFile("/proc/sys/net/ipv4/ip_forward", []byte("0"), 0o644))
	for _, name := range []string{"all", "default", "eth0"} {
		must(w.t, os.WriteFile(sysctls+name+"/rp_filter", []byte("1"), 0o644))
	}
	mine, err := os.Open("/proc/thread-self/ns/net")
	must(w.t, err)
	defer mine.Close()
	must(w.t, unix.Unshare(unix.CLONE_NEWNET))
	must(w.t, netlink.LinkAdd(&netlink.Veth{LinkAttrs: netlink.LinkAttrs{Name: "host0"}, PeerName: "lan0", PeerNamespace: netlink.NsFd(int(mine.Fd()))}))
	must(w.t, netlink.AddrAdd(link(w.t, "host0"), ipAddr(w.t, "10.5.0.2/24")))
	must(w.t, netlink.LinkSetUp(link(w.t, "host0")))
	w.ip("route", "add", "default", "via", "10.5.0.1")
	c, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(10, 5, 0, 2), Port: 700})
	must(w.t, err)
	w.t.Cleanup(func() { c.Close() })
	must(w.t, unix.Setns(int(mine.Fd()), unix.CLONE_NEWNET))
	must(w.t, netlink.AddrAdd(link(w.t, "lan0"), ipAddr(w.t, "10.5.0.1/24")))
	must(w.t, netlink.LinkSetUp(link(w.t, "lan0")))
	return c
}

// switches are all forwarding switches that outlive the tunnel's device.
func (w *world) switches() string {
	w.t.Helper()
	paths, err := filepath.Glob(sysctls + "*/forwarding")
	must(w.t, err)
	var out strings.Builder
	for _, p := range paths {
		if strings.Contains(p, "/ezvpn") {
			continue
		}
		b, err := os.ReadFile(p)
		must(w.t, err)
		out.WriteString(strings.TrimPrefix(p, sysctls) + " " + string(b))
	}
	return out.String()
}

func forwards(t *testing.T, name string) bool {
	t.Helper()
	b, err := os.ReadFile(sysctls + name + "/forwarding")
	must(t, err)
	return string(b) == "1\n"
}

// extension is a config in network-extension mode: no inside address, and the LAN behind.
func extension() host.Config {
	c := split()
	c.Addresses = nil
	c.Forward = []netip.Prefix{netip.MustParsePrefix("10.5.0.0/24")}
	return c
}

// datagram reads from the tunnel's device up to the next IPv4 packet that holds text.
func datagram(t *testing.T, dev *os.File, text string) (from, to netip.AddrPort) {
	t.Helper()
	b := make([]byte, 2000)
	for {
		n, err := dev.Read(b)
		must(t, err)
		if p := b[:n]; n > 28 && p[0] == 0x45 && string(p[28:]) == text {
			src, _ := netip.AddrFromSlice(p[12:16])
			dst, _ := netip.AddrFromSlice(p[16:20])
			return netip.AddrPortFrom(src, binary.BigEndian.Uint16(p[20:])), netip.AddrPortFrom(dst, binary.BigEndian.Uint16(p[22:]))
		}
	}
}

// packet is an IPv4 UDP datagram without UDP checksum: RFC 791 section 3.1, RFC 768.
func packet(from, to netip.AddrPort, text string) []byte {
	p := make([]byte, 28, 28+len(text))
	p[0], p[8], p[9] = 0x45, 64, 17
	binary.BigEndian.PutUint16(p[2:], uint16(28+len(text)))
	copy(p[12:], from.Addr().AsSlice())
	copy(p[16:], to.Addr().AsSlice())
	var sum uint32
	for i := 0; i < 20; i += 2 {
		sum += uint32(binary.BigEndian.Uint16(p[i:]))
	}
	binary.BigEndian.PutUint16(p[10:], ^uint16(sum+sum>>16))
	binary.BigEndian.PutUint16(p[20:], from.Port())
	binary.BigEndian.PutUint16(p[22:], to.Port())
	binary.BigEndian.PutUint16(p[24:], uint16(8+len(text)))
	return append(p, text...)
}

func TestRealNetworkExtension(t *testing.T) {
	w := newWorld(t, false)
	lanHost := w.lan()
	before, switches := w.state(), w.switches()
	dev := w.tun("ezvpn0")
	h := host.New(host.Options{Dir: w.dir})
	must(t, h.Apply(extension()))
	if !forwards(t, "lan0") || !forwards(t, "ezvpn0") || forwards(t, "eth0") || forwards(t, "all") || forwards(t, "default") {
		t.Errorf("switches after Apply: ezvpn0 %v\n%s", forwards(t, "ezvpn0"), w.switches())
	}
	w.expect(map[string]string{"10.1.2.3": "ezvpn0", "10.5.0.2": "lan0", "10.50.0.1": "eth0", "8.8.8.8": "eth0"})
	w.reach()

	inside := netip.MustParseAddrPort("10.1.2.3:7")
	if _, err := lanHost.WriteToUDPAddrPort([]byte("out"), inside); err != nil {
		t.Fatal(err)
	}
	if from, to := datagram(t, dev, "out"); from != netip.MustParseAddrPort("10.5.0.2:700") || to != inside {
		t.Errorf("the tunnel got a packet from %v to %v", from, to)
	}
	if _, err := dev.Write(packet(inside, netip.MustParseAddrPort("10.5.0.2:700"), "back")); err != nil {
		t.Fatal(err)
	}
	b := make([]byte, 64)
	if n, from, err := lanHost.ReadFromUDPAddrPort(b); err != nil || string(b[:n]) != "back" || from != inside {
		t.Errorf("the host behind got %q from %v, %v", b[:n], from, err)
	}
	own, err := net.Dial("udp4", inside.String()) // the machine itself
	must(t, err)
	defer own.Close()
	_, err = own.Write([]byte("own"))
	must(t, err)
	if from, _ := datagram(t, dev, "own"); from.Addr() != netip.MustParseAddr("10.5.0.1") {
		t.Errorf("the machine speaks through the tunnel as %v", from)
	}

	up, routes := w.switches(), w.ip("route")
	must(t, h.Apply(extension()))
	if w.switches() != up || w.ip("route") != routes {
		t.Errorf("second Apply changed\n%s%s\nto\n%s%s", up, routes, w.switches(), w.ip("route"))
	}
	c := extension()
	c.Forward = nil
	must(t, h.Apply(c))
	if got := w.switches(); got != switches || forwards(t, "ezvpn0") {
		t.Errorf("without networks behind\n%s\nwant\n%s", got, switches)
	}
	must(t, h.Apply(extension()))
	must(t, h.Revert())
	if w.state() != before || w.switches() != switches || forwards(t, "ezvpn0") {
		t.Errorf("after Revert\n%s%s\nwant\n%s%s", w.state(), w.switches(), before, switches)
	}
}

func TestRealNetworkExtensionKilled(t *testing.T) {
	w := newWorld(t, false)
	w.lan()
	before, switches := w.state(), w.switches()
	dev := w.tun("ezvpn0")
	must(t, host.New(host.Options{Dir: w.dir}).Apply(extension()))
	dev.Close()
	if !forwards(t, "lan0") {
		t.Error("lan0 does not forward, so there is nothing to undo")
	}
	must(t, host.New(host.Options{Dir: w.dir}).Revert())
	if w.state() != before || w.switches() != switches {
		t.Errorf("after Revert\n%s%s\nwant\n%s%s", w.state(), w.switches(), before, switches)
	}
}

// A container engine makes the whole machine forward while the tunnel is up. The kernel then sets every link.
func TestRealForwardingOfOthersIsKept(t *testing.T) {
	w := newWorld(t, false)
	w.lan()
	w.tun("ezvpn0")
	h := host.New(host.Options{Dir: w.dir})
	must(t, h.Apply(extension()))
	must(t, os.WriteFile("/proc/sys/net/ipv4/ip_forward", []byte("1"), 0o644))
	others := w.switches()
	must(t, h.Revert())
	if got := w.switches(); got != others || !forwards(t, "lan0") {
		t.Errorf("after Revert\n%s\nwant\n%s", got, others)
	}
}
