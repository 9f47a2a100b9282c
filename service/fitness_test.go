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

	"ezvpn/client"
	"ezvpn/client/profile"
	"ezvpn/client/status"
	"ezvpn/service/ipc"
	"ezvpn/tunnel/host"
)

// moodyHost is a machine whose journal can be written, undone and read, or not.
type moodyHost struct {
	fakeHost
	unready error
}

func (h *moodyHost) Ready() error { return h.unready }

func unfitAPI(t *testing.T, h host.Configurator, state string) (*api, *fakeSession, *lockedBuffer) {
	t.Helper()
	log := &lockedBuffer{}
	s := newFakeSession()
	logger := slog.New(slog.NewTextHandler(log, nil))
	a := testAPI(s, newStore(t.TempDir(), t.TempDir(), t.TempDir(), logger), logger)
	a.fit = &fitness{host: h, profiles: a.store.machine.dir, state: state, log: a.log}
	must(t, a.fit.begin())
	a.fit.undo()
	t.Cleanup(a.fit.close)
	return a, s, log
}

// TestUnfit: without a journal nothing is connected, the status says why, and the log says it once; when the fault is
// gone, so is the warning.
func TestUnfit(t *testing.T) {
	h := &moodyHost{unready: errors.New("the undo journal could not be written: no space left on device")}
	a, s, log := unfitAPI(t, h, t.TempDir())
	office := &profile.Profile{Name: "office"}
	for range 3 {
		if err := a.connect(office, "", client.ConnectOptions{}); !errors.Is(err, errUnfit) || !strings.Contains(err.Error(), "no space left") {
			t.Errorf("connect: %v", err)
		}
	}
	if len(s.done()) != 0 {
		t.Errorf("the session was asked: %v", s.done())
	}
	if w := a.fit.told(s.Snapshot()).Warnings; len(w) != 1 || !strings.Contains(w[0], "no space left") {
		t.Errorf("warnings: %q", w)
	}
	if n := strings.Count(log.String(), "level=ERROR"); n != 1 {
		t.Errorf("%d errors in the log:\n%s", n, log)
	}
	h.unready = nil
	must(t, a.connect(office, "", client.ConnectOptions{}))
	if w := a.fit.told(s.Snapshot()).Warnings; len(w) != 0 || !strings.Contains(log.String(), "fit to connect again") {
		t.Errorf("warnings: %q\n%s", w, log)
	}
}

// TestUndoneLater: what a former daemon left and could not be undone at the start is undone before the next connect.
func TestUndoneLater(t *testing.T) {
	h := &moodyHost{fakeHost: fakeHost{err: errors.New("resolv.conf is read-only")}}
	a, _, _ := unfitAPI(t, h, t.TempDir())
	if err := a.connect(&profile.Profile{}, "", client.ConnectOptions{}); !errors.Is(err, errUnfit) {
		t.Errorf("connect: %v", err)
	}
	h.err = nil
	must(t, a.connect(&profile.Profile{}, "", client.ConnectOptions{}))
	reverts := h.reverts
	if a.fit.check(); h.reverts != reverts {
		t.Error("undone once more")
	}
}

// TestCorruptJournal: it is set aside, which the status says as long as the daemon lives, and connects go on.
func TestCorruptJournal(t *testing.T) {
	state := t.TempDir()
	must(t, os.WriteFile(filepath.Join(state, "undo.json"), []byte("{\x00"), 0o600))
	a, s, _ := unfitAPI(t, &onceCorrupt{}, state)
	must(t, a.connect(&profile.Profile{}, "", client.ConnectOptions{}))
	if w := a.fit.told(s.Snapshot()).Warnings; len(w) != 1 || !strings.Contains(w[0], "undo.json.corrupt") {
		t.Errorf("warnings: %q", w)
	}
}

type onceCorrupt struct{ fakeHost }

func (h *onceCorrupt) Revert() error {
	if h.reverts++; h.reverts == 1 {
		return &host.CorruptError{Kept: "undo.json.corrupt", Err: errors.New("invalid character")}
	}
	return nil
}

// TestStateInTheWay: a state directory that cannot be, or a lock that is none, is told and not fatal.
func TestStateInTheWay(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	must(t, os.WriteFile(file, nil, 0o600))
	odd := t.TempDir()
	must(t, os.Mkdir(filepath.Join(odd, "ezvpnd.lock"), 0o700))
	for _, state := range []string{file, filepath.Join(file, "state"), odd} {
		a, s, _ := unfitAPI(t, &moodyHost{}, state)
		if err := a.connect(&profile.Profile{}, "", client.ConnectOptions{}); !errors.Is(err, errUnfit) {
			t.Errorf("%s: connect: %v", state, err)
		}
		if w := a.fit.told(s.Snapshot()).Warnings; len(w) != 1 {
			t.Errorf("%s: warnings: %q", state, w)
		}
	}
}

func TestNoProfiles(t *testing.T) {
	a, s, _ := unfitAPI(t, nil, t.TempDir())
	must(t, os.Remove(a.store.machine.dir))
	if w := a.fit.told(s.Snapshot()).Warnings; len(w) != 1 || !strings.Contains(w[0], "does not exist") {
		t.Errorf("warnings: %q", w)
	}
	must(t, a.connect(&profile.Profile{}, "", client.ConnectOptions{}))
}

// TestRefusedUp: the caller is told what is wrong with the machine.
func TestRefusedUp(t *testing.T) {
	s := serve(t)
	s.api.fit.host = &moodyHost{unready: errors.New("read-only file system")}
	writeProfile(t, s.dir, "office", goodProfile)
	_, err := s.client(t, root).Up(t.Context(), ipc.Up{Profile: "office"})
	if e := (*ipc.Error)(nil); !errors.As(err, &e) || e.Code != ipc.NotReady || !strings.Contains(e.Sentence, "read-only") {
		t.Errorf("up: %v", err)
	}
}

// TestAutoWaitsForTheDisk: what connects by itself does so when the disk has room again.
func TestAutoWaitsForTheDisk(t *testing.T) {
	dir, state := t.TempDir(), t.TempDir()
	writeProfile(t, dir, "office", strings.Replace(goodProfile, `"manual"`, `"auto"`, 1))
	synctest.Test(t, func(t *testing.T) {
		h, s, log := &moodyHost{unready: errors.New("no space left on device")}, newFakeSession(), slog.New(slog.DiscardHandler)
		a := testAPI(s, newStore(dir, t.TempDir(), state, log), log)
		a.fit = &fitness{host: h, profiles: dir, state: state, log: log}
		ctx, cancel := context.WithCancel(t.Context())
		go a.fit.watch(ctx, a.startLater)
		a.start()
		synctest.Wait()
		if len(s.done()) != 0 {
			t.Errorf("the session was asked: %v", s.done())
		}
		a.fit.mu.Lock()
		h.unready = nil
		a.fit.mu.Unlock()
		for snap := range s.Watch(ctx) {
			if snap.State != status.ConnectRequired {
				break
			}
		}
		if got := s.done(); !slices.Contains(got, "connect office") {
			t.Errorf("the session was asked: %v", got)
		}
		cancel()
		a.fit.close()
	})
}
