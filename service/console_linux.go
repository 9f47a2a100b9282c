package service

import (
	"context"
	"strconv"
	"time"

	"github.com/godbus/dbus/v5"
)

const (
	login1     = "org.freedesktop.login1"
	loginSeat  = "/org/freedesktop/login1/seat/seat0"
	askConsole = time.Second
)

// atConsole asks logind who has the screen and the keyboard. Where there is no logind nobody sits at the machine.
func atConsole(uid string) bool {
	ctx, cancel := context.WithTimeout(context.Background(), askConsole)
	defer cancel()
	bus, err := dbus.ConnectSystemBus(dbus.WithContext(ctx))
	if err != nil {
		return false
	}
	defer bus.Close()
	var session struct {
		ID   string
		Path dbus.ObjectPath
	}
	if property(ctx, bus, loginSeat, login1+".Seat", "ActiveSession", &session) != nil || !session.Path.IsValid() {
		return false
	}
	var user struct {
		UID  uint32
		Path dbus.ObjectPath
	}
	if property(ctx, bus, session.Path, login1+".Session", "User", &user) != nil {
		return false
	}
	return strconv.FormatUint(uint64(user.UID), 10) == uid
}

func property(ctx context.Context, bus *dbus.Conn, path dbus.ObjectPath, iface, name string, v any) error {
	var value dbus.Variant
	err := bus.Object(login1, path).CallWithContext(ctx, "org.freedesktop.DBus.Properties.Get", 0, iface, name).Store(&value)
	if err != nil {
		return err
	}
	return value.Store(v)
}
