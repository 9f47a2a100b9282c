//go:build linux || darwin

package ipc

import (
	"fmt"
	"net"
	"os"
	"os/user"
	"strconv"
)

// callerEarly says that the caller is known as soon as the connection is there.
const callerEarly = true

// Identify reads the peer's credentials, fixed by the kernel when it connected.
func Identify(c net.Conn) (Caller, error) {
	uid, gids, err := peerOf(c)
	if err != nil {
		return Caller{}, fmt.Errorf("reading the credentials of the caller: %w", err)
	}
	caller := Caller{User: strconv.FormatUint(uint64(uid), 10), Admin: uid == 0 || int(uid) == os.Geteuid()}
	for _, g := range gids {
		caller.Groups = append(caller.Groups, strconv.FormatUint(uint64(g), 10))
	}
	caller.Name = caller.User
	if u, err := user.LookupId(caller.User); err == nil {
		caller.Name = u.Username
	}
	return caller, nil
}

// checkServer makes sure that a daemon is at the other end before a password goes there: root, or whoever runs this.
func checkServer(c net.Conn) error {
	uid, _, err := peerOf(c)
	if err != nil {
		return fmt.Errorf("reading the credentials of the service: %w", err)
	}
	if uid != 0 && int(uid) != os.Geteuid() {
		return fmt.Errorf("the process that answers runs as user %d, not as root", uid)
	}
	return nil
}
