package host

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// resolvTemp stands beside resolv.conf while it is replaced.
const resolvTemp = ".resolv.conf.ezvpn"

const resolvLimit = 1 << 20 // bytes; a file this size is not a resolv.conf

// fileBackup is resolv.conf as it was, and as it was written over it.
type fileBackup struct {
	Absent bool        `json:"absent,omitzero"`
	Target string      `json:"target,omitzero"` // of a symbolic link
	Was    []byte      `json:"was,omitempty"`
	Mode   fs.FileMode `json:"mode"`
	Wrote  []byte      `json:"wrote"`
	Before []byte      `json:"before,omitempty"` // what stood there of ours until Wrote took its place
}

// resolvFile carries name service by writing the file at path.
type resolvFile struct{ path string }

func (f resolvFile) carrier() carrier { return carrier{prepare: f.prepare, set: f.set, clear: f.clear} }

// read gives the file as it stands; Wrote stays empty.
func (f resolvFile) read() (fileBackup, error) {
	fi, err := os.Lstat(f.path)
	if errors.Is(err, fs.ErrNotExist) {
		return fileBackup{Absent: true, Mode: 0o644}, nil
	}
	if err != nil {
		return fileBackup{}, err
	}
	b := fileBackup{Mode: fi.Mode().Perm()}
	if fi.Mode()&fs.ModeSymlink != 0 {
		b.Mode = 0o644
		if b.Target, err = os.Readlink(f.path); err != nil {
			return fileBackup{}, err
		}
	} else if !fi.Mode().IsRegular() || fi.Size() > resolvLimit {
		return fileBackup{}, fmt.Errorf("%s is not a plain file of ordinary size", f.path)
	}
	b.Was, err = os.ReadFile(f.path)
	if b.Target != "" && err != nil {
		err = nil // a link to nowhere names no servers, and can be restored all the same
	}
	return b, err
}

// prepare keeps the former file. If another program wrote the file since, that is the one to bring back.
func (f resolvFile) prepare(r dnsRecord, prior *dnsRecord) (dnsRecord, error) {
	now, err := f.read()
	if err != nil {
		return r, fmt.Errorf("read %s: %w", f.path, err)
	}
	if prior != nil && prior.File != nil && prior.File.ours(now) {
		before := prior.File.Wrote
		now = *prior.File
		now.Before = before
	}
	now.Wrote = renderFile(r.DNS, now.Was)
	r.File = &now
	return r, nil
}

// ours is true for what was written, and for a part of it or of the restored file, as a crash leaves where the file
// has to be written in place.
func (b fileBackup) ours(now fileBackup) bool {
	if now.Absent || now.Target != "" {
		return false
	}
	for _, full := range [][]byte{b.Wrote, b.Before} {
		if len(full) > 0 && bytes.HasPrefix(full, now.Was) {
			return true
		}
	}
	return b.Target == "" && !b.Absent && len(now.Was) < len(b.Was) && bytes.HasPrefix(b.Was, now.Was)
}

func (f resolvFile) set(r dnsRecord) error {
	now, err := f.read()
	if err != nil {
		return err
	}
	if now.Target == "" && !now.Absent && bytes.Equal(now.Was, r.File.Wrote) {
		return nil
	}
	if err := f.write(r.File.Wrote, r.File.Mode, now.Target != ""); err != nil {
		return fmt.Errorf("write %s: %w", f.path, err)
	}
	return nil
}

// clear brings the former file back if the present one is still ours.
func (f resolvFile) clear(r dnsRecord) (string, error) {
	os.Remove(filepath.Join(filepath.Dir(f.path), resolvTemp)) // which a crash may have left
	now, err := f.read()
	if err != nil {
		return "", err
	}
	was := r.File
	if !was.ours(now) {
		if now.Absent == was.Absent && now.Target == was.Target && (was.Target != "" || bytes.Equal(now.Was, was.Was)) {
			return "", nil
		}
		return fmt.Sprintf("%s was changed by another program while the tunnel was up; it is left as it is", f.path), nil
	}
	switch {
	case was.Absent:
		err = os.Remove(f.path)
	case was.Target != "":
		err = f.relink(was.Target)
	default:
		err = f.write(was.Was, was.Mode, false)
	}
	if err != nil {
		return "", fmt.Errorf("restore %s: %w", f.path, err)
	}
	return "", nil
}

// write replaces the file in one step, or writes in place where it cannot be renamed over: containers mount it.
func (f resolvFile) write(b []byte, mode fs.FileMode, isLink bool) error {
	root, err := os.OpenRoot(filepath.Dir(f.path))
	if err != nil {
		return err
	}
	defer root.Close()
	renamed := replaceFile(root, filepath.Base(f.path), resolvTemp, b, mode)
	if renamed == nil || isLink {
		return renamed
	}
	file, err := os.OpenFile(f.path, os.O_WRONLY|os.O_TRUNC, 0)
	if err != nil {
		return errors.Join(renamed, err)
	}
	_, err = file.Write(b)
	return errors.Join(err, file.Sync(), file.Close())
}

func (f resolvFile) relink(target string) error {
	temp := filepath.Join(filepath.Dir(f.path), resolvTemp)
	if err := os.Remove(temp); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := os.Symlink(target, temp); err != nil {
		return err
	}
	return os.Rename(temp, f.path)
}
