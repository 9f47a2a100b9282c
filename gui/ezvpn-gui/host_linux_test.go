package main

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"
	"github.com/godbus/dbus/v5/prop"
)

// patience is for one thing to happen on the bus; nothing here depends on how long it takes.
const patience = 60 * time.Second

// panel is a StatusNotifier host and a notification server on a bus of their own: the desktop, without a screen.
type panel struct {
	t    *testing.T
	bus  *dbus.Conn
	env  []string
	item dbus.BusObject
	menu dbus.BusObject

	registered chan [2]string
	moved      chan struct{} // something was signalled

	mu      sync.Mutex // guards below
	notices []string
}

// newPanel starts a bus, and stands on it.
func newPanel(t *testing.T) *panel {
	t.Helper()
	dir := t.TempDir()
	conf := filepath.Join(dir, "bus.conf")
	must(t, os.WriteFile(conf, []byte(`<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN" "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>session</type><listen>unix:path=`+filepath.Join(dir, "bus")+`</listen><auth>EXTERNAL</auth>
<policy context="default"><allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/><allow own="*"/></policy></busconfig>`), 0o600))
	c := exec.Command("dbus-daemon", "--config-file="+conf, "--nofork", "--print-address")
	out, err := c.StdoutPipe()
	must(t, err)
	must(t, c.Start())
	t.Cleanup(func() { c.Process.Kill(); c.Wait() })
	address, err := bufio.NewReader(out).ReadString('\n')
	must(t, err)
	address = strings.TrimSpace(address)
	bus, err := dbus.Connect(address)
	must(t, err)
	t.Cleanup(func() { bus.Close() })
	p := &panel{t: t, bus: bus, registered: make(chan [2]string, 8), moved: make(chan struct{}, 1),
		env: append(os.Environ(), "DBUS_SESSION_BUS_ADDRESS="+address, "XDG_RUNTIME_DIR="+dir, "LANG=C", "LC_ALL=C")}
	must(t, bus.Export(p, "/StatusNotifierWatcher", "org.kde.StatusNotifierWatcher"))
	_, err = prop.Export(bus, "/StatusNotifierWatcher", prop.Map{"org.kde.StatusNotifierWatcher": {
		"IsStatusNotifierHostRegistered": {Value: true, Emit: prop.EmitTrue}, "ProtocolVersion": {Value: int32(0), Emit: prop.EmitTrue},
		"RegisteredStatusNotifierItems": {Value: []string{}, Emit: prop.EmitTrue}}})
	must(t, err)
	must(t, bus.Export(notifications{p}, "/org/freedesktop/Notifications", "org.freedesktop.Notifications"))
	p.own("org.kde.StatusNotifierWatcher")
	p.own("org.freedesktop.Notifications")
	return p
}

func (p *panel) own(name string) {
	p.t.Helper()
	if r, err := p.bus.RequestName(name, dbus.NameFlagDoNotQueue); err != nil || r != dbus.RequestNameReplyPrimaryOwner {
		p.t.Fatal(name, r, err)
	}
}

// RegisterStatusNotifierItem is called by who wants an icon.
func (p *panel) RegisterStatusNotifierItem(s string, sender dbus.Sender) *dbus.Error {
	bus, path := s, "/StatusNotifierItem"
	if strings.HasPrefix(s, "/") {
		bus, path = string(sender), s
	}
	p.registered <- [2]string{bus, path}
	return nil
}

// RegisterStatusNotifierHost is part of the interface.
func (p *panel) RegisterStatusNotifierHost(string) *dbus.Error { return nil }

// notifications is the notification server.
type notifications struct{ p *panel }

// Notify keeps what is shown.
func (n notifications) Notify(_ string, _ uint32, _, title, body string, _ []string, _ map[string]dbus.Variant, _ int32) (uint32, *dbus.Error) {
	n.p.mu.Lock()
	defer n.p.mu.Unlock()
	n.p.notices = append(n.p.notices, title+": "+body)
	n.p.wake()
	return uint32(len(n.p.notices)), nil
}

func (p *panel) wake() {
	select {
	case p.moved <- struct{}{}:
	default:
	}
}

// adopt waits for an icon, and listens to it.
func (p *panel) adopt() {
	p.t.Helper()
	select {
	case r := <-p.registered:
		p.item = p.bus.Object(r[0], dbus.ObjectPath(r[1]))
		must(p.t, p.bus.AddMatchSignal(dbus.WithMatchSender(r[0])))
	case <-time.After(patience):
		p.t.Fatal("no icon came")
	}
	v, err := p.item.GetProperty("org.kde.StatusNotifierItem.Menu")
	must(p.t, err)
	p.menu = p.bus.Object(p.item.Destination(), v.Value().(dbus.ObjectPath))
	signals := make(chan *dbus.Signal, 64)
	p.bus.Signal(signals)
	go func() {
		for range signals {
			p.wake()
		}
	}()
}

// until waits until something holds, looking whenever the bus moved.
func (p *panel) until(what string, holds func() bool) {
	p.t.Helper()
	end := time.After(patience)
	for !holds() {
		select {
		case <-p.moved:
		case <-time.After(100 * time.Millisecond): // a signal that came before
		case <-end:
			if p.menu == nil {
				p.t.Fatalf("not within %v: %s\nnotices: %q", patience, what, p.noticed())
			}
			p.t.Fatalf("not within %v: %s\nmenu: %q\nnotices: %q\nicon %s", patience, what, p.labels(), p.noticed(), p.shape())
		}
	}
}

func (p *panel) noticed() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]string(nil), p.notices...)
}

type node struct {
	ID    int32
	Props map[string]dbus.Variant
	Kids  []dbus.Variant
}

// rows are those of the menu as it is now.
func (p *panel) rows() []node {
	var revision uint32
	var root node
	if p.menu.Call("com.canonical.dbusmenu.GetLayout", 0, int32(0), int32(-1), []string{}).Store(&revision, &root) != nil {
		return nil
	}
	var out []node
	for _, k := range root.Kids {
		var n node
		if dbus.Store([]any{k.Value()}, &n) == nil {
			out = append(out, n)
		}
	}
	return out
}

func label(n node) string {
	s, _ := n.Props["label"].Value().(string)
	return strings.ReplaceAll(s, "__", "_")
}

func (p *panel) labels() (out []string) {
	for _, n := range p.rows() {
		out = append(out, label(n))
	}
	return out
}

// has says whether a row begins so.
func (p *panel) has(text string) bool {
	for _, l := range p.labels() {
		if strings.HasPrefix(l, text) {
			return true
		}
	}
	return false
}

func (p *panel) click(text string) {
	p.t.Helper()
	for _, n := range p.rows() {
		if strings.HasPrefix(label(n), text) {
			must(p.t, p.menu.Call("com.canonical.dbusmenu.Event", 0, n.ID, "clicked", dbus.MakeVariant(int32(0)), uint32(0)).Err)
			return
		}
	}
	p.t.Fatalf("no row %q in %q", text, p.labels())
}

type pixmap struct {
	W, H int32
	Data []byte
}

// shape tells the icons apart by what is drawn: how much of the picture is covered, and its middle.
func (p *panel) shape() string {
	v, err := p.item.GetProperty("org.kde.StatusNotifierItem.IconPixmap")
	if err != nil {
		return err.Error()
	}
	var m []pixmap
	if err := dbus.Store([]any{v.Value()}, &m); err != nil || len(m) == 0 {
		return fmt.Sprint("no picture: ", err)
	}
	covered := 0
	for i := 0; i+3 < len(m[0].Data); i += 4 {
		if m[0].Data[i] > 127 {
			covered++
		}
	}
	n := int(m[0].W * m[0].H)
	if n == 0 || len(m[0].Data) < 4*n {
		return "no picture yet"
	}
	mid := binary.BigEndian.Uint32(m[0].Data[4*(int(m[0].H/2)*int(m[0].W)+int(m[0].W/2)):])
	return fmt.Sprintf("%d%% %08x", 100*covered/n, mid)
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
