package tray

import (
	"context"
	"html"
	"sync"
	"time"

	"github.com/godbus/dbus/v5"

	"ezvpn/gui/view"
)

// Notifier shows notifications by org.freedesktop.Notifications. One of a kind takes the place of the one before.
type Notifier struct {
	mu    sync.Mutex // guards below
	shown map[view.Kind]uint32
}

const notifyTime = 5 * time.Second

// Show does nothing where there is nobody to show it.
func (n *Notifier) Show(x view.Notice) {
	n.mu.Lock()
	defer n.mu.Unlock()
	bus, err := dbus.SessionBus()
	if err != nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), notifyTime)
	defer cancel()
	var id uint32
	err = bus.Object("org.freedesktop.Notifications", "/org/freedesktop/Notifications").CallWithContext(ctx, "org.freedesktop.Notifications.Notify", 0,
		"ezvpn", n.shown[x.Kind], "network-vpn", x.Title, html.EscapeString(x.Body), []string{}, map[string]dbus.Variant{"desktop-entry": dbus.MakeVariant("ezvpn")}, int32(-1)).Store(&id)
	if err != nil {
		return
	}
	if n.shown == nil {
		n.shown = map[view.Kind]uint32{}
	}
	n.shown[x.Kind] = id
}
