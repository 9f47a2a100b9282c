package host

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// journalName is the undo journal in the directory of Options; corruptName is where one that cannot be read is kept.
const (
	journalName    = "undo.json"
	journalTemp    = "undo.json.new"
	corruptName    = "undo.json.corrupt"
	probeName      = "undo.json.probe"
	probeSize      = 64 << 10
	journalVersion = 1
	journalLimit   = 4 << 20 // bytes; far above what maxRoutes and a resolv.conf need
)

// journal is the undo journal on disk: what was made, or was about to be made. Undoing matches each entry against the
// machine, so an entry whose step never happened does no harm.
type journal struct{ dir string }

type journalFile struct {
	Version int  `json:"version"`
	Made    made `json:"made"`
}

// CorruptError says that the journal could not be read, and where it was put.
type CorruptError struct {
	Kept string
	Err  error
}

func (e *CorruptError) Error() string {
	if e.Kept == "" {
		return fmt.Sprintf("the undo journal cannot be read (%v)", e.Err)
	}
	return fmt.Sprintf("the undo journal cannot be read (%v); it is kept as %s; routes were cleaned by their mark, check the name servers of this machine, and whether it forwards packets", e.Err, e.Kept)
}

func (e *CorruptError) Unwrap() error { return e.Err }

// open makes the directory if need be. It must be a real directory that only its owner, this process's user, can use:
// who can write the journal can choose what the service undoes.
func (j journal) open() (*os.Root, error) {
	if err := os.MkdirAll(j.dir, 0o700); err != nil {
		return nil, fmt.Errorf("no place for the undo journal: %w", err)
	}
	fi, err := os.Lstat(j.dir)
	if err != nil {
		return nil, fmt.Errorf("undo journal directory: %w", err)
	}
	if !fi.IsDir() {
		return nil, fmt.Errorf("undo journal directory %s is not a directory", j.dir)
	}
	if err := private(fi); err != nil {
		return nil, fmt.Errorf("undo journal directory %s: %w", j.dir, err)
	}
	return os.OpenRoot(j.dir)
}

// load reads the journal; without one, nothing was made. One that cannot be read is set aside and reported.
func (j journal) load() (made, error) {
	m, err := j.peek()
	bad := (*CorruptError)(nil)
	if !errors.As(err, &bad) {
		return m, err
	}
	root, err := j.open()
	if err != nil {
		return made{}, err
	}
	defer root.Close()
	if e := root.Rename(journalName, corruptName); e != nil {
		return made{}, fmt.Errorf("the undo journal cannot be read (%w), nor set aside: %w", bad.Err, e)
	}
	return made{}, &CorruptError{Kept: filepath.Join(j.dir, corruptName), Err: bad.Err}
}

// peek reads the journal and leaves one that cannot be read where it is.
func (j journal) peek() (made, error) {
	root, err := j.open()
	if err != nil {
		return made{}, err
	}
	defer root.Close()
	f, err := root.Open(journalName)
	if errors.Is(err, fs.ErrNotExist) {
		return made{}, nil
	}
	if err != nil {
		return made{}, fmt.Errorf("read the undo journal: %w", err)
	}
	b, err := io.ReadAll(io.LimitReader(f, journalLimit+1))
	f.Close()
	if err != nil {
		return made{}, fmt.Errorf("read the undo journal: %w", err)
	}
	m, err := parseJournal(b)
	if err != nil {
		return made{}, &CorruptError{Err: err}
	}
	return m, nil
}

func parseJournal(b []byte) (made, error) {
	if len(b) > journalLimit {
		return made{}, fmt.Errorf("longer than %d bytes", journalLimit)
	}
	var f journalFile
	if err := json.Unmarshal(b, &f); err != nil {
		return made{}, err
	}
	if f.Version != journalVersion {
		return made{}, fmt.Errorf("version %d, this program knows %d", f.Version, journalVersion)
	}
	for _, r := range f.Made.DNS {
		if err := r.check(); err != nil {
			return made{}, err
		}
	}
	for _, r := range f.Made.Routes {
		if !r.Dst.IsValid() || r.Link != "" && !linkName(r.Link) {
			return made{}, errors.New("a route in it is not one")
		}
	}
	for _, w := range f.Made.Forwarding {
		if !linkName(w.Link) {
			return made{}, errors.New("a forwarding interface in it is not one")
		}
	}
	return f.Made, nil
}

// save replaces the journal: a crash leaves the old one or the new one, whole. Nothing made means no journal.
func (j journal) save(m made) error {
	root, err := j.open()
	if err != nil {
		return err
	}
	defer root.Close()
	if m.empty() {
		for _, name := range []string{journalName, journalTemp} { // a crash may have left the second
			if err := root.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return fmt.Errorf("remove the undo journal: %w", err)
			}
			Reached("removed " + name)
		}
		return syncDir(root)
	}
	b, err := json.MarshalIndent(journalFile{journalVersion, m}, "", "\t")
	if err != nil {
		return fmt.Errorf("write the undo journal: %w", err)
	}
	if err := replaceFile(root, journalName, journalTemp, b, 0o600); err != nil {
		return fmt.Errorf("write the undo journal, so nothing more is changed: %w", err)
	}
	return nil
}

// replaceFile writes temp, then renames it to name. A temp that an earlier crash left goes first, so that O_EXCL can
// refuse whatever else stands there.
func replaceFile(root *os.Root, name, temp string, b []byte, mode fs.FileMode) error {
	if err := root.Remove(temp); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	f, err := root.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	Reached("made " + temp)
	_, err = f.Write(b)
	Reached("wrote " + temp)
	err = errors.Join(err, f.Chmod(mode), f.Sync(), f.Close())
	if err == nil {
		Reached("synced " + temp)
		err = root.Rename(temp, name)
		Reached("renamed " + temp)
	}
	if err != nil {
		root.Remove(temp)
		return err
	}
	return syncDir(root)
}

// probe writes as much as a journal of many routes has, and takes it away again.
func (j journal) probe() error {
	root, err := j.open()
	if err != nil {
		return err
	}
	defer root.Close()
	if err := replaceFile(root, probeName, journalTemp, make([]byte, probeSize), 0o600); err != nil {
		return fmt.Errorf("the undo journal could not be written in %s: %w", j.dir, err)
	}
	return root.Remove(probeName)
}
