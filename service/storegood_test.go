//go:build linux || darwin

package service

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// afterRestart is the store as the next run of the service finds it.
func (s *store) afterRestart(t *testing.T) *store {
	t.Helper()
	s.settle(t.Context())
	return newStore(s.machine.dir, s.managed.dir, filepath.Dir(s.secrets.dir), s.log)
}

// TestGoodAfterRestart: a file that is wrong when the service starts leaves the version in use that was good before;
// what was removed is not brought back.
func TestGoodAfterRestart(t *testing.T) {
	s := testStore(t)
	path := filepath.Join(s.machine.dir, "office.toml")
	writeProfile(t, s.machine.dir, "office", pushed)
	writeProfile(t, s.managed.dir, "office", managedPolicy)
	old := time.Date(2026, 3, 25, 15, 47, 0, 0, time.UTC)
	s.refresh()
	s.settle(t.Context())
	must(t, os.Chtimes(path, old, old))
	must(t, os.Chtimes(filepath.Join(s.managed.dir, "office.toml"), old, old))
	s = s.afterRestart(t)
	s.refresh()
	must(t, os.RemoveAll(filepath.Join(filepath.Dir(s.secrets.dir), "good"))) // so that the times are those of now
	for _, bad := range []string{"peers = 7\n", ""} {
		s = s.afterRestart(t)
		writeProfile(t, s.machine.dir, "office", bad)
		p, err := s.load("office", "")
		if err != nil || string(p.Group.Key) != canary || p.DPD.Interval.Seconds() != 20 {
			t.Fatalf("%q at the start: %v", bad, err)
		}
		list, err := s.list("")
		if err != nil || len(list.Profiles[0].Errors) == 0 {
			t.Fatalf("%q at the start: %+v, %v", bad, list, err)
		}
		if at, err := time.Parse(time.RFC3339, list.Profiles[0].Using); err != nil || !at.Equal(old) {
			t.Errorf("the version in use is said to be of %s, %v", list.Profiles[0].Using, err)
		}
	}
	must(t, errors.Join(os.Remove(path), os.Remove(filepath.Join(s.managed.dir, "office.toml"))))
	s = s.afterRestart(t)
	s.refresh()
	s.settle(t.Context())
	writeProfile(t, s.machine.dir, "office", "peers = 7\n")
	if _, err := s.afterRestart(t).load("office", ""); err == nil {
		t.Error("a profile that was removed came back")
	}
}
