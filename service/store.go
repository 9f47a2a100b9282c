package service

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"ezvpn/client/profile"
	"ezvpn/service/ipc"
)

const (
	maxProfile  = 64 << 10 // bytes of one profile
	maxKey      = 1 << 10  // bytes of a key file
	maxProfiles = 256      // in the directory
)

var (
	errNoProfile = errors.New("no such profile")
	nameGrammar  = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]{0,63}$`)
)

// store is the directory of profiles. A file counts only if root wrote it and nobody else could have.
type store struct{ dir string }

// load reads the profile of this name. The name is looked up among the files there are; it never becomes a path.
func (s *store) load(name string) (*profile.Profile, error) {
	if !nameGrammar.MatchString(name) {
		return nil, fmt.Errorf("%w: %.80q is not a profile's name", errNoProfile, name)
	}
	root, files, err := s.open()
	if err != nil {
		return nil, err
	}
	defer root.Close()
	if !slices.Contains(files, name+".toml") {
		return nil, fmt.Errorf("%w: %s", errNoProfile, name)
	}
	return read(root, name)
}

// list tells of every profile, also of those that cannot be used, and why.
func (s *store) list() ([]ipc.ProfileInfo, error) {
	root, files, err := s.open()
	if errors.Is(err, errNoProfile) {
		return []ipc.ProfileInfo{}, nil
	}
	if err != nil {
		return nil, err
	}
	defer root.Close()
	list := []ipc.ProfileInfo{}
	for _, f := range files {
		name := strings.TrimSuffix(f, ".toml")
		p, err := read(root, name)
		info := ipc.ProfileInfo{Name: name}
		if err != nil {
			info.Errors = strings.Split(err.Error(), "\n")
		} else {
			info.Connect, info.Summary = p.Connect, summary(p)
		}
		list = append(list, info)
	}
	return list, nil
}

// open gives the directory and the names of the profiles in it, sorted.
func (s *store) open() (*os.Root, []string, error) {
	root, err := os.OpenRoot(s.dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil, fmt.Errorf("%w: the directory %s does not exist", errNoProfile, s.dir)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("opening the profiles: %w", err)
	}
	files, err := entries(root)
	if err != nil {
		root.Close()
		return nil, nil, fmt.Errorf("the directory %s: %w", s.dir, err)
	}
	return root, files, nil
}

// entries lists what looks like a profile.
func entries(root *os.Root) ([]string, error) {
	dir, err := root.Open(".")
	if err != nil {
		return nil, err
	}
	defer dir.Close()
	if err := trustedDir(dir); err != nil {
		return nil, err
	}
	all, err := dir.ReadDir(-1)
	if err != nil {
		return nil, err
	}
	var files []string
	for _, e := range all {
		if name, ok := strings.CutSuffix(e.Name(), ".toml"); ok && nameGrammar.MatchString(name) {
			files = append(files, e.Name())
		}
	}
	slices.Sort(files)
	return files[:min(len(files), maxProfiles)], nil
}

// read parses one profile and fetches its key file.
func read(root *os.Root, name string) (*profile.Profile, error) {
	file := name + ".toml"
	data, private, err := readTrusted(root, file, maxProfile)
	if err != nil {
		return nil, err
	}
	p, err := profile.Parse(file, data)
	if err != nil {
		return nil, err
	}
	if p.Name == "" {
		p.Name = name
	}
	if p.Name != name {
		return nil, fmt.Errorf("%s: name = %q, but the file is named for %q; make them the same", file, p.Name, name)
	}
	if !private && (p.Group.Key != "" || p.XAUTH.Password != "") {
		return nil, fmt.Errorf("%s holds a secret and others may read it; chmod 600 it", file)
	}
	if p.Group.KeyFile != "" {
		if p.Group.Key, err = readKey(p.Group.KeyFile); err != nil {
			return nil, fmt.Errorf("%s: key_file: %w", file, err)
		}
	}
	return p, nil
}

// readKey takes the group key from a file of its own, anywhere; Parse saw to it that the path is absolute.
func readKey(path string) (profile.Secret, error) {
	root, err := os.OpenRoot(filepath.Dir(path))
	if err != nil {
		return "", err
	}
	defer root.Close()
	file := filepath.Base(path)
	data, private, err := readTrusted(root, file, maxKey)
	if err != nil {
		return "", err
	}
	if !private {
		return "", fmt.Errorf("others may read %s; chmod 600 it", file)
	}
	key := strings.TrimRight(string(data), "\r\n")
	if key == "" || strings.ContainsAny(key, "\r\n\x00") {
		return "", fmt.Errorf("%s must hold the key on one line, and nothing else", file)
	}
	return profile.Secret(key), nil
}

// readTrusted reads a regular file that only root could have written. private says that nobody else may read it.
func readTrusted(root *os.Root, name string, limit int64) (data []byte, private bool, err error) {
	before, err := root.Lstat(name)
	if err != nil {
		return nil, false, err
	}
	if !before.Mode().IsRegular() {
		return nil, false, fmt.Errorf("%s is not a regular file (links are not followed); put the file itself there", name)
	}
	f, err := root.Open(name)
	if err != nil {
		return nil, false, err
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil {
		return nil, false, err
	}
	if !os.SameFile(before, st) {
		return nil, false, fmt.Errorf("%s was replaced while it was opened; try again", name)
	}
	if private, err = trusted(f, st); err != nil {
		return nil, false, err
	}
	if data, err = io.ReadAll(io.LimitReader(f, limit+1)); err != nil {
		return nil, false, err
	}
	if int64(len(data)) > limit {
		return nil, false, fmt.Errorf("%s is larger than %d bytes", name, limit)
	}
	return data, private, nil
}

// summary is one line about a good profile, without secrets.
func summary(p *profile.Profile) string {
	if len(p.Peers) == 0 {
		return p.Mode + " mode"
	}
	s := p.Peers[0].Host
	if n := len(p.Peers) - 1; n > 0 {
		s += fmt.Sprintf(" and %d more", n)
	}
	if p.Group.Name != "" {
		s += ", group " + p.Group.Name
	}
	return s + ", " + p.Mode + " mode"
}
