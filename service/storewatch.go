package service

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/fsnotify/fsnotify"
)

const (
	quiet     = 200 * time.Millisecond // after the last change of a burst
	burst     = 500 * time.Millisecond // after the first, if there is no end to them
	pollEvery = 10 * time.Second       // where a directory cannot be watched
	lookEvery = time.Minute            // all the same: some file systems tell nothing
)

// folderWatch tells when something in a directory may have changed.
type folderWatch struct {
	dirs    []string
	log     *slog.Logger
	notify  func() (*fsnotify.Watcher, error)
	told    *fsnotify.Watcher // nil where the system gives none
	watched map[string]bool
	said    map[string]bool // what the log was told already
}

func newFolderWatch(log *slog.Logger, dirs ...string) *folderWatch {
	w := &folderWatch{log: log, notify: fsnotify.NewWatcher, watched: map[string]bool{}, said: map[string]bool{}}
	for _, d := range dirs {
		if d != "" {
			w.dirs = append(w.dirs, filepath.Clean(d))
		}
	}
	return w
}

// run gives a signal for each burst of changes, until ctx ends.
func (w *folderWatch) run(ctx context.Context) <-chan struct{} {
	raw := make(chan struct{}, 1)
	go func() {
		defer close(raw)
		w.loop(ctx, raw)
	}()
	return debounce(ctx, raw, quiet, burst)
}

func (w *folderWatch) loop(ctx context.Context, out chan<- struct{}) {
	poll, look := time.NewTicker(pollEvery), time.NewTicker(lookEvery)
	defer poll.Stop()
	defer look.Stop()
	w.add()
	wake(out) // what changed before the watch stood
	defer func() {
		if w.told != nil {
			w.told.Close()
		}
	}()
	for {
		var events chan fsnotify.Event
		var problems chan error
		if w.told != nil {
			events, problems = w.told.Events, w.told.Errors
		}
		changed := true
		select {
		case <-ctx.Done():
			return
		case e := <-events:
			changed = w.concerns(e)
		case err := <-problems: // as when there were too many changes to keep
			w.log.Warn("changes of the profiles may have been missed; they are looked at anew", "err", err)
		case <-poll.C:
			changed = w.add()
		case <-look.C:
		}
		if changed {
			wake(out)
		}
	}
}

// concerns says whether an event is about a profile or one of the directories, which may have come, or given its place
// to another.
func (w *folderWatch) concerns(e fsnotify.Event) bool {
	name := filepath.Clean(e.Name)
	if slices.Contains(w.dirs, name) {
		if e.Has(fsnotify.Create | fsnotify.Remove | fsnotify.Rename) {
			delete(w.watched, name)
			w.told.Remove(name)
		}
		w.add()
		return true
	}
	return slices.Contains(w.dirs, filepath.Dir(name)) && !strings.HasPrefix(filepath.Base(name), ".") // ours, on its way
}

// add watches what is not watched, and says whether anything has to be looked at without being told.
func (w *folderWatch) add() (blind bool) {
	if w.told == nil {
		var err error
		if w.told, err = w.notify(); err != nil {
			w.told = nil
			w.once("", "the directories of the profiles cannot be watched", err)
			return true
		}
	}
	for _, d := range w.dirs {
		if w.watched[d] {
			continue
		}
		blind = true
		w.told.Add(filepath.Dir(d)) // tells when the directory comes; if it cannot, the next poll does
		err := w.told.Add(d)
		if err == nil {
			w.watched[d] = true
			if w.said[d] {
				delete(w.said, d)
				w.log.Info("the directory is watched again", "dir", d)
			}
			continue
		}
		if !errors.Is(err, fs.ErrNotExist) { // one that is not there may come
			w.once(d, "the directory cannot be watched", err)
		}
	}
	return blind
}

func (w *folderWatch) once(dir, what string, err error) {
	if w.said[dir] {
		return
	}
	w.said[dir] = true
	w.log.Warn(what+"; it is looked at every "+pollEvery.String()+" instead", "dir", dir, "err", err)
}

func wake(out chan<- struct{}) {
	select {
	case out <- struct{}{}:
	default: // one waits already
	}
}

// debounce gives one signal for a burst of them: when it has been quiet for a while, and at the latest some time after
// the first.
func debounce(ctx context.Context, in <-chan struct{}, quiet, most time.Duration) <-chan struct{} {
	out := make(chan struct{}, 1)
	go func() {
		defer close(out)
		t := time.NewTimer(time.Hour)
		t.Stop()
		defer t.Stop()
		var first time.Time
		for {
			select {
			case <-ctx.Done():
				return
			case _, open := <-in:
				if !open {
					return
				}
				now := time.Now()
				if first.IsZero() {
					first = now
				}
				t.Reset(min(quiet, most-now.Sub(first)))
			case <-t.C:
				first = time.Time{}
				wake(out)
			}
		}
	}()
	return out
}
