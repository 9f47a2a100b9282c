//go:build linux || darwin

package service

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"

	"ezvpn/client/status"
	"ezvpn/service/ipc"
)

// raw sends one request of this caller and returns the code of the refusal, or "".
func (s *served) raw(t *testing.T, c ipc.Caller, method, path, body string) string {
	t.Helper()
	s.mu.Lock()
	s.caller = c
	s.mu.Unlock()
	tr := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", s.address)
	}}
	defer tr.CloseIdleConnections()
	r, err := http.NewRequestWithContext(t.Context(), method, "http://"+ipc.Host+path, bytes.NewBufferString(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set(ipc.HeaderAPI, "1")
	r.Header.Set("Content-Type", "application/json")
	res, err := tr.RoundTrip(r)
	if err != nil {
		t.Fatalf("%s %s: %v", method, path, err)
	}
	defer res.Body.Close()
	var reply struct{ Error *ipc.Error }
	if err := json.NewDecoder(res.Body).Decode(&reply); err != nil && !(err == io.EOF && path == ipc.PathDebug) {
		t.Fatalf("%s %s: %v", method, path, err) // only debug may have nothing to say
	}
	if reply.Error == nil {
		return ""
	}
	if reply.Error.Sentence == "" || reply.Error.Next == "" {
		t.Errorf("%s %s: %s has no sentence or no next step", method, path, reply.Error.Code)
	}
	return reply.Error.Code
}

var bodies = map[string]string{
	ipc.PathUp: `{"profile":"office"}`, ipc.PathDown: `{}`, ipc.PathAnswer: `{"id":"q1","fields":{"password":"x"}}`,
	ipc.PathClear: `{"remote":"192.0.2.1"}`, ipc.PathDebug: `{"since_seconds":600}`, ipc.PathKeys: `{"seconds":1}`, ipc.PathLog: `{"since_seconds":600}`, ipc.PathLogLevel: `{}`,
	ipc.PathProfileShow: `{"profile":"office"}`, ipc.PathProfileSet: `{"profile":"office","key":"connect","value":"auto"}`,
	ipc.PathProfileUnset: `{"profile":"office","key":"connect"}`, ipc.PathProfileRemove: `{"profile":"spare"}`,
	ipc.PathProfilePut:    `{"name":"other","text":"peers = [\"192.0.2.9\"]\n[group]\nname = \"g\"\nkey = \"k\"\n","replace":true}`,
	ipc.PathProfileSecret: `{"profile":"office","key":"xauth.password","value":"pw"}`,
}

// TestVerbsByCaller holds every verb against every kind of caller, for each owner that the session may have. The
// levels are those of security.md: look for all, use for group and console, own for who started it, and all for root.
func TestVerbsByCaller(t *testing.T) {
	callers := []ipc.Caller{root, alice, bob, sitter, visitor}
	may := map[Level]map[string][]ipc.Caller{
		Look: {"": callers, alice.Label(): callers, MachineOwner: callers},
		Use: {"": {root, alice, bob, sitter}, alice.Label(): {root, alice, bob, sitter},
			MachineOwner: {root, alice, bob, sitter}},
		Administer: {"": {root}, alice.Label(): {root}, MachineOwner: {root}},
		Own:        {"": {root, alice, bob, sitter}, alice.Label(): {root, alice}, MachineOwner: {root, alice, bob, sitter}},
	}
	s := serve(t)
	writeProfile(t, s.dir, "office", goodProfile)
	for _, v := range verbs {
		owners, ok := may[v.level]
		if !ok {
			t.Fatalf("%s: no expectation for level %q", v.path, v.level)
		}
		for owner, allowed := range owners {
			for _, c := range callers {
				s.set(func(n *status.Snapshot) {
					*n = status.Snapshot{Version: 1, State: status.XAuthRequired, Profile: "office", Owner: owner,
						Prompt: &status.Prompt{ID: "q1", Fields: []status.PromptField{{Name: "password"}}}}
					if v.path == ipc.PathProfileRemove {
						writeProfile(t, s.dir, "spare", strings.Replace(goodProfile, `"office"`, `"spare"`, 1))
					}
					if v.path == ipc.PathUp {
						n.State = status.ConnectRequired
					}
				})
				code := s.raw(t, c, v.method, v.path, bodies[v.path])
				refused := code == ipc.NotAllowed || code == ipc.NotOwner
				if want := !slices.ContainsFunc(allowed, func(a ipc.Caller) bool { return a.User == c.User }); refused != want {
					t.Errorf("%s by %s, session of %q: code %q, refused should be %v", v.path, c.Name, owner, code, want)
				}
				if !refused && code != "" {
					t.Errorf("%s by %s, session of %q: %s", v.path, c.Name, owner, code)
				}
			}
		}
	}
}

func TestAdministerIsForAdministrators(t *testing.T) {
	for _, c := range []ipc.Caller{root, alice, sitter, visitor} {
		e := testAuthority.check(Administer, c, status.Snapshot{Owner: c.Label()})
		if (e == nil) != c.Admin {
			t.Errorf("%s: %v", c.Name, e)
		}
	}
}

func TestNoGroupMeansNobody(t *testing.T) {
	a := authority{group: func() string { return "" }, console: func(string) bool { return false }}
	if a.uses(ipc.Caller{User: "7", Groups: []string{""}}) {
		t.Error("a caller with an empty group counts as a member of the group that does not exist")
	}
}

func TestWhatDoesNotExistIsRefused(t *testing.T) {
	s := serve(t)
	for _, r := range [][2]string{{"GET", "/"}, {"GET", "/v1/up"}, {"POST", "/v1/status"}, {"DELETE", "/v1/down"},
		{"GET", "/v2/status"}, {"POST", "/v1/profiles"}, {"GET", "/v1/status/x"}} {
		if code := s.raw(t, root, r[0], r[1], "{}"); code != ipc.UnknownVerb {
			t.Errorf("%s %s: %q", r[0], r[1], code)
		}
	}
}

// TestSomebodyElsesSession: another user sees that the VPN is in use, and not where it leads or whose it is.
func TestSomebodyElsesSession(t *testing.T) {
	s := serve(t)
	s.set(func(n *status.Snapshot) {
		*n = status.Snapshot{Version: 1, State: status.Active, Profile: "office", Owner: alice.Label(),
			Banner: "CANARY", Prompt: &status.Prompt{ID: "CANARY"}, Peers: []status.Peer{{Name: "CANARY"}},
			Diagnosis: &status.Diagnosis{Sentence: "CANARY"}, Warnings: []string{"CANARY"},
			Events: []status.Event{{Text: "CANARY"}}}
	})
	for _, c := range []ipc.Caller{bob, sitter, visitor} {
		for _, path := range []string{"status", "watch"} {
			got := s.look(t, c, path)
			if got.State != status.Active {
				t.Errorf("%s by %s: state %q", path, c.Name, got.State)
			}
			b, err := json.Marshal(got)
			if err != nil {
				t.Fatal(err)
			}
			for _, secret := range []string{"CANARY", "alice", "office"} {
				if bytes.Contains(b, []byte(secret)) {
					t.Errorf("%s shows %s to %s", path, secret, c.Name)
				}
			}
		}
	}
	for _, c := range []ipc.Caller{root, alice} {
		if got := s.look(t, c, "status"); got.Banner != "CANARY" || got.Owner != alice.Label() {
			t.Errorf("%s does not see the session", c.Name)
		}
	}
	err := s.up(t, bob)
	if err.Code != ipc.Busy || bytes.Contains([]byte(err.Sentence), []byte("alice")) {
		t.Errorf("busy tells bob %q", err.Sentence)
	}
}

func (s *served) look(t *testing.T, c ipc.Caller, path string) status.Snapshot {
	t.Helper()
	cl := s.client(t, c)
	if path == "status" {
		snap, err := cl.Status(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return snap
	}
	stream, err := cl.Watch(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer stream.Close()
	snap, err := stream.Next()
	if err != nil {
		t.Fatal(err)
	}
	return snap
}

func (s *served) up(t *testing.T, c ipc.Caller) *ipc.Error {
	t.Helper()
	writeProfile(t, s.dir, "office", goodProfile)
	_, err := s.client(t, c).Up(t.Context(), ipc.Up{Profile: "office"})
	e, ok := err.(*ipc.Error)
	if !ok {
		t.Fatalf("up: %v", err)
	}
	return e
}
