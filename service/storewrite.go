package service

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// replace puts data in the place of a file, or makes it: whole or not at all, whatever happens meanwhile. The owner and
// the rights of a file that was there stay; a new one is for its owner only. old is what the caller knows of the file:
// if it is another by now, nothing is written.
func replace(root *os.Root, name string, data []byte, old identity) error {
	beside := "." + name + ".new"
	err := put(root, beside, name, data, old)
	if err == nil {
		err = unchanged(root, name, old)
	}
	if err == nil {
		err = written(name, root.Rename(beside, name))
	}
	if err != nil {
		root.Remove(beside)
		return err
	}
	return syncDir(root)
}

// errWrite is a disk that is full, or a directory that the service may not write.
type errWrite struct{ error }

func (e errWrite) Unwrap() error { return e.error }

func written(name string, err error) error {
	if err == nil {
		return nil
	}
	return errWrite{reason(name, err)}
}

// put writes the new file beside the old one.
func put(root *os.Root, beside, name string, data []byte, old identity) error {
	if err := root.Remove(beside); err != nil && !errors.Is(err, fs.ErrNotExist) { // of one that did not come to its end
		return written(name, err)
	}
	f, err := root.OpenFile(beside, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return written(name, err)
	}
	err = fill(root, f, name, data, old)
	if cerr := f.Close(); err == nil {
		err = written(name, cerr)
	}
	return err
}

// fill writes the new file to the disk, with the rights of the old one.
func fill(root *os.Root, f *os.File, name string, data []byte, old identity) error {
	if old.info != nil {
		if err := keepRights(root, name, f, old.info); err != nil {
			return fmt.Errorf("keeping the owner and the rights of %s: %w", name, err)
		}
	}
	if _, err := f.Write(data); err != nil {
		return written(name, err)
	}
	return written(name, f.Sync())
}

// unchanged makes sure that the file is the one that the new content was made from.
func unchanged(root *os.Root, name string, old identity) error {
	st, err := root.Lstat(name)
	switch {
	case errors.Is(err, fs.ErrNotExist) && old.info == nil:
		return nil
	case err != nil:
		return reason(name, err)
	case old.info == nil:
		return fmt.Errorf("%s is there already", name)
	case !old.same(identify(st)):
		return fmt.Errorf("%s was changed meanwhile; try again", name)
	}
	return nil
}

// erase removes a file; one that is not there is no error.
func erase(root *os.Root, name string) error {
	if err := root.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return written(name, err)
	}
	return syncDir(root)
}
