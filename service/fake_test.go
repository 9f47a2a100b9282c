//go:build linux || darwin

package service

import (
	"context"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"ezvpn/client"
	"ezvpn/client/profile"
	"ezvpn/client/status"
	"ezvpn/service/ipc"
)

// fakeSession is a session whose state the test sets.
type fakeSession struct {
	mu       sync.Mutex // guards all below
	snap     status.Snapshot
	watchers map[chan status.Snapshot]bool
	calls    []string
	awaited  map[string]chan struct{} // by call
	options  client.ConnectOptions
	answers  map[string]profile.Secret
	profile  *profile.Profile
	closed   bool
	remote   netip.AddrPort // of the session that Clear finds
	cleared  [2]netip.AddrPort
	debugged []status.DebugLine
	readers  map[chan status.DebugLine]bool
}

func newFakeSession() *fakeSession {
	return &fakeSession{snap: status.Snapshot{Version: 1, State: status.ConnectRequired},
		watchers: map[chan status.Snapshot]bool{}, readers: map[chan status.DebugLine]bool{}}
}

func (f *fakeSession) set(change func(*status.Snapshot)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	change(&f.snap)
	f.snap.Serial++
	for w := range f.watchers {
		select {
		case <-w:
		default:
		}
		w <- f.snap
	}
}

func (f *fakeSession) call(name string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.calls = append(f.calls, name)
	if c := f.awaited[name]; c != nil {
		close(c)
		delete(f.awaited, name)
	}
}

// told is closed when the session is next called so.
func (f *fakeSession) told(name string) <-chan struct{} {
	f.mu.Lock()
	defer f.mu.Unlock()
	c := make(chan struct{})
	f.awaited = map[string]chan struct{}{name: c}
	return c
}

func (f *fakeSession) done() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]string(nil), f.calls...)
}

func (f *fakeSession) Connect(p *profile.Profile, o client.ConnectOptions) error {
	f.call("connect " + p.Name)
	if s := f.Snapshot().State; s != status.ConnectRequired && s != status.Blocked {
		return client.ErrBusy
	}
	f.mu.Lock()
	f.options, f.profile = o, p.Clone()
	f.mu.Unlock()
	f.set(func(s *status.Snapshot) { s.State, s.Profile, s.Owner = status.Resolving, p.Name, o.Owner })
	return nil
}

// SetProfile does as the session would: what a change does is profile.Change's to say.
func (f *fakeSession) SetProfile(p *profile.Profile) (profile.Impact, error) {
	f.call("set profile " + p.Name)
	f.mu.Lock()
	defer f.mu.Unlock()
	old := f.profile
	f.profile = p.Clone()
	impact, _ := profile.Change(old, p)
	return impact, nil
}

func (f *fakeSession) Disconnect(context.Context) error {
	f.call("disconnect")
	f.set(func(s *status.Snapshot) { s.State = status.ConnectRequired })
	return nil
}

func (f *fakeSession) Answer(id string, fields map[string]profile.Secret, cancel bool) error {
	f.call("answer " + id)
	if p := f.Snapshot().Prompt; p == nil || p.ID != id {
		return client.ErrNoPrompt
	}
	f.mu.Lock()
	f.answers = fields
	f.mu.Unlock()
	f.set(func(s *status.Snapshot) { s.Prompt, s.State = nil, status.Configuring })
	return nil
}

func (f *fakeSession) Snapshot() status.Snapshot {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.snap.Time = f.snap.Time.Add(time.Millisecond) // a clock does not stand still
	return f.snap
}

func (f *fakeSession) Watch(ctx context.Context) <-chan status.Snapshot {
	w := make(chan status.Snapshot, 1)
	f.mu.Lock()
	defer f.mu.Unlock()
	f.watchers[w] = true
	w <- f.snap
	context.AfterFunc(ctx, func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		delete(f.watchers, w)
		close(w)
	})
	return w
}

func (f *fakeSession) Clear(local, remote netip.AddrPort) (bool, error) {
	f.call("clear")
	f.mu.Lock()
	f.cleared = [2]netip.AddrPort{local, remote}
	matched := f.remote.IsValid() && (!remote.IsValid() || remote == f.remote)
	f.mu.Unlock()
	if matched {
		f.set(func(s *status.Snapshot) { s.State, s.ISAKMP = status.Resolving, nil })
	}
	return matched, nil
}

// fakeLag is how far a reader of debug lines may lag.
const fakeLag = 8

// Keys gives one line and ends with its context.
func (f *fakeSession) Keys(ctx context.Context) (<-chan status.Disclosure, error) {
	f.call("keys")
	live := make(chan status.Disclosure, 1)
	live <- status.Disclosure{Kind: status.DisclosedISAKMP, Cookie: "0011223344556677", Key: "00"}
	context.AfterFunc(ctx, func() { close(live) })
	return live, nil
}

func (f *fakeSession) Debug(ctx context.Context, since time.Time) ([]status.DebugLine, <-chan status.DebugLine) {
	f.call("debug since " + since.UTC().Format(time.RFC3339))
	live := make(chan status.DebugLine, fakeLag)
	f.mu.Lock()
	defer f.mu.Unlock()
	var past []status.DebugLine
	for _, l := range f.debugged {
		if !l.Time.Before(since) {
			past = append(past, l)
		}
	}
	f.readers[live] = true
	context.AfterFunc(ctx, func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		delete(f.readers, live)
		close(live)
	})
	return past, live
}

// say adds a debug line at the time of the session, a second after the last.
func (f *fakeSession) say(text string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.snap.Time = f.snap.Time.Add(time.Second)
	l := status.DebugLine{Serial: uint64(len(f.debugged) + 1), Time: f.snap.Time, Text: text}
	f.debugged = append(f.debugged, l)
	for r := range f.readers {
		select {
		case r <- l:
		default:
		}
	}
}

func (f *fakeSession) Close() {
	f.call("close")
	f.mu.Lock()
	defer f.mu.Unlock()
	f.closed = true
}

var (
	root    = ipc.Caller{User: "0", Name: "root", Groups: []string{"0"}, Admin: true}
	alice   = ipc.Caller{User: "1001", Name: "alice", Groups: []string{"1001", "500"}} // in the group
	bob     = ipc.Caller{User: "1002", Name: "bob", Groups: []string{"1002", "500"}}   // in the group
	sitter  = ipc.Caller{User: "1003", Name: "sitter", Groups: []string{"1003"}}       // at the screen
	visitor = ipc.Caller{User: "1004", Name: "visitor", Groups: []string{"1004"}}      // neither
)

var testAuthority = authority{
	group:   func() string { return "500" },
	console: func(user string) bool { return user == sitter.User },
}

// served is an API on a real socket; every connection is the caller's that as names.
type served struct {
	*fakeSession
	address string
	dir     string // of the profiles
	managed string
	state   string
	mu      sync.Mutex
	caller  ipc.Caller
	server  *ipc.Server
	api     *api
}

func serve(t *testing.T) *served {
	t.Helper()
	return serveLogging(t, slog.New(slog.NewTextHandler(io.Discard, nil)))
}

func serveLogging(t *testing.T, log *slog.Logger) *served {
	t.Helper()
	s := &served{fakeSession: newFakeSession(), dir: t.TempDir(), caller: root,
		managed: t.TempDir(), state: t.TempDir(),
		address: filepath.Join(t.TempDir(), "s")}
	l, err := ipc.Listen(s.address)
	if err != nil {
		t.Fatal(err)
	}
	s.api = testAPI(s.fakeSession, newStore(s.dir, s.managed, s.state, log), log)
	s.server = ipc.NewServer(l, func(net.Conn) (ipc.Caller, error) { return s.as(), nil }, s.api.handler(), log)
	ended := make(chan error, 1)
	go func() { ended <- s.server.Serve() }()
	t.Cleanup(func() {
		s.api.live.forget()
		s.server.Shutdown(t.Context()) // has ended: do not wait for anybody
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return s
}

// testAPI is the API over this session and these profiles.
func testAPI(s session, profiles *store, log *slog.Logger) *api {
	book := NewLogbook(io.Discard, slog.LevelInfo, false)
	book.Info("a line")
	return &api{session: s, store: profiles, authority: testAuthority, log: log, book: book,
		fit: &fitness{profiles: profiles.machine.dir, log: log}}
}

func (s *served) as() ipc.Caller {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.caller
}

// client is a new connection of this caller.
func (s *served) client(t *testing.T, c ipc.Caller) *ipc.Client {
	t.Helper()
	s.mu.Lock()
	s.caller = c
	s.mu.Unlock()
	cl := ipc.NewClient(s.address)
	t.Cleanup(cl.Close)
	if _, err := cl.Version(t.Context()); err != nil {
		t.Fatal(err)
	}
	return cl
}
