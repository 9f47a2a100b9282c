package tray

import "github.com/godbus/dbus/v5"

// Hosted says whether the panel shows icons: whether somebody watches for them. GNOME does so with an extension only.
func Hosted() bool {
	bus, err := dbus.SessionBus()
	if err != nil {
		return false
	}
	var owned bool
	err = bus.BusObject().Call("org.freedesktop.DBus.NameHasOwner", 0, "org.kde.StatusNotifierWatcher").Store(&owned)
	return err == nil && owned
}
