package service

import (
	"fmt"
	"os"
	"unsafe"

	"golang.org/x/sys/windows"
)

// sealedBy says what keeps the secrets of this system.
const sealedBy = "DPAPI, for this machine"

// protect encrypts with a key that does not leave this machine. purpose must be given again to unprotect.
func protect(plain []byte, purpose string) ([]byte, error) {
	in, entropy, out := blob(plain), blob([]byte(purpose)), windows.DataBlob{}
	err := windows.CryptProtectData(in, nil, entropy, 0, nil, windows.CRYPTPROTECT_LOCAL_MACHINE|windows.CRYPTPROTECT_UI_FORBIDDEN, &out)
	if err != nil {
		return nil, fmt.Errorf("encrypting for this machine: %w", err)
	}
	return taken(&out), nil
}

func unprotect(sealed []byte, purpose string) ([]byte, error) {
	in, entropy, out := blob(sealed), blob([]byte(purpose)), windows.DataBlob{}
	err := windows.CryptUnprotectData(in, nil, entropy, 0, nil, windows.CRYPTPROTECT_UI_FORBIDDEN, &out)
	if err != nil {
		return nil, fmt.Errorf("decrypting what was encrypted for this machine: %w", err)
	}
	return taken(&out), nil
}

func blob(b []byte) *windows.DataBlob {
	if len(b) == 0 {
		return &windows.DataBlob{}
	}
	return &windows.DataBlob{Size: uint32(len(b)), Data: &b[0]}
}

// taken copies what the system allocated, and gives it back cleared.
func taken(out *windows.DataBlob) []byte {
	theirs := unsafe.Slice(out.Data, out.Size)
	b := append([]byte(nil), theirs...)
	clear(theirs)
	windows.LocalFree(windows.Handle(unsafe.Pointer(out.Data)))
	return b
}

// privateDir makes a directory that only SYSTEM and administrators can use.
func privateDir(dir string) error {
	sd, err := windows.SecurityDescriptorFromString("D:P(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)")
	if err != nil {
		return err
	}
	path, err := windows.UTF16PtrFromString(dir)
	if err != nil {
		return err
	}
	sa := &windows.SecurityAttributes{SecurityDescriptor: sd}
	sa.Length = uint32(unsafe.Sizeof(*sa))
	if err := windows.CreateDirectory(path, sa); err != nil && err != windows.ERROR_ALREADY_EXISTS {
		return &os.PathError{Op: "mkdir", Path: dir, Err: err}
	}
	return nil
}
