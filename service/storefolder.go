package service

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"ezvpn/service/ipc"
)

// maxProfiles is how many files of one directory count.
const maxProfiles = 4096

// folder is one directory of profiles, and what was read of it.
type folder struct {
	dir   string
	layer string
	files map[string]*layerFile // by name of the profile
	err   error                 // why the directory itself cannot be used; what was known of it stays
	over  int                   // files beyond maxProfiles
	odd   []string              // files that look like profiles and are not named so
}

// layerFile is one file of a folder as it was last read.
type layerFile struct {
	content
	sum  [sha256.Size]byte
	read time.Time
	err  error
}

// called is how errors and origins call a file: only the machine's are where everybody looks first.
func (f *folder) called(name string) string {
	if f.layer == ipc.LayerMachine {
		return name + ".toml"
	}
	return filepath.Base(f.dir) + "/" + name + ".toml"
}

// scan looks at the folder again and gives the names whose files came, went or changed. A file is read only if it may
// have changed; a folder that cannot be read loses nothing.
func (f *folder) scan(now time.Time) (changed []string) {
	root, names, odd, err := open(f.dir)
	if f.err = err; err != nil {
		return nil
	}
	f.odd, f.over = odd, max(0, len(names)-maxProfiles)
	names = names[:len(names)-f.over]
	if root != nil {
		defer root.Close()
	}
	if f.files == nil {
		f.files = map[string]*layerFile{}
	}
	for _, name := range names {
		if f.look(root, name, now) {
			changed = append(changed, name)
		}
	}
	for name := range f.files {
		if _, there := slices.BinarySearch(names, name); !there {
			delete(f.files, name)
			changed = append(changed, name)
		}
	}
	return changed
}

// look reads one file if need be, and says whether it is another than before.
func (f *folder) look(root *os.Root, name string, now time.Time) (changed bool) {
	old := f.files[name]
	if st, err := root.Lstat(name + ".toml"); err == nil && old != nil && old.id.same(identify(st)) && old.id.settled(old.read) {
		return false
	}
	c, err := readTrusted(root, name+".toml", maxProfile)
	now = now.Round(0)
	next := &layerFile{content: c, sum: sha256.Sum256(c.data), read: now, err: err}
	f.files[name] = next
	return old == nil || old.sum != next.sum || old.private != next.private || fmt.Sprint(old.err) != fmt.Sprint(err)
}

// open gives a directory of profiles and the names of the profiles in it, sorted; nothing where there is none.
func open(dir string) (root *os.Root, names, odd []string, err error) {
	root, err = os.OpenRoot(dir)
	if dir == "" || errors.Is(err, fs.ErrNotExist) {
		return nil, nil, nil, nil
	}
	if err != nil {
		return nil, nil, nil, fmt.Errorf("the directory %w", reason(dir, err))
	}
	if names, odd, err = entries(root); err != nil {
		root.Close()
		return nil, nil, nil, fmt.Errorf("the directory %s: %w", dir, err)
	}
	return root, names, odd, nil
}

// entries lists what is named like a profile, and what is only almost so.
func entries(root *os.Root) (names, odd []string, err error) {
	dir, err := root.Open(".")
	if err != nil {
		return nil, nil, reason("it", err)
	}
	defer dir.Close()
	if err := trustedDir(dir); err != nil {
		return nil, nil, err
	}
	all, err := dir.ReadDir(-1)
	if err != nil {
		return nil, nil, reason("it", err)
	}
	for _, e := range all {
		switch name, ok := strings.CutSuffix(e.Name(), ".toml"); {
		case ok && nameGrammar.MatchString(name):
			names = append(names, name)
		case ok && !strings.HasPrefix(name, "."): // hidden ones are an editor's, or our own on their way
			odd = append(odd, e.Name())
		}
	}
	slices.Sort(names)
	slices.Sort(odd)
	return names, odd, nil
}

// problems says what is wrong with the directory, and what in it is meant to be a profile and is none.
func (f *folder) problems() (all []string) {
	if f.err != nil {
		all = append(all, f.err.Error())
	}
	if f.over > 0 {
		all = append(all, fmt.Sprintf("the directory %s has %d profiles more than the %d that count", f.dir, f.over, maxProfiles))
	}
	for _, name := range f.odd {
		all = append(all, fmt.Sprintf("%q in %s is not named like a profile: a-z, 0-9, then also . _ -; at most 64, then .toml", name, f.dir))
	}
	return all
}
