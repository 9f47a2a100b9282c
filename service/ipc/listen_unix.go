//go:build linux || darwin

package ipc

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// Listen makes the socket. It is born closed to everybody (umask), and opened to all local users only when it is
// bound: who may do what is decided per verb, from the caller's identity. A socket that nobody answers any more is
// replaced; a daemon that answers is left alone.
//
// The umask belongs to the whole process for a moment: call it before other goroutines make files.
func Listen(path string) (net.Listener, error) {
	if err := makeDir(filepath.Dir(path)); err != nil {
		return nil, err
	}
	if err := removeStale(path); err != nil {
		return nil, err
	}
	old := syscall.Umask(0o177)
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	syscall.Umask(old)
	if err != nil {
		return nil, fmt.Errorf("listening on %s: %w", path, err)
	}
	if err := os.Chmod(path, 0o666); err != nil {
		l.Close()
		return nil, fmt.Errorf("opening %s to local users: %w", path, err)
	}
	return l, nil
}

// makeDir sees to a directory in which nobody else can put a socket in our place.
func makeDir(dir string) error {
	if err := os.Mkdir(dir, 0o755); err == nil {
		return os.Chmod(dir, 0o755) // whatever the umask is
	} else if !errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("making the directory of the socket: %w", err)
	}
	st, err := os.Stat(dir)
	if err != nil {
		return fmt.Errorf("looking at the directory of the socket: %w", err)
	}
	switch owner := int(st.Sys().(*syscall.Stat_t).Uid); {
	case !st.IsDir():
		return fmt.Errorf("%s is not a directory", dir)
	case owner != 0 && owner != os.Geteuid():
		return fmt.Errorf("%s belongs to user %d, who could replace the socket; give it to root", dir, owner)
	case st.Mode().Perm()&0o022 != 0 && st.Mode()&fs.ModeSticky == 0:
		return fmt.Errorf("%s can be written by others, who could replace the socket; chmod 755 it", dir)
	}
	return nil
}

func removeStale(path string) error {
	st, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("looking at the socket: %w", err)
	}
	if st.Mode()&fs.ModeSocket == 0 {
		return fmt.Errorf("%s exists and is not a socket; move it away", path)
	}
	c, err := net.DialTimeout("unix", path, 2*time.Second)
	if err == nil {
		c.Close()
		return fmt.Errorf("%w, and answers on %s; stop it first", ErrRunning, path)
	}
	if !errors.Is(err, syscall.ECONNREFUSED) {
		return fmt.Errorf("asking whether somebody answers on %s: %w", path, err)
	}
	if err := os.Remove(path); err != nil {
		return fmt.Errorf("removing the socket of an ended daemon: %w", err)
	}
	return nil
}
