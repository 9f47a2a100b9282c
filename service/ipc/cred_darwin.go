package ipc

import (
	"errors"
	"net"
	"syscall"

	"golang.org/x/sys/unix"
)

// peerOf reads LOCAL_PEERCRED, unix(4): the effective user and up to 16 groups.
func peerOf(c net.Conn) (uid uint32, gids []uint32, err error) {
	sc, ok := c.(syscall.Conn)
	if !ok {
		return 0, nil, errors.New("not a unix socket")
	}
	raw, err := sc.SyscallConn()
	if err != nil {
		return 0, nil, err
	}
	if cerr := raw.Control(func(fd uintptr) {
		var cred *unix.Xucred
		if cred, err = unix.GetsockoptXucred(int(fd), unix.SOL_LOCAL, unix.LOCAL_PEERCRED); err != nil {
			return
		}
		uid = cred.Uid
		gids = append(gids, cred.Groups[:min(max(int(cred.Ngroups), 0), len(cred.Groups))]...)
	}); cerr != nil {
		return 0, nil, cerr
	}
	return uid, gids, err
}
