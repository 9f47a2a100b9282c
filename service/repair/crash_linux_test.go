package repair

import (
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"ezvpn/service"
	"ezvpn/tunnel/host"
)

// The test kills a process of its own at every point between two changes of the machine, and lets a daemon that starts,
// or `ezvpn repair`, put the machine back. The processes are this test again, with these variables.
const (
	childDoes  = "EZVPN_TEST_CHILD" // "live", "start", "repair"
	childState = "EZVPN_TEST_STATE"
	childLives = "EZVPN_TEST_LIFE"
	childDies  = "EZVPN_TEST_DIES" // at the n-th point
)

func TestMain(m *testing.M) {
	var err error
	dieAt(os.Getenv(childDies))
	switch os.Getenv(childDoes) {
	case "":
		os.Exit(m.Run())
	case "live":
		err = live(os.Getenv(childState), os.Getenv(childLives))
	case "start":
		err = start(os.Getenv(childState))
	case "repair":
		_, err = Run(os.Getenv(childState), false)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

// start is a daemon that puts the machine back and is stopped.
func start(dir string) error {
	_, err := service.Open(service.Options{Profiles: filepath.Join(dir, "none"), Socket: filepath.Join(dir, "socket"), State: dir,
		Log: slog.New(slog.DiscardHandler), Platform: service.Platform(dir, slog.New(slog.DiscardHandler))})
	os.Remove(filepath.Join(dir, "socket"))
	return err
}

// dieAt kills this process at its n-th point; 0 for never.
func dieAt(text string) {
	n, _ := strconv.Atoi(text)
	at := 0
	host.Reached = func(string) {
		if at++; at == n {
			syscall.Kill(os.Getpid(), syscall.SIGKILL)
			select {}
		}
	}
}

// live is the life of a tunnel.
func live(dir, life string) error {
	dev := &netlink.Tuntap{LinkAttrs: netlink.LinkAttrs{Name: "ezvpn0"}, Mode: netlink.TUNTAP_MODE_TUN,
		Flags: netlink.TUNTAP_NO_PI | netlink.TUNTAP_MULTI_QUEUE, NonPersist: true, Queues: 1}
	if err := netlink.LinkAdd(dev); err != nil {
		return err
	}
	m := host.New(host.Options{Dir: dir})
	for _, c := range lives[life] {
		if err := m.Apply(c); err != nil {
			return err
		}
	}
	return m.Revert()
}

func prefixes(list ...string) (out []netip.Prefix) {
	for _, s := range list {
		out = append(out, netip.MustParsePrefix(s))
	}
	return out
}

func split() host.Config {
	return host.Config{Interface: "ezvpn0", MTU: 1398, Addresses: prefixes("10.9.0.5/32"), Routes: prefixes("10.0.0.0/8", "10.77.0.0/16"),
		Gateways: []netip.Addr{netip.MustParseAddr("10.50.0.1")},
		DNS: host.DNS{Mode: host.DNSSplit, Servers: []netip.Addr{netip.MustParseAddr("10.0.0.53"), netip.MustParseAddr("198.18.0.53")},
			Domains: []string{"corp.example"}, Search: []string{"corp.example"}}}
}

func full() host.Config {
	c := split()
	c.Routes, c.Exclude, c.DNS.Mode = prefixes("0.0.0.0/0"), prefixes("198.51.100.0/24"), host.DNSFull
	return c
}

// other is what another gateway assigns.
func other() host.Config {
	c := split()
	c.Addresses, c.Routes = prefixes("10.9.7.7/32"), prefixes("10.0.0.0/8", "172.20.0.0/16")
	c.Gateways = append(c.Gateways, netip.MustParseAddr("10.50.0.2"))
	c.DNS = host.DNS{Mode: host.DNSFull, Servers: []netip.Addr{netip.MustParseAddr("10.0.0.54")}}
	return c
}

func extension() host.Config {
	c := split()
	c.Addresses, c.Forward = nil, prefixes("10.5.0.0/24")
	return c
}

// lives are what a tunnel goes through between connect and disconnect.
var lives = map[string][]host.Config{
	"split":                        {split()},
	"everything":                   {full()},
	"failover":                     {split(), other()},
	"split, then everything":       {split(), full()},
	"network extension":            {extension()},
	"extension to another gateway": {extension(), other()},
}

// Wherever the process of a tunnel is killed, the machine is as it was before when a daemon has started, and as well
// when the machine was repaired without one. It is killed at each third point, and the two take turns; with
// EZVPN_CRASH_POINTS set, as by `make crash-points`, at each, with both, twice.
func TestCrashPoints(t *testing.T) {
	points := 0
	for life := range lives {
		for _, kind := range []string{"file", "mounted", "link"} {
			if kind != "file" && life != "failover" {
				continue
			}
			t.Run(life+", resolv.conf is a "+kind, func(t *testing.T) { points += crashes(t, life, kind) })
		}
	}
	t.Logf("killed at %d points", points)
	if points < 120 {
		t.Errorf("killed at %d points, want 120 at least", points)
	}
}

func crashes(t *testing.T, life, kind string) (points int) {
	w := newWorld(t, kind)
	before := w.picture()
	ways := []string{"start", "repair"}
	stride, times := 3, 1
	if os.Getenv("EZVPN_CRASH_POINTS") != "" {
		stride, times = 1, 2
	}
	for n := 1; ; n += stride {
		mends := ways
		if times == 1 {
			mends = ways[points%2 : points%2+1]
		}
		for _, mend := range mends {
			if w.child("live", life, n) {
				if got := w.picture(); got != before {
					t.Fatalf("after a whole life\n%s\nwant\n%s", got, before)
				}
				return points
			}
			for range times {
				if !w.child(mend, life, 0) {
					t.Fatalf("killed at point %d: %s does not end well", n, mend)
				}
				if got := w.picture(); got != before {
					t.Fatalf("killed at point %d: after %s\n%s\nwant\n%s", n, mend, got, before)
				}
			}
		}
		points++
	}
}

// What repairs can be killed too, at each of its points, and the next one goes on.
func TestRepairIsKilledToo(t *testing.T) {
	w := newWorld(t, "file")
	before := w.picture()
	for n := 1; ; n++ {
		if w.child("live", "everything", 40) {
			t.Fatal("the tunnel lived on")
		}
		alive := w.child("repair", "", n)
		if !alive && !w.child("repair", "", 0) {
			t.Fatalf("the repair after one that was killed at point %d does not end well", n)
		}
		if got := w.picture(); got != before {
			t.Fatalf("repair killed at point %d, then repaired\n%s\nwant\n%s", n, got, before)
		}
		if alive {
			t.Logf("killed at %d points", n-1)
			return
		}
	}
}

func TestDryRunChangesNothing(t *testing.T) {
	w := newWorld(t, "file")
	before := w.picture()
	if w.child("live", "everything", 40) {
		t.Fatal("the tunnel lived on")
	}
	left, err := Run(w.dir, true)
	if err != nil || len(left.Found) == 0 || left.Undone {
		t.Fatalf("what was left behind: %+v, %v", left, err)
	}
	if again, _ := Run(w.dir, true); fmt.Sprint(again) != fmt.Sprint(left) {
		t.Errorf("a dry run changed something: %v, then %v", left, again)
	}
	done, err := Run(w.dir, false)
	if err != nil || !done.Undone || len(done.Found) != len(left.Found) {
		t.Errorf("repaired: %+v, %v", done, err)
	}
	if got := w.picture(); got != before {
		t.Errorf("after the repair\n%s\nwant\n%s", got, before)
	}
	if again, err := Run(w.dir, false); err != nil || len(again.Found) != 0 {
		t.Errorf("repaired again: %+v, %v", again, err)
	}
}

// world is a machine in a network and mount namespace of its own. The thread that it lives on ends with the test.
type world struct {
	t   *testing.T
	dir string
}

const userResolv = "# the user's file\nsearch home.example\nnameserver 192.0.2.1\noptions timeout:1\n"

func newWorld(t *testing.T, kind string) *world {
	if os.Geteuid() != 0 {
		t.Skip("NOT ROOT: crashes were NOT tested; run the tests as root")
	}
	w := &world{t: t, dir: t.TempDir()}
	w.must(os.Chmod(w.dir, 0o700))
	runtime.LockOSThread() // never unlocked: the changed thread must not serve anybody else
	w.must(unix.Unshare(unix.CLONE_NEWNET | unix.CLONE_NEWNS))
	w.must(unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""))
	w.etc(kind)
	w.link("lo", "")
	w.link("eth0", "192.0.2.2/24")
	w.link("lan0", "10.5.0.1/24")
	w.ip("route", "add", "default", "via", "192.0.2.1", "metric", "100")
	w.ip("route", "add", "10.77.0.0/16", "via", "192.0.2.1") // the user's own, equal to a pushed network
	return w
}

func (w *world) etc(kind string) {
	w.must(unix.Mount("none", "/etc", "tmpfs", 0, ""))
	switch kind {
	case "link":
		w.must(os.WriteFile("/etc/nm.conf", []byte(userResolv), 0o644))
		w.must(os.Symlink("nm.conf", "/etc/resolv.conf"))
		return
	case "mounted":
		from := filepath.Join(w.t.TempDir(), "mounted")
		w.must(os.WriteFile(from, []byte(userResolv), 0o644))
		w.must(os.WriteFile("/etc/resolv.conf", nil, 0o644))
		w.must(unix.Mount(from, "/etc/resolv.conf", "", unix.MS_BIND, ""))
		return
	}
	w.must(os.WriteFile("/etc/resolv.conf", []byte(userResolv), 0o644))
}

func (w *world) link(name, address string) {
	if name != "lo" {
		w.must(os.WriteFile("/proc/sys/net/ipv6/conf/default/addr_gen_mode", []byte("1"), 0o644)) // no address that comes later
		w.must(netlink.LinkAdd(&netlink.Veth{LinkAttrs: netlink.LinkAttrs{Name: name}, PeerName: "far-" + name}))
		w.ip("link", "set", "far-"+name, "up")
	}
	w.ip("link", "set", name, "up")
	if address != "" {
		w.ip("addr", "add", address, "dev", name)
	}
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) ip(args ...string) string {
	w.t.Helper()
	out, err := exec.Command("ip", args...).Output()
	if err != nil {
		w.t.Fatalf("ip %v: %v", args, err)
	}
	return string(out)
}

// child runs a process of this test; it says whether that came to its end, and was not killed.
func (w *world) child(does, life string, dies int) bool {
	w.t.Helper()
	self, err := os.Executable()
	w.must(err)
	c := exec.Command(self)
	// Under the race detector a process waits for a second before it ends, unless it is told not to.
	c.Env = append(os.Environ(), "GORACE=atexit_sleep_ms=0", childDoes+"="+does, childState+"="+w.dir, childLives+"="+life, childDies+"="+strconv.Itoa(dies))
	out, err := c.CombinedOutput()
	if err == nil {
		return true
	}
	if s, ok := c.ProcessState.Sys().(syscall.WaitStatus); !ok || !s.Signaled() || s.Signal() != syscall.SIGKILL {
		w.t.Fatalf("%s: %v: %s", does, err, out)
	}
	return false
}

// picture is all that a tunnel changes, and the files beside.
func (w *world) picture() string {
	w.t.Helper()
	var b strings.Builder
	links, err := netlink.LinkList()
	w.must(err)
	for _, l := range links {
		fmt.Fprintln(&b, l.Attrs().Name, l.Attrs().MTU, l.Attrs().Flags&net.FlagUp)
	}
	b.WriteString(w.ip("route") + w.ip("-6", "route") + w.ip("-4", "-o", "addr") + w.ip("rule"))
	for _, dir := range []string{"/etc", w.dir} {
		entries, err := os.ReadDir(dir)
		w.must(err)
		for _, e := range entries {
			if e.Name() != "ezvpnd.lock" {
				fmt.Fprintln(&b, dir, e.Name(), e.Type())
			}
		}
	}
	resolv, err := os.ReadFile("/etc/resolv.conf")
	w.must(err)
	st, err := os.Stat("/etc/resolv.conf")
	w.must(err)
	fmt.Fprintf(&b, "%s%s\n", resolv, st.Mode())
	for _, name := range []string{"all", "default", "eth0", "lan0"} {
		v, err := os.ReadFile("/proc/sys/net/ipv4/conf/" + name + "/forwarding")
		w.must(err)
		fmt.Fprintf(&b, "%s forwards %s", name, v)
	}
	return b.String()
}
