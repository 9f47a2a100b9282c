package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"time"
)

// instance is the claim to be the only tray of this user. A second start asks the first to show itself.
type instance struct{ net.Listener }

const callTime = 2 * time.Second

// claim is nil if another one runs and was called.
func claim(ctx context.Context) (*instance, error) {
	dir := os.Getenv("XDG_RUNTIME_DIR")
	if dir == "" {
		cache, err := os.UserCacheDir()
		if err != nil {
			return nil, fmt.Errorf("finding a place for the tray's socket: %w", err)
		}
		dir = filepath.Join(cache, "ezvpn")
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return nil, fmt.Errorf("making a place for the tray's socket: %w", err)
		}
	}
	path := filepath.Join(dir, "ezvpn-gui.sock")
	d := net.Dialer{Timeout: callTime}
	if c, err := d.DialContext(ctx, "unix", path); err == nil {
		c.Close() // to be called is to show itself
		return nil, nil
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("taking over the tray's socket: %w", err)
	}
	l, err := (&net.ListenConfig{}).Listen(ctx, "unix", path)
	if err != nil {
		return nil, fmt.Errorf("making the tray's socket: %w", err)
	}
	return &instance{l}, nil
}

// serve calls show for each start of another one, until ctx ends.
func (i *instance) serve(ctx context.Context, show func()) {
	defer context.AfterFunc(ctx, func() { i.Close() })()
	for {
		c, err := i.Accept()
		if err != nil {
			return
		}
		c.Close()
		show()
	}
}
