package bundle

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// ErrExists says that there is a file of that name already.
var ErrExists = errors.New("there is a file of that name")

// Zip is the bundle as a file.
func (b *Bundle) Zip() ([]byte, error) {
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	manifest, err := json.MarshalIndent(b.Manifest, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("writing the manifest: %w", err)
	}
	files := append([]Part{{Name: "manifest.json", data: append(manifest, '\n')}}, b.Manifest.Parts...)
	for _, p := range files {
		w, err := z.CreateHeader(&zip.FileHeader{Name: p.Name, Method: zip.Deflate, Modified: b.Manifest.Time})
		if err != nil {
			return nil, fmt.Errorf("writing %s: %w", p.Name, err)
		}
		if _, err := w.Write(p.data); err != nil {
			return nil, fmt.Errorf("writing %s: %w", p.Name, err)
		}
	}
	if err := z.Close(); err != nil {
		return nil, fmt.Errorf("writing the zip file: %w", err)
	}
	return out.Bytes(), nil
}

// Write puts the bundle in a file that only its owner can read. It is there as a whole or not at all. A file or a
// symbolic link of that name is left alone: ErrExists.
func (b *Bundle) Write(path string) (err error) {
	data, err := b.Zip()
	if err != nil {
		return err
	}
	if _, err := os.Lstat(path); err == nil {
		return ErrExists
	} else if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".ezvpn-bundle-*") // 0600
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.Write(data)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	err = os.Link(f.Name(), path) // unlike a rename, it replaces nothing
	if errors.Is(err, fs.ErrExist) {
		return ErrExists
	}
	if err != nil { // a file system without links
		return os.Rename(f.Name(), path)
	}
	return nil
}
