//go:build linux || darwin

package service

import (
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"

	"ezvpn/client/status"
	"ezvpn/service/ipc"
)

func TestUpAnswerDown(t *testing.T) {
	s := serve(t)
	writeProfile(t, s.dir, "office", goodProfile)
	cl := s.client(t, alice)
	got, err := cl.Up(t.Context(), ipc.Up{Profile: "office", Answers: ipc.Fields{"password": "early"}})
	if err != nil || got.State != status.Resolving || got.Profile != "office" {
		t.Fatalf("up: %+v, %v", got, err)
	}
	if s.options.Owner != alice.Label() || s.options.Answers["password"] != "early" {
		t.Errorf("the session belongs to %q", s.options.Owner)
	}
	s.set(func(n *status.Snapshot) {
		n.State, n.Prompt = status.XAuthRequired, &status.Prompt{ID: "q7",
			Fields: []status.PromptField{{Name: "password", Hidden: true}}}
	})
	if _, err := cl.Answer(t.Context(), ipc.Answer{ID: "q6"}); code(err) != ipc.NoPrompt {
		t.Errorf("answer to an older question: %v", err)
	}
	for _, wrong := range []ipc.Fields{nil, {"user": "a"}, {"password": "a", "user": "b"},
		{"password": strings.Repeat("a", ipc.MaxAnswer+1)}} {
		if _, err := cl.Answer(t.Context(), ipc.Answer{ID: "q7", Fields: wrong}); code(err) != ipc.BadRequest {
			t.Errorf("answered with %v: %v", wrong, err)
		}
	}
	if _, err := cl.Answer(t.Context(), ipc.Answer{ID: "q7", Fields: ipc.Fields{"password": "p\x00w"}}); err != nil {
		t.Fatal(err)
	}
	if s.answers["password"] != "p\x00w" {
		t.Error("the answer did not arrive as it was sent")
	}
	if _, err := cl.Up(t.Context(), ipc.Up{Profile: "office"}); code(err) != ipc.Busy {
		t.Errorf("up while up: %v", err)
	}
	if _, err := cl.Down(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := cl.Down(t.Context()); code(err) != ipc.NoSession {
		t.Errorf("down while down: %v", err)
	}
	if _, err := cl.Up(t.Context(), ipc.Up{Profile: "home"}); code(err) != ipc.ProfileUnknown {
		t.Errorf("unknown profile: %v", err)
	}
	writeProfile(t, s.dir, "broken", "peers = 7\n")
	if _, err := cl.Up(t.Context(), ipc.Up{Profile: "broken"}); code(err) != ipc.ProfileError {
		t.Errorf("broken profile: %v", err)
	}
}

func code(err error) string {
	if e, ok := err.(*ipc.Error); ok {
		return e.Code
	}
	return fmt.Sprint(err)
}

// TestBodiesAreStrict: what is not in docs/ipc.md is refused, and changes nothing.
func TestBodiesAreStrict(t *testing.T) {
	s := serve(t)
	writeProfile(t, s.dir, "office", goodProfile)
	for body, want := range map[string]string{
		``:                                       ipc.BadRequest,
		`{`:                                      ipc.BadRequest,
		`[]`:                                     ipc.BadRequest,
		`"office"`:                               ipc.BadRequest,
		`{"profile":7}`:                          ipc.BadRequest,
		`{"profile":"office","script":"/bin/x"}`: ipc.BadRequest,
		`{"profile":"office"}{}`:                 ipc.BadRequest,
		`{"profile":"office"} x`:                 ipc.BadRequest,
		`{"profile":"office","answers":["a"]}`:   ipc.BadRequest,
		`{"profile":"` + strings.Repeat("a", ipc.MaxBody) + `"}`: ipc.TooLarge,
		`{}`:                             ipc.ProfileUnknown,
		`{"profile":"../../etc/x"}`:      ipc.ProfileUnknown,
		`{"profile":"\u001b]0;x\u0007"}`: ipc.ProfileUnknown,
	} {
		if got := s.raw(t, alice, "POST", ipc.PathUp, body); got != want {
			t.Errorf("%.60s: %q, want %q", body, got, want)
		}
	}
	if calls := s.done(); len(calls) != 0 {
		t.Errorf("the session was called: %v", calls)
	}
}

// TestSlowWatcher: one who does not read holds nobody up, and finds the newest state when reading again, not all that
// happened meanwhile.
func TestSlowWatcher(t *testing.T) {
	s := serve(t)
	stream, err := s.client(t, root).Watch(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer stream.Close()
	const changes = 1000
	banner := strings.Repeat("x", 64<<10) // 64 MiB in all: more than any socket buffers
	for range changes {
		s.set(func(n *status.Snapshot) { n.State, n.Banner = status.Active, banner })
	}
	last, read := uint64(0), 0
	for last < changes {
		snap, err := stream.Next()
		if err != nil {
			t.Fatal(err)
		}
		if read > 0 && snap.Serial <= last {
			t.Fatalf("serial %d after %d", snap.Serial, last)
		}
		if snap.Version != 1 {
			t.Fatal("a snapshot is not complete")
		}
		last, read = snap.Serial, read+1
	}
	if read >= changes/2 {
		t.Errorf("%d of %d snapshots came: they were queued, not replaced", read, changes)
	}
}

// TestWatcherLeaves: the session forgets a watcher whose connection is gone.
func TestWatcherLeaves(t *testing.T) {
	s := serve(t)
	stream, err := s.client(t, root).Watch(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := stream.Next(); err != nil {
		t.Fatal(err)
	}
	stream.Close()
	for left := 1; left > 0; { // ends when the server notices, or the test's time is up
		s.fakeSession.mu.Lock()
		left = len(s.watchers)
		s.fakeSession.mu.Unlock()
	}
}

func TestStoppingRefusesCommands(t *testing.T) {
	s := serve(t)
	s.api.stopping.Store(true)
	if got := s.raw(t, root, "POST", ipc.PathUp, `{"profile":"office"}`); got != ipc.Stopping {
		t.Errorf("up: %q", got)
	}
	if got := s.raw(t, root, "GET", ipc.PathStatus, ""); got != "" {
		t.Errorf("status: %q", got)
	}
}

// TestSecretsAreNotLogged looks for an answer in the log, at the lowest level.
func TestSecretsAreNotLogged(t *testing.T) {
	var log lockedBuffer
	s := serveLogging(t, slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})))
	writeProfile(t, s.dir, "office", goodProfile)
	const canary = "c4n4ry-secret"
	s.raw(t, alice, "POST", ipc.PathUp, `{"profile":"office","answers":{"password":"`+canary+`"}}`)
	s.raw(t, alice, "POST", ipc.PathAnswer, `{"id":"q1","fields":{"password":"`+canary+`"}}`)
	s.raw(t, bob, "POST", ipc.PathAnswer, `{"id":"q1","fields":{"password":"`+canary+`"}}`)
	s.raw(t, alice, "POST", ipc.PathAnswer, `{"id":"q1","fields":{"password":["`+canary+`"]}}`)
	if text := log.String(); strings.Contains(text, canary) || !strings.Contains(text, "refused") {
		t.Errorf("the log is\n%s", text)
	}
	answer := ipc.Answer{Fields: ipc.Fields{"password": canary}}
	for _, print := range []string{fmt.Sprint(answer), fmt.Sprintf("%v %+v", answer, answer), fmt.Sprintf("%#v", answer)} {
		if strings.Contains(print, canary) {
			t.Errorf("an answer prints as %s", print)
		}
	}
	if !slices.Contains(s.done(), "connect office") {
		t.Error("the connect did not come through")
	}
}
