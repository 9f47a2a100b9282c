package service

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"ezvpn/client/profile"
)

const (
	maxProfile = 64 << 10 // bytes of one profile
	maxKey     = 1 << 10  // bytes of a file that holds one secret
)

// content is one reading of a file.
type content struct {
	data    []byte
	private bool // nobody but its owner may read it
	id      identity
}

// identity tells one state of a file from the next without reading it.
type identity struct {
	info    fs.FileInfo
	changed time.Time
}

func identify(st fs.FileInfo) identity { return identity{st, changedAt(st)} }

func (a identity) same(b identity) bool {
	return a.info != nil && b.info != nil && os.SameFile(a.info, b.info) && a.info.Size() == b.info.Size() &&
		a.info.Mode() == b.info.Mode() && a.info.ModTime().Equal(b.info.ModTime()) && a.changed.Equal(b.changed)
}

// grain is how coarse the times of a file may be: one that changed less than this before it was read can have changed
// again since without a trace.
const grain = time.Second

// settled says that a later change would show in the identity.
func (a identity) settled(read time.Time) bool {
	newest := a.info.ModTime()
	if a.changed.After(newest) {
		newest = a.changed
	}
	return read.Sub(newest) > grain || newest.Sub(read) > grain
}

// readTrusted reads a regular file that only root could have written: it is looked at, opened, held against what was
// looked at, and read once.
func readTrusted(root *os.Root, name string, limit int64) (c content, err error) {
	before, err := root.Lstat(name)
	if err != nil {
		return c, reason(name, err)
	}
	if !before.Mode().IsRegular() {
		return c, fmt.Errorf("%s is not a regular file (links are not followed); put the file itself there", name)
	}
	f, err := root.OpenFile(name, os.O_RDONLY|openQuick, 0)
	if err != nil {
		return c, reason(name, err)
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil {
		return c, reason(name, err)
	}
	if !os.SameFile(before, st) || !st.Mode().IsRegular() {
		return c, fmt.Errorf("%s was replaced while it was opened; try again", name)
	}
	c.id = identify(st)
	if c.private, err = trusted(f, st); err != nil {
		return c, err
	}
	if c.data, err = io.ReadAll(io.LimitReader(f, limit+1)); err != nil {
		return c, reason(name, err)
	}
	if int64(len(c.data)) > limit {
		return c, fmt.Errorf("%s is larger than %d bytes", name, limit)
	}
	return c, nil
}

// reason leaves out what the system's error says beside the reason: the call, and a path that the caller knows.
func reason(name string, err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return fmt.Errorf("%s: %w", name, p.Err)
	}
	return err
}

// readSecret takes a secret from a file of its own, anywhere.
func readSecret(path string) (profile.Secret, error) {
	root, err := os.OpenRoot(filepath.Dir(path))
	if err != nil {
		return "", err
	}
	defer root.Close()
	file := filepath.Base(path)
	c, err := readTrusted(root, file, maxKey)
	if err != nil {
		return "", err
	}
	if !c.private {
		return "", fmt.Errorf("others may read %s; chmod 600 it", file)
	}
	return oneLine(file, c.data)
}

// oneLine takes the end of the line away, as an editor leaves it, and nothing else.
func oneLine(file string, data []byte) (profile.Secret, error) {
	s := strings.TrimRight(string(data), "\r\n")
	if s == "" || strings.ContainsAny(s, "\r\n\x00") {
		return "", fmt.Errorf("%s must hold the key on one line, and nothing else", file)
	}
	return profile.Secret(s), nil
}
