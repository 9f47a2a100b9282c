package host

import (
	"errors"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestSplitTunnel(t *testing.T) {
	m := laptop(t)
	before := m.state()
	m.plug("ezvpn0")
	h := machineOf(m, t.TempDir()+"/state")
	must(t, h.Apply(splitConfig()))
	for to, want := range map[string]string{
		"10.1.2.3": "ezvpn0", "203.0.113.1": "wlan0", "203.0.113.2": "ezvpn0", "198.18.0.53": "ezvpn0", "198.18.0.54": "wlan0", "1.1.1.1": "wlan0",
	} {
		if got := m.carries(to); got != want {
			t.Errorf("packet to %s goes to %q, want %q", to, got, want)
		}
	}
	if h.DNSBy() != byFile || !strings.Contains(h.Describe(), "cannot split") {
		t.Errorf("name service by %q: %s", h.DNSBy(), h.Describe())
	}
	up, steps := m.state(), m.steps
	must(t, h.Apply(splitConfig()))
	if m.state() != up {
		t.Errorf("second Apply changed\n%s\nto\n%s", up, m.state())
	}
	if m.steps != steps+1 {
		t.Errorf("second Apply took %d steps, want the name service alone", m.steps-steps)
	}
	for range 2 {
		must(t, h.Revert())
		if m.state() != before {
			t.Fatalf("after Revert\n%s\nwant\n%s", m.state(), before)
		}
	}
	if _, err := os.Stat(filepath.Join(h.journal.dir, journalName)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a journal is left after Revert: %v", err)
	}
	if h.DNSBy() != "" {
		t.Errorf("name service by %q after Revert", h.DNSBy())
	}
}

func TestFullTunnelKeepsTheDefaultRoute(t *testing.T) {
	m := laptop(t)
	m.plug("ezvpn0")
	before := m.state()
	h := machineOf(m, t.TempDir()+"/state")
	must(t, h.Apply(fullConfig()))
	for to, want := range map[string]string{"1.1.1.1": "ezvpn0", "223.5.5.5": "ezvpn0", "203.0.113.1": "wlan0",
		"192.168.1.1": "wlan0", "2001:db8::1": "unreachable", "fec0::1": "unreachable"} {
		if got := m.carries(to); got != want {
			t.Errorf("packet to %s goes to %q, want %q", to, got, want)
		}
	}
	if _, ok := m.routesView().holder(prefix("0.0.0.0/0"), 600); !ok {
		t.Error("the default route is gone")
	}
	must(t, h.Revert())
	if m.state() != before {
		t.Errorf("after Revert\n%s\nwant\n%s", m.state(), before)
	}
}

func (m *model) routesView() MachineView { v, _ := m.view(); return v }

// Between any two steps of a change of gateway and device, inside networks go into a tunnel or nowhere, and each
// gateway that both configurations know stays reachable.
func TestFailoverWithoutAHole(t *testing.T) {
	m := laptop(t)
	m.plug("ezvpn0")
	m.plug("ezvpn1")
	before := m.state()
	h := machineOf(m, t.TempDir()+"/state")
	c := fullConfig()
	c.Routes = append(c.Routes, prefix("10.0.0.0/8"))
	must(t, h.Apply(c))
	next := c
	next.Interface = "ezvpn1"
	next.Addresses = []netip.Prefix{prefix("10.9.0.77/32")}
	next.Gateways = []netip.Addr{addr("203.0.113.1"), addr("198.51.100.1")}
	next.Routes = []netip.Prefix{prefix("0.0.0.0/0"), prefix("172.20.0.0/16")}
	m.after = func() {
		for _, to := range []string{"10.1.2.3", "1.1.1.1", "200.1.1.1"} {
			if at := m.carries(to); at != "ezvpn0" && at != "ezvpn1" {
				t.Errorf("a hole: packet to %s goes to %q", to, at)
			}
		}
		if at := m.carries("203.0.113.1"); at != "wlan0" {
			t.Errorf("the gateway is reached by %q", at)
		}
	}
	must(t, h.Apply(next))
	m.after = nil
	for _, r := range m.routes {
		if r.Link == "ezvpn0" {
			t.Errorf("left on the old device: %v", r)
		}
	}
	if at := m.carries("198.51.100.1"); at != "wlan0" {
		t.Errorf("the new gateway is reached by %q", at)
	}
	must(t, h.Revert())
	if m.state() != before {
		t.Errorf("after Revert\n%s\nwant\n%s", m.state(), before)
	}
}

func TestRoamingRefreshesTheWayToTheGateway(t *testing.T) {
	m := laptop(t)
	m.plug("ezvpn0")
	h := machineOf(m, t.TempDir()+"/state")
	must(t, h.Apply(fullConfig()))
	m.unplug("wlan0")
	must(t, h.Apply(fullConfig()))
	if at := m.carries("203.0.113.1"); at != "unreachable" {
		t.Errorf("without an outside link the gateway is reached by %q, which would loop", at)
	}
	if n := strings.Join(h.Notes(), "\n"); !strings.Contains(n, "gateway 203.0.113.1 cannot be reached") {
		t.Errorf("notes: %s", n)
	}
	m.plug("wwan0")
	m.routes = append(m.routes, SeenRoute{Route: Route{Dst: prefix("0.0.0.0/0"), Via: addr("100.64.0.1"), Link: "wwan0", Metric: 700}})
	roamed := m.state()
	must(t, h.Apply(fullConfig()))
	if r, ok := m.routesView().holder(prefix("203.0.113.1/32"), 0); !ok || r.Via != addr("100.64.0.1") {
		t.Errorf("way to the gateway %v after roaming", r)
	}
	must(t, h.Revert())
	if strings.Contains(m.state(), "203.0.113.1") || !strings.Contains(roamed, "wwan0") {
		t.Errorf("after Revert\n%s", m.state())
	}
}

func TestUsersIdenticalRouteStays(t *testing.T) {
	for _, marks := range []bool{true, false} {
		m := laptop(t)
		m.marks = marks
		m.plug("ezvpn0")
		m.routes = append(m.routes, SeenRoute{Route: Route{Dst: prefix("203.0.113.1/32"), Via: addr("192.168.1.1"), Link: "wlan0"}},
			SeenRoute{Route: Route{Dst: prefix("10.0.0.0/8"), Link: "ezvpn0"}})
		before := m.state()
		h := machineOf(m, t.TempDir()+"/state")
		must(t, h.Apply(splitConfig()))
		must(t, h.Apply(splitConfig()))
		must(t, h.Revert())
		if m.state() != before {
			t.Errorf("marks %v: after Revert\n%s\nwant\n%s", marks, m.state(), before)
		}
	}
}

// A process that dies before or after any step of Apply, of a second Apply, or of Revert leaves a machine that the
// next process puts back whole, with the device still there or gone.
func TestDeathAtEveryStep(t *testing.T) {
	for _, marks := range []bool{true, false} {
		for n := 1; ; n++ {
			if alive := dieAt(t, n, marks); alive {
				if n < 20 {
					t.Fatalf("the whole run took %d steps only", n)
				}
				break
			}
			dieAt(t, -n, marks)
		}
	}
}

func dieAt(t *testing.T, step int, marks bool) (alive bool) {
	m := laptop(t)
	m.marks = marks
	before := m.state()
	m.plug("ezvpn0")
	m.plug("ezvpn1")
	dir := t.TempDir() + "/state"
	m.crash = step
	func() {
		defer func() {
			if r := recover(); r != nil && r != (died{}) {
				panic(r)
			}
		}()
		h := machineOf(m, dir)
		first := fullConfig()
		first.Forward = prefixes("192.168.1.0/24")
		must(t, h.Apply(first))
		c := splitConfig()
		c.Interface, c.Gateways = "ezvpn1", []netip.Addr{addr("10.200.0.1")}
		c.Forward = prefixes("172.16.9.0/24", "192.168.1.0/24")
		must(t, h.Apply(c))
		must(t, h.Revert())
		alive = true
	}()
	m.crash = 0
	if step%2 == 0 {
		m.unplug("ezvpn0")
		m.unplug("ezvpn1")
	}
	must(t, machineOf(m, dir).Revert())
	if m.state() != before {
		t.Fatalf("died at step %d: after Revert\n%s\nwant\n%s", step, m.state(), before)
	}
	return alive
}

func TestCorruptJournalIsKeptAside(t *testing.T) {
	for name, content := range map[string]string{
		"not JSON": "{", "empty": "", "version": `{"version":99}`, "route": `{"version":1,"made":{"routes":[{"dst":"","metric":0}]}}`,
		"forwarding": `{"version":1,"made":{"forwarding":[{"link":"../../../kernel"}]}}`,
		"mechanism":  `{"version":1,"made":{"dns":[{"by":"rm -rf","link":"x"}]}}`,
		"no backup":  `{"version":1,"made":{"dns":[{"by":"resolv.conf","link":"x"}]}}`,
	} {
		t.Run(name, func(t *testing.T) {
			m := laptop(t)
			m.plug("ezvpn0")
			c := splitConfig()
			c.DNS = DNS{}
			before := m.state()
			h := machineOf(m, t.TempDir()+"/state")
			must(t, h.Apply(c))
			must(t, os.WriteFile(filepath.Join(h.journal.dir, journalName), []byte(content), 0o600))
			err := h.Revert()
			if _, ok := errors.AsType[*CorruptError](err); !ok {
				t.Fatalf("Revert with a corrupt journal: %v", err)
			}
			kept, err := os.ReadFile(filepath.Join(h.journal.dir, corruptName))
			if err != nil || string(kept) != content {
				t.Errorf("kept %q, %v", kept, err)
			}
			m.unplug("ezvpn0") // with it goes its address, which bears no mark
			if m.state() != before {
				t.Errorf("after Revert by the mark\n%s\nwant\n%s", m.state(), before)
			}
			must(t, h.Revert())
		})
	}
}

func TestNothingChangesWithoutAJournal(t *testing.T) {
	m := laptop(t)
	m.plug("ezvpn0")
	before := m.state()
	dir := t.TempDir()
	must(t, os.WriteFile(dir+"/state", nil, 0o600)) // a file where the directory should be
	if err := machineOf(m, dir+"/state").Apply(splitConfig()); err == nil {
		t.Error("Apply without a place for the journal succeeded")
	}
	must(t, os.Symlink(dir, dir+"/link"))
	if err := machineOf(m, dir+"/link").Apply(splitConfig()); err == nil {
		t.Error("Apply with a journal behind a link succeeded")
	}
	if m.state() != before || m.steps != 0 {
		t.Errorf("the machine changed to\n%s", m.state())
	}
}

func TestUnsupportedSystem(t *testing.T) {
	h := &Machine{sys: system{view: func() (MachineView, error) { return MachineView{}, ErrUnsupported }}, journal: journal{t.TempDir() + "/state"}}
	if err := h.Apply(splitConfig()); !errors.Is(err, ErrUnsupported) {
		t.Errorf("Apply: %v", err)
	}
	must(t, h.Revert())
}

// A step that fails during Revert stays in the journal, and the others are undone.
func TestRevertGoesOnPastAFailure(t *testing.T) {
	m := laptop(t)
	before := m.state()
	m.plug("ezvpn0")
	dir := t.TempDir() + "/state"
	must(t, machineOf(m, dir).Apply(splitConfig()))
	stuck := machineOf(m, dir)
	do := stuck.sys.do
	stuck.sys.do = func(s step) error {
		if s.Op == opDelRoute && s.Route.Link == "wlan0" {
			return errors.New("busy")
		}
		return do(s)
	}
	if err := stuck.Revert(); err == nil {
		t.Fatal("Revert reports success")
	}
	if !strings.Contains(m.state(), "203.0.113.1/32") || strings.Contains(m.state(), "10.0.0.0/8") {
		t.Errorf("after the stuck Revert\n%s", m.state())
	}
	must(t, machineOf(m, dir).Revert())
	if m.state() != before {
		t.Errorf("after Revert\n%s\nwant\n%s", m.state(), before)
	}
}
