package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// place writes a file of the user's configuration as a whole.
func place(name, text string) error {
	config, err := os.UserConfigDir()
	if err != nil {
		return fmt.Errorf("finding the user's configuration: %w", err)
	}
	path := filepath.Join(base(config), filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(path+".new", []byte(text), 0o644); err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}

// unplace removes it; one that is not there is as wanted.
func unplace(name string) error {
	config, err := os.UserConfigDir()
	if err != nil {
		return fmt.Errorf("finding the user's configuration: %w", err)
	}
	if err := os.Remove(filepath.Join(base(config), filepath.FromSlash(name))); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
