package ipc

import (
	"errors"
	"net"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// maxGroups is NGROUPS_MAX of Linux.
const maxGroups = 65536

// peerOf reads SO_PEERCRED and SO_PEERGROUPS, unix(7).
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
		var cred *unix.Ucred
		if cred, err = unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED); err != nil {
			return
		}
		uid = cred.Uid
		gids = append([]uint32{cred.Gid}, peerGroups(fd)...)
	}); cerr != nil {
		return 0, nil, cerr
	}
	return uid, gids, err
}

// peerGroups is the supplementary groups; a kernel without the option (before 4.13) gives none.
func peerGroups(fd uintptr) []uint32 {
	gids := make([]uint32, 64)
	for {
		size := uint32(len(gids) * 4)
		_, _, errno := unix.Syscall6(unix.SYS_GETSOCKOPT, fd, unix.SOL_SOCKET, unix.SO_PEERGROUPS,
			uintptr(unsafe.Pointer(&gids[0])), uintptr(unsafe.Pointer(&size)), 0)
		switch {
		case errno == 0:
			return gids[:min(int(size/4), len(gids))]
		case errno == unix.ERANGE && len(gids) < maxGroups:
			gids = make([]uint32, maxGroups)
		default:
			return nil
		}
	}
}
