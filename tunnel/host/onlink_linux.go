package host

import (
	"fmt"
	"syscall"

	"golang.org/x/sys/unix"
)

// onLink keeps a socket on one link, whatever routes lead into the tunnel: SO_BINDTODEVICE, socket(7).
func onLink(link string) func(network, address string, c syscall.RawConn) error {
	if link == "" {
		return nil
	}
	return func(_, _ string, c syscall.RawConn) error {
		var err error
		if e := c.Control(func(fd uintptr) {
			err = unix.SetsockoptString(int(fd), unix.SOL_SOCKET, unix.SO_BINDTODEVICE, link)
		}); e != nil {
			err = e
		}
		if err != nil {
			return fmt.Errorf("keeping a socket on %s: %w", link, err)
		}
		return nil
	}
}
