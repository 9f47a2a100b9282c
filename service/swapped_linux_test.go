package service

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestFileSwappedWhileRead: while a file is read 10,000 times, its name is given to a link, to a file of another user
// and to one that others can write, and back. Only root's own words are ever read.
func TestFileSwappedWhileRead(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("NOT ROOT: files of other users were not tested")
	}
	dir, bad := t.TempDir(), t.TempDir()
	write := func(path, text string, mode os.FileMode) string {
		must(t, os.WriteFile(path, []byte(text), 0o600))
		must(t, os.Chmod(path, mode))
		return path
	}
	theirs := write(filepath.Join(bad, "theirs"), "evil", 0o600)
	must(t, os.Chown(theirs, stranger.uid, stranger.gid))
	open := write(filepath.Join(bad, "open"), "evil", 0o666)
	must(t, os.Symlink(theirs, filepath.Join(bad, "link")))
	name := filepath.Join(dir, "office.toml")
	write(name, "good", 0o600)
	stop, stopped := make(chan bool), make(chan bool)
	go func() {
		defer close(stopped)
		for i := 0; ; i++ {
			select {
			case <-stop:
				return
			default:
			}
			next := filepath.Join(dir, "next")
			var err error
			switch i % 4 {
			case 0:
				err = os.Link(theirs, next)
			case 1:
				err = os.Link(open, next)
			case 2:
				err = os.Symlink(theirs, next)
			default:
				err = os.WriteFile(next, []byte("good"), 0o600)
			}
			if err == nil {
				err = os.Rename(next, name)
			}
			if err != nil {
				t.Error(err)
				return
			}
		}
	}()
	root, err := os.OpenRoot(dir)
	must(t, err)
	defer root.Close()
	good := 0
	for range 10000 {
		c, err := readTrusted(root, "office.toml", maxProfile)
		switch {
		case err == nil && string(c.data) == "good":
			good++
		case err == nil || strings.Contains(string(c.data), "evil"):
			t.Fatalf("read %q, %v", c.data, err)
		}
	}
	close(stop)
	<-stopped
	if good == 0 || good == 10000 {
		t.Errorf("%d of 10000 reads were good: nothing was swapped", good)
	}
}
