//go:build linux || darwin

package service

import (
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"ezvpn/client"
	"ezvpn/client/profile"
	"ezvpn/client/status"
	"ezvpn/service/ipc"
)

var debugBegan = time.Date(2026, 3, 25, 15, 17, 0, 0, time.UTC)

// debugging is a served session whose clock stands at debugBegan.
func debugging(t *testing.T) *served {
	t.Helper()
	s := serve(t)
	s.set(func(n *status.Snapshot) { n.Time = debugBegan })
	return s
}

// begin is a connect of this caller's.
func (s *served) begin(t *testing.T, owner string) {
	t.Helper()
	s.set(func(n *status.Snapshot) { n.State = status.ConnectRequired })
	if err := s.api.connect(&profile.Profile{Name: "office"}, "", client.ConnectOptions{Owner: owner}); err != nil {
		t.Fatal(err)
	}
}

// readLines gives the texts that come, and how the stream ended.
func readLines(stream *ipc.DebugStream, most int) (texts []string, err error) {
	for len(texts) < most {
		l, err := stream.Next()
		if err != nil {
			return texts, err
		}
		texts = append(texts, l.Text)
	}
	return texts, nil
}

// TestDebugSince: what is asked for reaches the session as a moment on its clock, and the answer ends.
func TestDebugSince(t *testing.T) {
	s := debugging(t)
	for i := range 5 {
		s.say(fmt.Sprint("line ", i)) // a second apart, the last at the present
	}
	for _, c := range []struct {
		ask  ipc.Debug
		want string
	}{
		{ipc.Debug{SinceSeconds: 600}, "[line 0 line 1 line 2 line 3 line 4]"},
		{ipc.Debug{SinceSeconds: 2}, "[line 3 line 4]"},
		{ipc.Debug{}, "[]"},
		{ipc.Debug{Since: "2026-03-25T15:17:04Z"}, "[line 3 line 4]"},
		{ipc.Debug{Since: "2026-03-25T16:17:04+01:00"}, "[line 3 line 4]"},
		{ipc.Debug{Since: "1970-01-01T00:00:00Z"}, "[line 0 line 1 line 2 line 3 line 4]"},
		{ipc.Debug{Since: "2999-01-01T00:00:00Z"}, "[]"},
	} {
		stream, err := s.client(t, alice).Debug(t.Context(), c.ask)
		if err != nil {
			t.Fatal(err)
		}
		texts, err := readLines(stream, 100)
		if got := fmt.Sprint(texts); got != c.want || err != io.EOF {
			t.Errorf("%+v: %s, %v, want %s", c.ask, got, err, c.want)
		}
		stream.Close()
	}
	s.nobodyReads()
}

// nobodyReads returns when the session has no reader left; the test's time bounds it.
func (s *served) nobodyReads() {
	for left := 1; left > 0; {
		s.fakeSession.mu.Lock()
		left = len(s.readers)
		s.fakeSession.mu.Unlock()
	}
}

func TestDebugRefuses(t *testing.T) {
	s := debugging(t)
	for _, body := range []string{``, `{`, `{"since_seconds":-1}`, `{"since_seconds":1e30}`, `{"since_seconds":99999999999}`, `{"since_seconds":1.5}`,
		`{"since_seconds":"600"}`, `{"since":600}`, `{"since":"10m"}`, `{"since":"yesterday"}`, `{"since":"2026-03-25"}`, `{"follow":"yes"}`,
		`{"since":"2026-03-25T15:17:04Z","since_seconds":1}`, `{"what":"isakmp"}`, `{"follow":false}{}`} {
		if got := s.raw(t, root, "POST", ipc.PathDebug, body); got != ipc.BadRequest {
			t.Errorf("%.60s: %q", body, got)
		}
	}
	if calls := s.done(); len(calls) != 0 {
		t.Errorf("the session was called: %v", calls)
	}
	if got := s.raw(t, root, "POST", ipc.PathDebug+"?since=10m", "{}"); got != ipc.BadRequest {
		t.Errorf("a query string: %q", got)
	}
}

// TestDebugFollow: past lines, then live ones, in order and without a gap; commands go on meanwhile; the session
// forgets a reader whose connection is gone.
func TestDebugFollow(t *testing.T) {
	s := debugging(t)
	s.begin(t, alice.Label())
	s.say("past")
	cl := s.client(t, alice)
	stream, err := cl.Debug(t.Context(), ipc.Debug{SinceSeconds: 60, Follow: true})
	if err != nil {
		t.Fatal(err)
	}
	if texts, err := readLines(stream, 1); err != nil || texts[0] != "past" {
		t.Fatal(texts, err)
	}
	if _, err := cl.Clear(t.Context(), ipc.Clear{}); err != nil { // waits for nobody who reads
		t.Error(err)
	}
	s.say("live 1")
	s.say("live 2")
	if texts, err := readLines(stream, 2); fmt.Sprint(texts, err) != "[live 1 live 2] <nil>" {
		t.Error(texts, err)
	}
	stream.Close()
	s.nobodyReads()
}

// TestDebugBegins: a reader to whom nothing is said knows that the stream stands.
func TestDebugBegins(t *testing.T) {
	s := debugging(t)
	stream, err := s.client(t, root).Debug(t.Context(), ipc.Debug{Follow: true})
	if err != nil {
		t.Fatal(err)
	}
	stream.Close()
}

// TestDebugSlowReader: who does not read holds nobody up, and sees the gap in the serials.
func TestDebugSlowReader(t *testing.T) {
	s := debugging(t)
	stream, err := s.client(t, root).Debug(t.Context(), ipc.Debug{Follow: true})
	if err != nil {
		t.Fatal(err)
	}
	defer stream.Close()
	long := strings.Repeat("x", 64<<10)
	for range 1000 { // 64 MiB in all: more than any socket buffers
		s.say(long)
	}
	for last, gap := uint64(0), uint64(0); gap == 0; {
		l, err := stream.Next()
		if err != nil {
			t.Fatal(err)
		}
		if l.Serial <= last {
			t.Fatalf("serial %d after %d", l.Serial, last)
		}
		gap, last = l.Serial-last-1, l.Serial
		s.say("more") // so that there is a line behind the gap
	}
}

// TestDebugOfSomebodyElse: lines are for who owns the session that they are about, whoever asks and whenever.
func TestDebugOfSomebodyElse(t *testing.T) {
	s := debugging(t)
	s.say("before any session")
	s.begin(t, alice.Label())
	s.say("alice 1")
	s.begin(t, bob.Label())
	s.say("bob")
	s.begin(t, alice.Label())
	s.say("alice 2")
	s.begin(t, MachineOwner)
	s.say("machine")
	s.set(func(n *status.Snapshot) { n.State, n.Owner = status.ConnectRequired, "" }) // nobody's: all who may use may ask
	for _, c := range []struct {
		as   ipc.Caller
		want string
	}{
		{root, "[before any session alice 1 bob alice 2 machine]"},
		{alice, "[alice 2 machine]"}, // and not alice 1: bob's line between them would look lost
		{bob, "[machine]"},
		{sitter, "[machine]"},
	} {
		stream, err := s.client(t, c.as).Debug(t.Context(), ipc.Debug{SinceSeconds: 600})
		if err != nil {
			t.Fatal(err)
		}
		if texts, err := readLines(stream, 100); fmt.Sprint(texts) != c.want || err != io.EOF {
			t.Errorf("%s reads %v, %v, want %s", c.as.Name, texts, err, c.want)
		}
		stream.Close()
	}
	if _, err := s.client(t, visitor).Debug(t.Context(), ipc.Debug{SinceSeconds: 600}); code(err) != ipc.NotAllowed {
		t.Errorf("visitor: %v", err)
	}
}

// TestDebugEndsForTheFormerOwner: who follows when somebody else connects reads nothing of that session.
func TestDebugEndsForTheFormerOwner(t *testing.T) {
	s := debugging(t)
	s.begin(t, bob.Label())
	streams := map[string]*ipc.DebugStream{}
	for _, c := range []ipc.Caller{root, bob} {
		stream, err := s.client(t, c).Debug(t.Context(), ipc.Debug{Follow: true})
		if err != nil {
			t.Fatal(err)
		}
		defer stream.Close()
		streams[c.Name] = stream
	}
	s.say("bob")
	s.begin(t, alice.Label())
	s.say("CANARY")
	if texts, err := readLines(streams["root"], 2); fmt.Sprint(texts, err) != "[bob CANARY] <nil>" {
		t.Errorf("root reads %v, %v", texts, err)
	}
	if texts, err := readLines(streams["bob"], 3); fmt.Sprint(texts) != "[bob]" || code(err) != ipc.NotOwner || strings.Contains(err.Error(), "alice") {
		t.Errorf("bob reads %v, %v", texts, err)
	}
}

// TestOwnersAreBounded: what is forgotten is for administrators.
func TestOwnersAreBounded(t *testing.T) {
	var o owners
	at := func(i int) time.Time { return debugBegan.Add(time.Duration(i) * time.Second) }
	for i := range 10 * maxSpans {
		o.add(at(i), fmt.Sprint(i))
	}
	if n := 10*maxSpans - 1; len(o.spans) > maxSpans || o.of(at(n)) != fmt.Sprint(n) || o.of(at(n+7)) != fmt.Sprint(n) {
		t.Errorf("%d spans, the last is of %s", len(o.spans), o.of(at(n)))
	}
	a := api{authority: testAuthority}
	for _, c := range []ipc.Caller{root, alice, sitter} {
		if e := a.mayReadOf(c, o.of(at(0))); (e == nil) != c.Admin {
			t.Errorf("%s: %v", c.Name, e)
		}
	}
}
