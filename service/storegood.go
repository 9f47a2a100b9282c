package service

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"strings"
	"time"
)

// keptGood is the last good version of each profile on the disk, so that a wrong file is no less harmless after a
// restart: a copy of each of its files, in a directory that only root can use. Secrets are in none of them.
type keptGood struct{ dir string }

// file cannot be that of another profile: no name has an "@".
func (k *keptGood) file(name, layer string) string { return name + "@" + layer + ".toml" }

func (k *keptGood) root() (*os.Root, error) {
	if err := privateDir(k.dir); err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(k.dir)
	if err != nil {
		return nil, err
	}
	d, err := root.Open(".")
	if err == nil {
		err = trustedDir(d)
		d.Close()
	}
	if err != nil {
		root.Close()
		return nil, err
	}
	return root, nil
}

// keep makes the copies those of this version; without files there are none.
func (k *keptGood) keep(name string, folders []*folder, files []layered) error {
	root, err := k.root()
	if err != nil {
		return err
	}
	defer root.Close()
	for _, f := range folders {
		file := k.file(name, f.layer)
		have, err := readTrusted(root, file, maxProfile)
		var now *layerFile
		for _, l := range files {
			if l.folder == f {
				now = l.layerFile
			}
		}
		switch {
		case now == nil && errors.Is(err, fs.ErrNotExist):
		case now == nil:
			err = erase(root, file)
		case err != nil || !bytes.Equal(have.data, now.data):
			err = k.write(root, file, have.id, now)
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

func (k *keptGood) write(root *os.Root, file string, old identity, now *layerFile) error {
	if old.info == nil {
		root.Remove(file) // one that could not be read
	}
	if err := replace(root, file, now.data, old); err != nil {
		return err
	}
	return root.Chtimes(file, time.Now(), now.id.info.ModTime()) // the version is as old as the file was
}

// files gives the copies of a profile as if they were its files.
func (k *keptGood) files(name string, folders []*folder) (all []layered) {
	root, err := k.root()
	if err != nil {
		return nil
	}
	defer root.Close()
	for _, f := range folders {
		if c, err := readTrusted(root, k.file(name, f.layer), maxProfile); err == nil {
			all = append(all, layered{&layerFile{content: c}, f})
		}
	}
	return all
}

// sweep forgets the copies of profiles that are no more.
func (k *keptGood) sweep(there func(name string) bool) error {
	root, err := k.root()
	if err != nil {
		return err
	}
	defer root.Close()
	d, err := root.Open(".")
	if err != nil {
		return err
	}
	defer d.Close()
	all, err := d.ReadDir(-1)
	for _, f := range all {
		if name, _, ok := strings.Cut(f.Name(), "@"); ok && !there(name) {
			err = errors.Join(err, erase(root, f.Name()))
		}
	}
	return err
}

// revive brings the last good version of a profile back that an earlier run of the service has seen.
func (s *store) revive(name string, e *entry) {
	files := s.good.files(name, s.folders())
	if len(files) == 0 {
		return
	}
	if m, err := s.make(name, files); err == nil && len(m.inClear) == 0 {
		e.use = &m.version
	}
}

// keepGood copies what is in use, for the next start. What still holds a secret is left out.
func (s *store) keepGood(name string) {
	e := s.profiles[name]
	switch {
	case e == nil:
		s.tell("good", s.good.keep(name, s.folders(), nil), "the last good versions of the profiles cannot be kept for the next start")
	case e.use != nil && len(e.wrong) == 0 && !e.inClear:
		s.tell("good", s.good.keep(name, s.folders(), s.files(name)), "the last good versions of the profiles cannot be kept for the next start")
	}
}
