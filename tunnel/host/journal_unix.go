//go:build unix

package host

import (
	"errors"
	"io/fs"
	"os"
	"syscall"
)

// private refuses a directory of another user, or one that others can enter.
func private(fi fs.FileInfo) error {
	st, ok := fi.Sys().(*syscall.Stat_t)
	if !ok || int(st.Uid) != os.Geteuid() {
		return errors.New("it belongs to another user")
	}
	if fi.Mode().Perm()&0o077 != 0 {
		return errors.New("others may enter it; set its mode to 0700")
	}
	return nil
}

// syncDir makes a rename in the directory last through a power failure.
func syncDir(root *os.Root) error {
	d, err := root.Open(".")
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
