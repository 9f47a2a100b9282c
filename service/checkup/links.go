package checkup

import (
	"errors"
	"net"
	"net/netip"
	"strconv"
	"syscall"

	"ezvpn/client/doctor"
)

// links are the interfaces that are up, but loopback.
func links() []doctor.Link {
	all, err := net.Interfaces()
	if err != nil {
		return nil
	}
	var out []doctor.Link
	for _, i := range all {
		if i.Flags&net.FlagUp == 0 || i.Flags&net.FlagLoopback != 0 {
			continue
		}
		l := doctor.Link{Name: i.Name, MTU: i.MTU}
		addrs, _ := i.Addrs()
		for _, a := range addrs {
			if p, err := netip.ParsePrefix(a.String()); err == nil {
				l.Networks = append(l.Networks, p)
			}
		}
		out = append(out, l)
	}
	return out
}

// held says why a local UDP port cannot be had. Who may not have it anyway cannot tell.
func held(port uint16) string {
	if port == 0 {
		return ""
	}
	c, err := net.ListenPacket("udp4", ":"+strconv.Itoa(int(port)))
	if err == nil {
		c.Close()
		return ""
	}
	if errors.Is(err, syscall.EADDRINUSE) {
		return "another program has it"
	}
	if errors.Is(err, syscall.EACCES) || errors.Is(err, syscall.EPERM) {
		return ""
	}
	return err.Error()
}
