//go:build linux || darwin

package service

import (
	"errors"
	"io/fs"
	"os"
)

// sealedBy says what keeps the secrets of this system: the rights of the file. What root can decrypt at each start
// without being asked is no safer encrypted; systemd credentials bind a secret to the machine's TPM where there is one.
const sealedBy = "a file that only root can read"

func protect(plain []byte, _ string) ([]byte, error)    { return plain, nil }
func unprotect(sealed []byte, _ string) ([]byte, error) { return sealed, nil }

// privateDir makes a directory that only its owner can use.
func privateDir(dir string) error {
	if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return nil
}
