//go:build linux || darwin

package service

import (
	"fmt"
	"io/fs"
	"os"
	"syscall"
)

// openQuick keeps the opening of a pipe that took a file's place from waiting for its other end.
const openQuick = syscall.O_NONBLOCK

// trusted says whether only root, or the account of the daemon, could have written the file; and whether nobody else
// may read it.
func trusted(f *os.File, st fs.FileInfo) (private bool, err error) {
	if err := ownedByUs(f.Name(), st); err != nil {
		return false, err
	}
	return st.Mode().Perm()&0o077 == 0, nil
}

func trustedDir(d *os.File) error {
	st, err := d.Stat()
	if err != nil {
		return err
	}
	return ownedByUs("it", st)
}

func ownedByUs(name string, st fs.FileInfo) error {
	if owner := int(st.Sys().(*syscall.Stat_t).Uid); owner != 0 && owner != os.Geteuid() {
		return fmt.Errorf("%s belongs to user %d, not to root; chown it to root", name, owner)
	}
	if st.Mode().Perm()&0o022 != 0 {
		return fmt.Errorf("%s can be written by others; chmod go-w it", name)
	}
	return nil
}

// keepRights gives a file that takes another's place its owner and rights.
func keepRights(_ *os.Root, _ string, f *os.File, old fs.FileInfo) error {
	want := old.Sys().(*syscall.Stat_t)
	now, err := f.Stat()
	if err != nil {
		return err
	}
	if have := now.Sys().(*syscall.Stat_t); have.Uid != want.Uid || have.Gid != want.Gid {
		if err := f.Chown(int(want.Uid), int(want.Gid)); err != nil {
			return reason(f.Name(), err)
		}
	}
	return f.Chmod(old.Mode().Perm())
}

// syncDir makes sure that the names in a directory are on the disk.
func syncDir(root *os.Root) error {
	d, err := root.Open(".")
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}
