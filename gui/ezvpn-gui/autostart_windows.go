package main

import (
	"errors"
	"fmt"

	"golang.org/x/sys/windows/registry"
)

const runKey = `Software\Microsoft\Windows\CurrentVersion\Run`

func startWithSession(exe string) error {
	k, _, err := registry.CreateKey(registry.CURRENT_USER, runKey, registry.SET_VALUE)
	if err != nil {
		return fmt.Errorf("opening the user's Run key: %w", err)
	}
	defer k.Close()
	return k.SetStringValue("ezvpn", `"`+exe+`"`)
}

func startNoMore() error {
	k, err := registry.OpenKey(registry.CURRENT_USER, runKey, registry.SET_VALUE)
	if errors.Is(err, registry.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("opening the user's Run key: %w", err)
	}
	defer k.Close()
	if err := k.DeleteValue("ezvpn"); err != nil && !errors.Is(err, registry.ErrNotExist) {
		return err
	}
	return nil
}

// base is not used: this system has a registry.
func base(config string) string { return config }
