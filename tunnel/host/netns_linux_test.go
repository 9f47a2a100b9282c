package host_test

import (
	"errors"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"ezvpn/tunnel/host"
)

// world is a client machine in a network and mount namespace of its own, with a gateway behind its router. The thread
// that it lives on ends with the test.
type world struct {
	t       *testing.T
	gateway *net.UDPConn // answers at 10.50.0.1:4500
	dir     string
}

const userResolv = "# the user's file\nsearch home.example\nnameserver 192.0.2.1\noptions timeout:1\n"

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// newWorld makes the namespaces. mounted says how /etc/resolv.conf stands: as a plain file, or mounted as containers
// do it.
func newWorld(t *testing.T, mounted bool) *world {
	if os.Geteuid() != 0 {
		t.Skip("NOT ROOT: routes, addresses and resolv.conf of a real kernel were NOT tested; run the tests as root")
	}
	w := &world{t: t, dir: t.TempDir()}
	must(t, os.Chmod(w.dir, 0o700))
	runtime.LockOSThread() // never unlocked: the changed thread must not serve anybody else
	must(t, unix.Unshare(unix.CLONE_NEWNET|unix.CLONE_NEWNS))
	must(t, unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""))
	w.mountEtc(mounted)

	isp, err := os.Open("/proc/thread-self/ns/net")
	must(t, err)
	defer isp.Close()
	lo := link(t, "lo")
	must(t, netlink.LinkSetUp(lo))
	must(t, netlink.AddrAdd(lo, ipAddr(t, "10.50.0.1/32")))
	w.gateway, err = net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(10, 50, 0, 1), Port: 4500})
	must(t, err)
	t.Cleanup(func() { w.gateway.Close() })
	go echo(w.gateway)

	must(t, unix.Unshare(unix.CLONE_NEWNET))
	must(t, os.WriteFile("/proc/sys/net/ipv6/conf/default/addr_gen_mode", []byte("1"), 0o644)) // no address that comes later
	veth := &netlink.Veth{LinkAttrs: netlink.LinkAttrs{Name: "eth0"}, PeerName: "isp0", PeerNamespace: netlink.NsFd(int(isp.Fd()))}
	must(t, netlink.LinkAdd(veth))
	w.configureISP(isp)
	must(t, netlink.LinkSetUp(link(t, "lo")))
	must(t, netlink.AddrAdd(link(t, "eth0"), ipAddr(t, "192.0.2.2/24")))
	must(t, netlink.AddrAdd(link(t, "eth0"), ipAddr(t, "2001:db8::2/64")))
	must(t, netlink.LinkSetUp(link(t, "eth0")))
	w.ip("route", "add", "default", "via", "192.0.2.1", "metric", "100")
	w.ip("-6", "route", "add", "default", "via", "2001:db8::1", "dev", "eth0")
	w.ip("route", "add", "10.77.0.0/16", "via", "192.0.2.1") // the user's own, equal to a pushed network
	return w
}

func (w *world) configureISP(isp *os.File) {
	mine, err := os.Open("/proc/thread-self/ns/net")
	must(w.t, err)
	defer mine.Close()
	must(w.t, unix.Setns(int(isp.Fd()), unix.CLONE_NEWNET))
	must(w.t, netlink.AddrAdd(link(w.t, "isp0"), ipAddr(w.t, "192.0.2.1/24")))
	must(w.t, netlink.LinkSetUp(link(w.t, "isp0")))
	must(w.t, unix.Setns(int(mine.Fd()), unix.CLONE_NEWNET))
}

func (w *world) mountEtc(mounted bool) {
	must(w.t, unix.Mount("none", "/etc", "tmpfs", 0, ""))
	must(w.t, os.WriteFile("/etc/resolv.conf", []byte(userResolv), 0o644))
	if mounted {
		from := filepath.Join(w.t.TempDir(), "mounted")
		must(w.t, os.WriteFile(from, []byte(userResolv), 0o644))
		must(w.t, unix.Mount(from, "/etc/resolv.conf", "", unix.MS_BIND, ""))
	}
}

func echo(c *net.UDPConn) {
	b := make([]byte, 64)
	for {
		n, from, err := c.ReadFromUDP(b)
		if err != nil {
			return
		}
		c.WriteToUDP(b[:n], from)
	}
}

func link(t *testing.T, name string) netlink.Link {
	t.Helper()
	l, err := netlink.LinkByName(name)
	must(t, err)
	return l
}

func ipAddr(t *testing.T, s string) *netlink.Addr {
	t.Helper()
	a, err := netlink.ParseAddr(s)
	must(t, err)
	a.Flags = unix.IFA_F_NODAD
	return a
}

func (w *world) ip(args ...string) string {
	w.t.Helper()
	var complaints strings.Builder // also about namespaces of others, which are no matter of this test
	cmd := exec.Command("ip", args...)
	cmd.Stderr = &complaints
	out, err := cmd.Output()
	if err != nil {
		w.t.Fatalf("ip %v: %v: %s", args, err, complaints.String())
	}
	return string(out)
}

// tun opens a TUN device; closing the file is what the death of a process does to it.
func (w *world) tun(name string) *os.File {
	w.t.Helper()
	dev := &netlink.Tuntap{LinkAttrs: netlink.LinkAttrs{Name: name}, Mode: netlink.TUNTAP_MODE_TUN,
		Flags: netlink.TUNTAP_NO_PI | netlink.TUNTAP_MULTI_QUEUE, NonPersist: true, Queues: 1}
	must(w.t, netlink.LinkAdd(dev))
	w.t.Cleanup(func() { dev.Fds[0].Close() })
	return dev.Fds[0]
}

// state is what `ip route` and the file say; the machine must come back to it byte for byte.
func (w *world) state() string {
	w.t.Helper()
	b, err := os.ReadFile("/etc/resolv.conf")
	must(w.t, err)
	fi, err := os.Lstat("/etc/resolv.conf")
	must(w.t, err)
	return w.ip("route") + w.ip("-6", "route") + w.ip("-4", "addr", "show", "eth0") + string(b) + fi.Mode().String()
}

// carries asks the kernel where a packet would go: a device, or "unreachable".
func (w *world) carries(to string) string {
	w.t.Helper()
	r, err := netlink.RouteGet(net.ParseIP(to))
	if errors.Is(err, unix.EHOSTUNREACH) || errors.Is(err, unix.ENETUNREACH) {
		return "unreachable"
	}
	must(w.t, err)
	l, err := netlink.LinkByIndex(r[0].LinkIndex)
	must(w.t, err)
	return l.Attrs().Name
}

func (w *world) expect(where map[string]string) {
	w.t.Helper()
	for to, want := range where {
		if got := w.carries(to); got != want {
			w.t.Errorf("packet to %s goes to %q, want %q\n%s", to, got, want, w.ip("route"))
		}
	}
}

// reach sends a datagram to the gateway and waits for its echo.
func (w *world) reach() {
	w.t.Helper()
	c, err := net.Dial("udp4", "10.50.0.1:4500")
	must(w.t, err)
	defer c.Close()
	_, err = c.Write([]byte("hello"))
	must(w.t, err)
	b := make([]byte, 16)
	if n, err := c.Read(b); err != nil || string(b[:n]) != "hello" {
		w.t.Fatalf("gateway's echo: %q, %v", b[:n], err)
	}
}

func split() host.Config {
	return host.Config{Interface: "ezvpn0", MTU: 1398, Addresses: []netip.Prefix{netip.MustParsePrefix("10.9.0.5/32")},
		Routes:   []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("10.77.0.0/16")},
		Gateways: []netip.Addr{netip.MustParseAddr("10.50.0.1")},
		DNS: host.DNS{Mode: host.DNSSplit, Servers: []netip.Addr{netip.MustParseAddr("10.0.0.53"), netip.MustParseAddr("198.18.0.53")},
			Domains: []string{"corp.example"}, Search: []string{"corp.example"}}}
}

func full() host.Config {
	c := split()
	c.Routes = []netip.Prefix{netip.MustParsePrefix("0.0.0.0/0")}
	c.Exclude = []netip.Prefix{netip.MustParsePrefix("198.51.100.0/24")}
	c.DNS.Mode = host.DNSFull
	return c
}

func TestRealSplitThenFull(t *testing.T) {
	for _, mounted := range []bool{false, true} {
		name := map[bool]string{false: "plain file", true: "mounted file"}[mounted]
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, mounted)
			before := w.state()
			dev := w.tun("ezvpn0")
			h := host.New(host.Options{Dir: w.dir})
			w.reach()
			must(t, h.Apply(split()))
			w.reach()
			w.expect(map[string]string{"10.1.2.3": "ezvpn0", "10.77.1.1": "ezvpn0", "10.50.0.1": "eth0", "198.18.0.53": "ezvpn0",
				"192.0.2.9": "eth0", "8.8.8.8": "eth0", "2001:db8:1::1": "eth0"})
			if a := link(t, "ezvpn0").Attrs(); a.MTU != 1398 || a.Flags&net.FlagUp == 0 {
				t.Errorf("device has mtu %d, flags %v", a.MTU, a.Flags)
			}
			if b, _ := os.ReadFile("/etc/resolv.conf"); !strings.Contains(string(b), "nameserver 10.0.0.53\nnameserver 198.18.0.53\nnameserver 192.0.2.1\n") {
				t.Errorf("resolv.conf in split mode:\n%s", b)
			}
			if h.DNSBy() != "resolv.conf" {
				t.Errorf("name service by %q: %s", h.DNSBy(), h.Describe())
			}
			routes := w.ip("route")
			must(t, h.Apply(split()))
			if again := w.ip("route"); again != routes {
				t.Errorf("second Apply changed\n%s\nto\n%s", routes, again)
			}
			must(t, h.Apply(full()))
			w.reach()
			w.expect(map[string]string{"8.8.8.8": "ezvpn0", "200.1.1.1": "ezvpn0", "10.50.0.1": "eth0", "198.51.100.7": "eth0",
				"192.0.2.9": "eth0", "2001:db8:1::1": "unreachable", "2606:4700::1": "unreachable", "2001:db8::1": "eth0"})
			if b, _ := os.ReadFile("/etc/resolv.conf"); strings.Contains(string(b), "192.0.2.1") || !strings.Contains(string(b), "options timeout:1") {
				t.Errorf("resolv.conf in full mode:\n%s", b)
			}
			for range 2 {
				must(t, h.Revert())
				if after := w.state(); after != before {
					t.Fatalf("after Revert\n%s\nwant\n%s", after, before)
				}
			}
			if out := w.ip("-4", "addr", "show", "ezvpn0"); strings.Contains(out, "inet") {
				t.Errorf("an address is left on the device:\n%s", out)
			}
			dev.Close()
			w.reach()
		})
	}
}

// The process is killed: its device goes, the object with its memory too. A new one finds the journal.
func TestRealKill(t *testing.T) {
	w := newWorld(t, false)
	must(t, os.Remove("/etc/resolv.conf"))
	must(t, os.WriteFile("/etc/nm.conf", []byte(userResolv), 0o644))
	must(t, os.Symlink("nm.conf", "/etc/resolv.conf"))
	before := w.state()
	dev := w.tun("ezvpn0")
	must(t, host.New(host.Options{Dir: w.dir}).Apply(full()))
	w.expect(map[string]string{"8.8.8.8": "ezvpn0"})
	dev.Close()
	if left := w.state(); left == before || !strings.Contains(left, "10.50.0.1 via 192.0.2.1") || !strings.Contains(left, "nameserver 10.0.0.53") {
		t.Fatalf("after the kill, before Revert:\n%s", left)
	}
	must(t, host.New(host.Options{Dir: w.dir}).Revert())
	if after := w.state(); after != before {
		t.Errorf("after Revert\n%s\nwant\n%s", after, before)
	}
	if to, err := os.Readlink("/etc/resolv.conf"); err != nil || to != "nm.conf" {
		t.Errorf("resolv.conf is no longer the user's link: %q, %v", to, err)
	}
}

func TestRealFailoverAndRoaming(t *testing.T) {
	w := newWorld(t, false)
	before := w.state()
	w.tun("ezvpn0")
	second := w.tun("ezvpn1")
	h := host.New(host.Options{Dir: w.dir})
	c := full()
	must(t, h.Apply(c))
	c.Interface = "ezvpn1"
	c.Addresses = []netip.Prefix{netip.MustParsePrefix("10.9.0.77/32")}
	c.Gateways = append(c.Gateways, netip.MustParseAddr("10.50.0.2"))
	must(t, h.Apply(c))
	w.expect(map[string]string{"8.8.8.8": "ezvpn1", "10.50.0.1": "eth0", "10.50.0.2": "eth0"})
	if routes := w.ip("route"); strings.Contains(routes, "ezvpn0") {
		t.Errorf("left on the old device:\n%s", routes)
	}
	w.ip("route", "del", "default")
	must(t, h.Apply(c))
	w.expect(map[string]string{"10.50.0.1": "unreachable"})
	w.ip("route", "add", "default", "via", "192.0.2.1", "metric", "100")
	must(t, h.Apply(c))
	w.expect(map[string]string{"10.50.0.1": "eth0"})
	w.reach()
	second.Close() // the device dies while the process lives
	if err := h.Apply(c); err == nil || !strings.Contains(err.Error(), "ezvpn1") {
		t.Errorf("Apply without the device: %v", err)
	}
	must(t, h.Revert())
	if after := w.state(); after != before {
		t.Errorf("after Revert\n%s\nwant\n%s", after, before)
	}
}
