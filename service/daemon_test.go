//go:build linux || darwin

package service

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"ezvpn/client"
	"ezvpn/client/status"
	"ezvpn/service/ipc"
	"ezvpn/tunnel/host"
)

type lockedBuffer struct {
	mu sync.Mutex // guards b
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// startDaemon runs a daemon over a fake session until stop.
func startDaemon(t *testing.T, s *fakeSession, profiles string) (address string, stop func() error) {
	t.Helper()
	return startDaemonIn(t, s, profiles, t.TempDir())
}

// startDaemonIn is startDaemon with a state that may be from an earlier one.
func startDaemonIn(t *testing.T, s *fakeSession, profiles, state string) (address string, stop func() error) {
	t.Helper()
	address = filepath.Join(t.TempDir(), "run", "ezvpn.sock")
	fit := &fitness{state: state, profiles: profiles, log: slog.New(slog.DiscardHandler)}
	must(t, fit.begin())
	l, err := ipc.Listen(address)
	must(t, err)
	d := newDaemon(Options{Profiles: profiles, State: state, Log: slog.New(slog.NewTextHandler(io.Discard, nil))}, s, l, fit)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- d.Run(ctx) }()
	stop = sync.OnceValue(func() error { cancel(); return <-ended })
	t.Cleanup(func() { stop() })
	return address, stop
}

// TestDaemonLife: what connects by itself does so at the start, and the end disconnects before it lets go.
func TestDaemonLife(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"aa-manual", "bb-auto", "cc-auto"} {
		text := strings.Replace(goodProfile, `"office"`, `"`+name+`"`, 1)
		writeProfile(t, dir, name, strings.Replace(text, `"manual"`, `"`+name[3:]+`"`, 1))
	}
	writeProfile(t, dir, "a-broken", "connect = 7")
	s := newFakeSession()
	address, stop := startDaemon(t, s, dir)
	cl := ipc.NewClient(address)
	defer cl.Close()
	snap := firstWhere(t, cl, func(s status.Snapshot) bool { return s.Profile != "" })
	if snap.Profile != "bb-auto" || snap.Owner != MachineOwner {
		t.Errorf("at the start %s is up, of %s", snap.Profile, snap.Owner)
	}
	if err := stop(); err != nil {
		t.Error(err)
	}
	if calls := s.done(); !slices.Equal(calls, []string{"connect bb-auto", "disconnect", "close"}) {
		t.Errorf("the session was asked: %v", calls)
	}
	if _, err := os.Lstat(address); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the socket stays behind: %v", err)
	}
	if _, err := cl.Status(t.Context()); code(err) != ipc.Unreachable {
		t.Errorf("after the end: %v", err)
	}
}

func firstWhere(t *testing.T, cl *ipc.Client, ok func(status.Snapshot) bool) status.Snapshot {
	t.Helper()
	stream, err := cl.Watch(t.Context())
	must(t, err)
	defer stream.Close()
	for {
		snap, err := stream.Next()
		must(t, err)
		if ok(snap) {
			return snap
		}
	}
}

// TestNotify: systemd hears READY and STOPPING, in sd_notify(3)'s words.
func TestNotify(t *testing.T) {
	path := filepath.Join(t.TempDir(), "notify")
	c, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	must(t, err)
	defer c.Close()
	t.Setenv("NOTIFY_SOCKET", path)
	_, stop := startDaemon(t, newFakeSession(), t.TempDir())
	buf := make([]byte, 100)
	for i, want := range []string{"READY=1", "STOPPING=1"} {
		n, err := c.Read(buf)
		must(t, err)
		if got := string(buf[:n]); got != want {
			t.Errorf("message %d is %q, want %q", i, got, want)
		}
		if i == 0 {
			must(t, stop())
		}
	}
}

// fakeHost counts what is undone.
type fakeHost struct {
	reverts int
	err     error
}

func (h *fakeHost) Apply(host.Config) error { return nil }
func (h *fakeHost) Revert() error           { h.reverts++; return h.err }

// TestOpenPutsTheMachineBack: the undo journal comes first; and one who finds another daemon changes nothing.
func TestOpenPutsTheMachineBack(t *testing.T) {
	h := &fakeHost{}
	o := Options{Profiles: t.TempDir(), State: t.TempDir(), Socket: filepath.Join(t.TempDir(), "s"),
		Log: slog.New(slog.NewTextHandler(io.Discard, nil)), Platform: client.Platform{Host: h}}
	d, err := Open(o)
	must(t, err)
	if h.reverts != 1 {
		t.Errorf("%d reverts", h.reverts)
	}
	other := o
	other.Socket = filepath.Join(t.TempDir(), "s")
	if _, err := Open(other); err == nil || !strings.Contains(err.Error(), "another ezvpnd") || h.reverts != 1 {
		t.Errorf("a second daemon on the same state: %v, %d reverts", err, h.reverts)
	}
	other = o
	other.State = t.TempDir()
	if _, err := Open(other); err == nil || !strings.Contains(err.Error(), "another ezvpnd") || h.reverts != 1 {
		t.Errorf("a second daemon on the same socket: %v, %d reverts", err, h.reverts)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	must(t, d.Run(ctx))
	d, err = Open(o)
	must(t, err)
	must(t, d.Run(ctx))
}

// TestJournalLog: sd-daemon(3) priorities, one line a record, whatever the text.
func TestJournalLog(t *testing.T) {
	var b lockedBuffer
	log := NewLog(&b, slog.LevelInfo, true).With("peer", "a\nb")
	log.Debug("no")
	log.Info("one", "banner", "x\n<0>forged\x1b[2J")
	log.Warn("two")
	log.WithGroup("g").Error("three", "k", 1)
	want := "<6>msg=one peer=\"a\\nb\" banner=\"x\\n<0>forged\\x1b[2J\"\n<4>msg=two peer=\"a\\nb\"\n<3>msg=three peer=\"a\\nb\" g.k=1\n"
	if got := b.String(); got != want {
		t.Errorf("log is\n%s\nwant\n%s", got, want)
	}
}
