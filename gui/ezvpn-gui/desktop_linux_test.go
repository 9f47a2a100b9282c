package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"ezvpn/assets"
	"ezvpn/client"
	"ezvpn/client/gateway"
	"ezvpn/service"
	"ezvpn/service/ipc"
	"ezvpn/tunnel"
	"ezvpn/tunnel/userspace"
)

// The tray under test is this test again.
func TestMain(m *testing.M) {
	if os.Getenv("EZVPN_TEST_TRAY") != "" {
		os.Args = append(os.Args[:1], "--socket", os.Getenv("EZVPN_TEST_TRAY"))
		main()
		return
	}
	os.Exit(m.Run())
}

// world is a service with two gateways on loopback, and the desktop of its user.
type world struct {
	t        *testing.T
	dir      string
	socket   string
	gateways []*gateway.Gateway
	stop     func()
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, dir: t.TempDir()}
	w.socket = filepath.Join(w.dir, "s")
	var peers []string
	for _, name := range []string{"gw1", "gw2"} {
		o, err := tunnel.ListenLoopback(0)
		must(t, err)
		n, err := gateway.NewNetwork(name)
		must(t, err)
		addr := netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), o.Port())
		g := gateway.Serve(gateway.Options{Policy: gateway.Demo(name), Addr: addr, NATT: o, Inside: n.Stack})
		t.Cleanup(func() { n.Close(); g.Close() })
		w.gateways = append(w.gateways, g)
		peers = append(peers, fmt.Sprintf("%q", addr))
	}
	must(t, os.MkdirAll(filepath.Join(w.dir, "profiles"), 0o700))
	must(t, os.WriteFile(filepath.Join(w.dir, "profiles", "office.toml"), []byte("peers = ["+strings.Join(peers, ", ")+"]\n[group]\nname = \"ezgroup\"\nkey = \"group-secret\"\n[xauth]\nusername = \"alice\"\n"+
		"[dpd]\ninterval = 10\nretry = 2\nmode = \"periodic\"\n"), 0o600))
	return w
}

// serve starts the service, with a userspace inside: nothing of the machine is changed.
func (w *world) serve() {
	w.t.Helper()
	log := slog.New(slog.NewTextHandler(io.Discard, nil))
	d, err := service.Open(service.Options{Profiles: filepath.Join(w.dir, "profiles"), State: filepath.Join(w.dir, "state"), Socket: w.socket, Log: log,
		Platform: client.Platform{ReopenInside: true,
			OpenOutside: func(uint16) (tunnel.Outside, error) { return tunnel.ListenLoopback(0) },
			OpenInside: func(c client.InsideConfig) (tunnel.Inside, error) {
				return userspace.New([]netip.Addr{c.Address}, c.DNS, c.MTU)
			},
			Resolve: func(ctx context.Context, n string) ([]netip.Addr, error) {
				return net.DefaultResolver.LookupNetIP(ctx, "ip4", n)
			}}})
	must(w.t, err)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := d.Run(ctx); err != nil {
			w.t.Error(err)
		}
	}()
	w.stop = func() { cancel(); <-done }
}

// tray starts the program under test.
func (w *world) tray(p *panel) *exec.Cmd {
	w.t.Helper()
	exe, err := os.Executable()
	must(w.t, err)
	c := exec.Command(exe)
	c.Env = append(slices.Clone(p.env), "EZVPN_TEST_TRAY="+w.socket, "GORACE=atexit_sleep_ms=0 exitcode=0 log_path="+filepath.Join(w.dir, "race"))
	c.Stderr = os.Stderr
	must(w.t, c.Start())
	w.t.Cleanup(func() { c.Process.Signal(syscall.SIGKILL) })
	return c
}

// races fails for every data race of the tray but those of the library that draws the menu, which counts its versions
// without a lock: a wrong count makes a panel ask again.
func (w *world) races() {
	w.t.Helper()
	files, err := filepath.Glob(filepath.Join(w.dir, "race.*"))
	must(w.t, err)
	for _, f := range files {
		b, err := os.ReadFile(f)
		must(w.t, err)
		for _, report := range strings.Split(string(b), "==================") {
			if strings.Contains(report, "ezvpn/") || strings.Contains(report, "DATA RACE") && !strings.Contains(report, "fyne.io/systray.refresh") {
				w.t.Error(report)
			}
		}
	}
}

// TestDesktop is a day of the tray on a real bus: the service is not there yet, comes, a connect with a question, the
// tunnel, a dead gateway and the failover, the panel and the service restarted, a second start, quit.
func TestDesktop(t *testing.T) {
	p, w := newPanel(t), newWorld(t)
	step := func(format string, args ...any) { t.Logf(format, args...) }
	c := w.tray(p)
	p.adopt()
	p.until("no service", func() bool { return p.has("No service") })
	p.until("a picture", func() bool { return !strings.HasPrefix(p.shape(), "no picture") })
	shapes := map[assets.State]string{assets.Blocked: p.shape()}
	step("the icon is there before the service, and says so: %q", p.labels()[0])

	w.serve()
	p.until("the service is heard", func() bool { return p.has("Not connected") && p.has("Connect") })
	shapes[assets.Off] = p.shape()
	step("the service answers: %q", p.labels())

	p.click("Connect")
	p.until("a question", func() bool { return p.has("Answer the gateway") })
	p.until("a notification of it", func() bool { return len(p.noticed()) == 1 })
	shapes[assets.Attention] = p.shape()
	step("clicked Connect; notified: %q", p.noticed()[0])

	cl := ipc.NewClient(w.socket)
	defer cl.Close()
	snap, err := cl.Status(t.Context())
	must(t, err)
	_, err = cl.Answer(t.Context(), ipc.Answer{ID: snap.Prompt.ID, Fields: ipc.Fields{"password": "alice-pw"}})
	must(t, err)
	p.until("connected", func() bool { return p.has("Connected") && p.has("Disconnect office") && p.has("Address 10.99.1.2") })
	p.until("a notification of it", func() bool { return len(p.noticed()) == 2 })
	shapes[assets.On] = p.shape()
	step("answered; the menu is %q", p.labels())

	w.gateways[0].Break(gateway.Silent, true)
	p.until("the failover begins", func() bool { return p.has("Changing gateways") || len(p.noticed()) > 2 })
	p.until("the second gateway asks", func() bool { return p.has("Answer the gateway") || p.has("Connected") })
	if snap, err = cl.Status(t.Context()); err == nil && snap.Prompt != nil {
		_, err = cl.Answer(t.Context(), ipc.Answer{ID: snap.Prompt.ID, Fields: ipc.Fields{"password": "alice-pw"}})
	}
	must(t, err)
	p.until("the failover is told", func() bool {
		return slices.ContainsFunc(p.noticed(), func(n string) bool { return strings.HasPrefix(n, "Gateway changed") })
	})
	step("gw1 fell silent: %q", p.noticed()[2:])

	_, err = p.bus.ReleaseName("org.kde.StatusNotifierWatcher")
	must(t, err)
	p.own("org.kde.StatusNotifierWatcher")
	p.adopt()
	p.until("the menu after the panel was restarted", func() bool { return p.has("Connected") })
	step("the panel was restarted, and the icon is there")

	w.stop()
	p.until("the service is gone", func() bool { return p.has("No service") })
	if got := p.shape(); got != shapes[assets.Blocked] {
		t.Errorf("icon %s, want that of before", got)
	}
	w.serve()
	p.until("the service is back", func() bool { return p.has("Not connected") })
	step("the service was restarted, and is heard again")

	again := w.tray(p)
	must(t, again.Wait())
	p.until("the window that a second start asks for", func() bool {
		return slices.ContainsFunc(p.noticed(), func(n string) bool { return strings.Contains(n, "ezvpn-window") })
	})
	step("a second start ended, and asked the first for its window: %q", p.noticed()[len(p.noticed())-1])

	p.click("Quit")
	ended := make(chan error, 1)
	go func() { ended <- c.Wait() }()
	select {
	case err := <-ended:
		must(t, err)
	case <-time.After(patience):
		t.Fatal("it does not quit")
	}
	w.stop()
	step("quit")
	w.races()
	seen := map[string]assets.State{}
	for s, shape := range shapes {
		if other, ok := seen[shape]; ok {
			t.Errorf("the icons of %s and %s are the same: %s", s, other, shape)
		}
		seen[shape] = s
	}
}

// TestNoPanel: where no panel shows icons, the window is opened instead, and a word says what is missing.
func TestNoPanel(t *testing.T) {
	p, w := newPanel(t), newWorld(t)
	_, err := p.bus.ReleaseName("org.kde.StatusNotifierWatcher")
	must(t, err)
	c := w.tray(p)
	said := func(what string) func() bool {
		return func() bool {
			return slices.ContainsFunc(p.noticed(), func(n string) bool { return strings.Contains(n, what) })
		}
	}
	p.until("a word about it", said("shows no icons in its panel"))
	p.until("the window, which is not beside this test", said("ezvpn-window"))
	must(t, c.Process.Signal(syscall.SIGTERM))
	must(t, c.Wait())
}
