//go:build linux || darwin

package main

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"ezvpn/client/status"
	"ezvpn/service/ipc"
)

// fakeDaemon answers the verbs from a script: after up, each snapshot of the script follows the one before; one with
// a prompt waits for its answer.
type fakeDaemon struct {
	address string
	script  []status.Snapshot
	refuse  map[string]*ipc.Error // by path
	list    []ipc.ProfileInfo
	cleared ipc.Cleared        // answers clear
	debug   []status.DebugLine // answers debug
	ends    bool               // a stream of debug ends though it is followed

	mu      sync.Mutex // guards below
	snap    status.Snapshot
	calls   []string
	answers []ipc.Answer
	clears  []ipc.Clear
	debugs  []ipc.Debug
	moved   chan struct{} // closed and replaced when snap changes
	watched chan struct{} // closed when the first stream stands
	once    sync.Once
}

func fake(t *testing.T, script ...status.Snapshot) *fakeDaemon {
	t.Helper()
	d := &fakeDaemon{address: filepath.Join(t.TempDir(), "s"), script: script, refuse: map[string]*ipc.Error{},
		list: []ipc.ProfileInfo{{Name: "office", Connect: "manual", Summary: "192.0.2.1, client mode"}},
		snap: status.Snapshot{Version: 1, State: status.ConnectRequired}, moved: make(chan struct{}),
		watched: make(chan struct{})}
	d.serve(t, d)
	return d
}

// serve answers at an address of its own with h.
func (d *fakeDaemon) serve(t *testing.T, h http.Handler) {
	t.Helper()
	d.address = filepath.Join(t.TempDir(), "s")
	l, err := ipc.Listen(d.address)
	if err != nil {
		t.Fatal(err)
	}
	s := ipc.NewServer(l, ipc.Identify, h, slog.New(slog.NewTextHandler(io.Discard, nil)))
	ended := make(chan error, 1)
	go func() { ended <- s.Serve() }()
	t.Cleanup(func() {
		s.Shutdown(t.Context())
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}

func (d *fakeDaemon) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	d.mu.Lock()
	d.calls = append(d.calls, r.URL.Path)
	refuse := d.refuse[r.URL.Path]
	d.mu.Unlock()
	if refuse != nil {
		ipc.Refuse(w, refuse)
		return
	}
	switch r.URL.Path {
	case ipc.PathVersion:
		ipc.Reply(w, ipc.Version{API: ipc.API})
	case ipc.PathStatus:
		ipc.Reply(w, d.now())
	case ipc.PathProfiles:
		ipc.Reply(w, ipc.Profiles{Profiles: d.list})
	case ipc.PathWatch:
		d.watch(w, r)
	case ipc.PathUp:
		var u ipc.Up
		ipc.Read(w, r, &u)
		d.next()
		ipc.Reply(w, ipc.State{State: status.Resolving, Profile: u.Profile})
	case ipc.PathAnswer:
		var a ipc.Answer
		ipc.Read(w, r, &a)
		d.mu.Lock()
		d.answers = append(d.answers, a)
		d.mu.Unlock()
		d.next()
		ipc.Reply(w, ipc.State{})
	case ipc.PathClear:
		var c ipc.Clear
		ipc.Read(w, r, &c)
		d.mu.Lock()
		d.clears = append(d.clears, c)
		d.mu.Unlock()
		ipc.Reply(w, d.cleared)
	case ipc.PathDebug:
		d.sendDebug(w, r)
	case ipc.PathDown:
		ipc.Reply(w, ipc.State{State: status.ConnectRequired, Profile: "office"})
	}
}

func (d *fakeDaemon) now() status.Snapshot {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.snap
}

// next goes on to the next snapshot of the script.
func (d *fakeDaemon) next() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.script) > 0 {
		d.snap, d.script = d.script[0], d.script[1:]
	}
	d.snap.Profile = "office"
	close(d.moved)
	d.moved = make(chan struct{})
}

func (d *fakeDaemon) watch(w http.ResponseWriter, r *http.Request) {
	defer d.once.Do(func() {})
	lines := ipc.NewLines(w)
	for {
		d.mu.Lock()
		snap, moved := d.snap, d.moved
		d.mu.Unlock()
		if lines.Send(snap) != nil {
			return
		}
		d.once.Do(func() { close(d.watched) })
		if snap.Prompt == nil && snap.State != status.Waiting {
			d.next()
		}
		select {
		case <-moved:
		case <-r.Context().Done():
			return
		}
	}
}

// sendDebug sends the lines, then nothing until the caller leaves if it follows.
func (d *fakeDaemon) sendDebug(w http.ResponseWriter, r *http.Request) {
	var req ipc.Debug
	ipc.Read(w, r, &req)
	d.mu.Lock()
	d.debugs = append(d.debugs, req)
	d.mu.Unlock()
	lines := ipc.NewLines(w)
	lines.Begin()
	for _, l := range d.debug {
		lines.Send(l)
	}
	d.once.Do(func() { close(d.watched) })
	if req.Follow && !d.ends {
		<-r.Context().Done()
	}
}

func (d *fakeDaemon) called(path string) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, c := range d.calls {
		if c == path {
			return true
		}
	}
	return false
}

// run is one command against this daemon.
func (d *fakeDaemon) run(ctx context.Context, stdin string, args ...string) (code int, out, err string) {
	var o, e bytes.Buffer
	a := &app{in: strings.NewReader(stdin), out: &o, err: &e}
	code = a.run(ctx, append([]string{"--socket", d.address}, args...))
	return code, o.String(), e.String()
}
