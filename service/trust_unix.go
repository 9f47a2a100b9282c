//go:build linux || darwin

package service

import (
	"fmt"
	"io/fs"
	"os"
	"syscall"
)

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
