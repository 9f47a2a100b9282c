//go:build linux || darwin

package service

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fsnotify/fsnotify"
)

// TestDebounce: one signal for a burst, 200 ms after its last change, and one in 500 ms where changes never end.
func TestDebounce(t *testing.T) {
	for name, c := range map[string]struct {
		changes []int // ms
		want    []int
	}{
		"one":            {[]int{0}, []int{200}},
		"a burst":        {[]int{0, 50, 100, 290}, []int{490}},
		"two bursts":     {[]int{0, 10, 300, 310}, []int{210, 510}},
		"without an end": {[]int{0, 150, 300, 450, 600, 750, 900, 1050, 1200}, []int{500, 1100, 1400}},
		"slow":           {[]int{0, 199, 398}, []int{500}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				in, start := make(chan struct{}), time.Now()
				out := debounce(ctx, in, quiet, burst)
				go func() {
					for _, ms := range c.changes {
						time.Sleep(time.Until(start.Add(time.Duration(ms) * time.Millisecond)))
						in <- struct{}{}
					}
					time.Sleep(time.Minute)
					close(in)
				}()
				var got []int
				for range out {
					got = append(got, int(time.Since(start)/time.Millisecond))
				}
				if !slices.Equal(got, c.want) {
					t.Errorf("changes at %v are told at %v, want %v", c.changes, got, c.want)
				}
			})
		})
	}
}

// TestWatchPolls: where the system has no watch left, the directories are looked at slowly, and the log says so once.
func TestWatchPolls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log lockedBuffer
		w := newFolderWatch(slog.New(slog.NewTextHandler(&log, nil)), "/nowhere")
		w.notify = func() (*fsnotify.Watcher, error) { return nil, errors.New("too many open files") }
		ctx, cancel := context.WithCancel(t.Context())
		start, told := time.Now(), w.run(ctx)
		for i := range 5 {
			<-told
			if at := time.Since(start); at != time.Duration(i)*pollEvery+quiet {
				t.Errorf("look %d is at %v", i, at)
			}
		}
		cancel()
		for range told {
		}
		if n := strings.Count(log.String(), "cannot be watched"); n != 1 {
			t.Errorf("the log says it %d times:\n%s", n, log.String())
		}
	})
}

// TestWatchTells: files that are written, renamed into place, changed in their rights and removed are told, and so is
// what happens in a directory that took the place of the first.
func TestWatchTells(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "profiles.d")
	must(t, os.Mkdir(dir, 0o700))
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	w := newFolderWatch(slog.New(slog.DiscardHandler), dir, "")
	ready := make(chan struct{})
	w.notify = func() (*fsnotify.Watcher, error) {
		n, err := fsnotify.NewWatcher()
		if err == nil {
			err = n.Add(dir)
		}
		close(ready)
		return n, err
	}
	told := w.run(ctx)
	<-ready
	<-told // what may have changed before
	file := filepath.Join(dir, "office.toml")
	for _, step := range []func() error{
		func() error { return os.WriteFile(file, []byte("a"), 0o600) },
		func() error { return os.WriteFile(file, []byte("b"), 0o600) },
		func() error { return os.Chmod(file, 0o644) },
		func() error {
			return errors.Join(os.WriteFile(file+".new", []byte("c"), 0o600), os.Rename(file+".new", file))
		},
		func() error { return os.Remove(file) },
		func() error { return errors.Join(os.Rename(dir, dir+".old"), os.Mkdir(dir, 0o700)) },
		func() error { return os.WriteFile(file, []byte("d"), 0o600) },
	} {
		must(t, step())
		<-told
	}
}
