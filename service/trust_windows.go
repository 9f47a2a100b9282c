package service

import (
	"fmt"
	"io/fs"
	"os"
	"unsafe"

	"golang.org/x/sys/windows"
)

const (
	mayWrite = windows.GENERIC_ALL | windows.GENERIC_WRITE | windows.WRITE_DAC | windows.WRITE_OWNER | windows.DELETE |
		windows.FILE_WRITE_DATA | windows.FILE_APPEND_DATA | windows.FILE_WRITE_ATTRIBUTES | windows.FILE_WRITE_EA
	mayRead = windows.GENERIC_ALL | windows.GENERIC_READ | windows.FILE_READ_DATA
)

// openQuick is nothing here: opening a file does not wait.
const openQuick = 0

// trusted says whether only SYSTEM and administrators could have written the file; and whether nobody else may read
// it.
func trusted(f *os.File, _ fs.FileInfo) (private bool, err error) {
	return readACL(f)
}

func trustedDir(d *os.File) error {
	_, err := readACL(d)
	return err
}

func readACL(f *os.File) (private bool, err error) {
	sd, err := windows.GetSecurityInfo(windows.Handle(f.Fd()), windows.SE_FILE_OBJECT,
		windows.OWNER_SECURITY_INFORMATION|windows.DACL_SECURITY_INFORMATION)
	if err != nil {
		return false, fmt.Errorf("reading who may change %s: %w", f.Name(), err)
	}
	owner, _, err := sd.Owner()
	if err != nil {
		return false, fmt.Errorf("reading the owner of %s: %w", f.Name(), err)
	}
	if !systemOrAdmin(owner) {
		return false, fmt.Errorf("%s does not belong to the administrators; give it to them", f.Name())
	}
	dacl, _, err := sd.DACL()
	if err != nil || dacl == nil {
		return false, fmt.Errorf("%s has no access list, so anybody may change it", f.Name())
	}
	private = true
	for i := range uint32(dacl.AceCount) {
		var ace *windows.ACCESS_ALLOWED_ACE
		if err := windows.GetAce(dacl, i, &ace); err != nil {
			return false, fmt.Errorf("reading the access list of %s: %w", f.Name(), err)
		}
		if ace.Header.AceType != windows.ACCESS_ALLOWED_ACE_TYPE || ace.Header.AceFlags&windows.INHERIT_ONLY_ACE != 0 ||
			systemOrAdmin((*windows.SID)(unsafe.Pointer(&ace.SidStart))) {
			continue
		}
		if ace.Mask&mayWrite != 0 {
			return false, fmt.Errorf("%s can be written by others than administrators; take that right away", f.Name())
		}
		private = private && ace.Mask&mayRead == 0
	}
	return private, nil
}

func systemOrAdmin(s *windows.SID) bool {
	return s.IsWellKnown(windows.WinLocalSystemSid) || s.IsWellKnown(windows.WinBuiltinAdministratorsSid)
}

// keepRights gives a file that takes another's place its owner and access list.
func keepRights(root *os.Root, name string, f *os.File, _ fs.FileInfo) error {
	old, err := root.Open(name)
	if err != nil {
		return err
	}
	defer old.Close()
	const what = windows.OWNER_SECURITY_INFORMATION | windows.DACL_SECURITY_INFORMATION
	sd, err := windows.GetSecurityInfo(windows.Handle(old.Fd()), windows.SE_FILE_OBJECT, what)
	if err != nil {
		return err
	}
	owner, _, err := sd.Owner()
	if err != nil {
		return err
	}
	dacl, _, err := sd.DACL()
	if err != nil {
		return err
	}
	return windows.SetNamedSecurityInfo(f.Name(), windows.SE_FILE_OBJECT, what, owner, nil, dacl, nil)
}

// syncDir is nothing here: the file system keeps the order of names and content itself.
func syncDir(*os.Root) error { return nil }
