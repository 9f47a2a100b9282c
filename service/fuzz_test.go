//go:build linux || darwin

package service

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"ezvpn/client/status"
	"ezvpn/service/ipc"
)

// words are values that mean something to some verb, and values that must mean nothing to any.
var words = []string{"office", "q1", "password", "alice-pw", "192.0.2.1", "192.0.2.1:500", "2026-03-25T15:47:00Z", "",
	"../x", "/etc/passwd", "a/b", "CON", "nul.toml", "x\x00y", strings.Repeat("a", 300), "\u202eexe", "a.", "a:b",
	`\\h\s`, "debug", "dpd", "true", "0", "\x1b[2J", "{", "-1", "99999999999999999999", "peers", "connect = 'auto'\n",
	"user", "machine", "managed", "dpd.interval", "dpd.mode", "connect", "xauth.username", "group.key", "30", "periodic"}

// chooser makes choices from the fuzzer's bytes; when they are spent it chooses the first.
type chooser struct{ b []byte }

func (c *chooser) of(n int) int {
	if len(c.b) == 0 {
		return 0
	}
	x := int(c.b[0])
	c.b = c.b[1:]
	return x % n
}

// request makes a body that a verb could take: its names, with values of the right kind, and sometimes not.
func (c *chooser) request(t reflect.Type) []byte {
	if t == nil {
		return nil
	}
	if c.of(16) == 15 { // anything at all
		n := c.of(64)
		return c.b[:min(n, len(c.b))]
	}
	b, err := json.Marshal(c.value(t, 0))
	if err != nil {
		panic(err)
	}
	return b
}

func (c *chooser) value(t reflect.Type, depth int) any {
	if c.of(24) == 23 || depth > 4 {
		return []any{nil, 7, "x", true, []int{}, map[string]int{"a": 1}}[c.of(6)]
	}
	switch t.Kind() {
	case reflect.Struct:
		m := map[string]any{}
		for _, f := range reflect.VisibleFields(t) {
			name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			if name != "" && name != "-" && c.of(4) != 3 {
				m[name] = c.value(f.Type, depth+1)
			}
		}
		return m
	case reflect.Map:
		m := map[string]any{}
		for range c.of(4) {
			m[words[c.of(len(words))]] = c.value(t.Elem(), depth+1)
		}
		return m
	case reflect.Slice, reflect.Array:
		l := []any{}
		for range c.of(3) {
			l = append(l, c.value(t.Elem(), depth+1))
		}
		return l
	case reflect.Pointer:
		return c.value(t.Elem(), depth+1)
	case reflect.Bool:
		return c.of(2) == 1
	case reflect.String:
		return words[c.of(len(words))]
	case reflect.Int, reflect.Int64, reflect.Float64, reflect.Uint64, reflect.Uint32, reflect.Int32:
		return []int64{0, 1, 600, -1, 1 << 62}[c.of(5)]
	}
	return words[c.of(len(words))]
}

// once answers one request, and takes the caller of a stream away when the first line was sent.
type once struct {
	*httptest.ResponseRecorder
	leave func()
}

func (o once) Flush() { o.leave() }

// arenaStore has read the profiles in dir: what is sealed is sealed.
func arenaStore(dir string) *store {
	s := newStore(dir, "", filepath.Join(dir, "state"), slog.New(slog.DiscardHandler))
	s.refresh()
	s.settle(context.Background())
	return s
}

// arena is an API with a session that has something to lose.
type arena struct {
	s   *fakeSession
	a   *api
	dir string
}

func newArena(t testing.TB, dir string, c *chooser) *arena {
	owners := []string{"", alice.Label(), bob.Label(), MachineOwner, root.Label()}
	states := []status.State{status.ConnectRequired, status.XAuthRequired, status.Active, status.Blocked, status.Waiting}
	s := newFakeSession()
	s.snap = status.Snapshot{Version: 1, State: states[c.of(len(states))], Owner: owners[c.of(len(owners))],
		Time: time.Date(2026, 3, 25, 15, 47, 0, 0, time.UTC), Banner: "CANARY", Peers: []status.Peer{{Name: "CANARY"}},
		Prompt: &status.Prompt{ID: "q1", Fields: []status.PromptField{{Name: "password", Hidden: true}}}}
	if s.snap.Owner == "" {
		s.snap.Banner, s.snap.Peers, s.snap.State = "", nil, status.ConnectRequired
	}
	return &arena{s: s, a: testAPI(s, arenaStore(dir), slog.New(slog.DiscardHandler)), dir: dir}
}

// hash is over all that a verb could change: the session, and every file.
func (r *arena) hash(t testing.TB) string {
	r.s.mu.Lock()
	snap := r.s.snap
	r.s.mu.Unlock()
	snap.Time = time.Time{}
	return fmt.Sprintf("%+v %q", snap, files(t, r.dir))
}

// files is what every file below dir holds.
func files(t testing.TB, dir string) map[string]string {
	all := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		all[path] = string(b)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// trespass is a file that changed though it is not of this user's own layer; "" for none.
func trespass(before, after map[string]string, dir string, c ipc.Caller) string {
	own := filepath.Join(dir, "state", "users", c.User) + string(filepath.Separator)
	for _, pair := range [2][2]map[string]string{{before, after}, {after, before}} {
		for path, text := range pair[0] {
			if other, there := pair[1][path]; (other != text || !there) && !c.Admin && !strings.HasPrefix(path, own) {
				return path
			}
		}
	}
	return ""
}

// ask sends one request as this caller and gives the code of the refusal, and all that came.
func (r *arena) ask(t testing.TB, h http.Handler, c ipc.Caller, v verb, body []byte) (string, []byte) {
	ctx, cancel := context.WithCancel(ipc.WithCaller(context.Background(), c))
	defer cancel()
	q := httptest.NewRequestWithContext(ctx, v.method, v.path, bytes.NewReader(body))
	q.Header.Set("Content-Type", "application/json")
	w := once{httptest.NewRecorder(), cancel}
	h.ServeHTTP(w, q)
	var reply struct{ Error *ipc.Error }
	if w.Code != http.StatusOK {
		if err := json.Unmarshal(w.Body.Bytes(), &reply); err != nil || reply.Error == nil || reply.Error.Code == "" {
			t.Fatalf("%s: %d %s", v.path, w.Code, w.Body)
		}
		return reply.Error.Code, w.Body.Bytes()
	}
	return "", w.Body.Bytes()
}

// forbidden is security.md's table of levels, in words of its own: what this caller must not get from any verb of this
// level, whatever the request says.
func forbidden(l Level, c ipc.Caller, owner string) bool {
	member := c.User == alice.User || c.User == bob.User || c.User == sitter.User || c.Admin
	switch {
	case l == Look || c.Admin:
		return false
	case l == Use:
		return !member
	case l == Own:
		return !member || owner != "" && owner != MachineOwner && owner != c.Label()
	}
	return true
}

// inMemory is a directory where a sync costs nothing, if there is one: most of what a fuzzed request costs is syncs.
func inMemory(t testing.TB) string {
	dir, err := os.MkdirTemp("/dev/shm", "ezvpn-fuzz-")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return filepath.Join(dir, "profiles")
}

// FuzzVerbs: random requests of every verb, as valid callers and as invalid ones. Nothing is a panic; a caller without
// the level is refused; a refusal changes nothing; and nobody is shown a session of somebody else's.
func FuzzVerbs(f *testing.F) {
	for caller := range 5 {
		for i := range verbs {
			f.Add([]byte{2, 1, byte(caller), byte(i), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0})
			f.Add([]byte{1, 3, byte(caller), byte(i), 0, 0, 0, 0, 1, 0, 0, 1, 0, 3, 1, 2, 3, 4, 0, 5, 6, 7, 0, 8, 9})
		}
	}
	f.Add([]byte{2, 1, 1, 4, 15, '{', '"', 'p', '"', ':', '1', '}'})
	dir := inMemory(f)
	fresh := func(t testing.TB) {
		file := filepath.Join(dir, "office.toml")
		if err := errors.Join(os.RemoveAll(dir), os.Mkdir(dir, 0o755), os.Mkdir(filepath.Join(dir, "state"), 0o700),
			os.WriteFile(file, []byte(goodProfile), 0o600)); err != nil {
			t.Fatal(err)
		}
		arenaStore(dir)
	}
	fresh(f)
	first := (&arena{s: newFakeSession(), dir: dir}).hash(f)
	callers := []ipc.Caller{root, alice, bob, sitter, visitor}
	f.Fuzz(func(t *testing.T, data []byte) {
		if (&arena{s: newFakeSession(), dir: dir}).hash(t) != first {
			fresh(t)
		}
		c := &chooser{data}
		r := newArena(t, dir, c)
		h := r.a.handler()
		for range 8 {
			caller, v := callers[c.of(len(callers))], verbs[c.of(len(verbs))]
			body := c.request(shapes[v.path].in)
			owner, before, calls, had := r.s.Snapshot().Owner, r.hash(t), len(r.s.done()), files(t, r.dir)
			code, reply := r.ask(t, h, caller, v, body)
			switch {
			case forbidden(v.level, caller, owner) && code != ipc.NotAllowed && code != ipc.NotOwner:
				t.Fatalf("%s %s as %s, session of %q: %q", v.path, body, caller.Label(), owner, code)
			case code != "" && r.hash(t) != before:
				t.Fatalf("%s %s as %s: refused with %s, and something changed", v.path, body, caller.Label(), code)
			case (code == ipc.NotAllowed || code == ipc.NotOwner || code == ipc.BadRequest) && len(r.s.done()) != calls:
				t.Fatalf("%s %s as %s: refused with %s, after the session was asked", v.path, body, caller.Label(), code)
			case trespass(had, files(t, r.dir), r.dir, caller) != "":
				t.Fatalf("%s %s as %s changed %s", v.path, body, caller.Label(), trespass(had, files(t, r.dir), r.dir, caller))
			case code == ipc.Internal:
				t.Fatalf("%s %s: %s", v.path, body, reply)
			case forbidden(Own, caller, owner) && owner != "" && bytes.Contains(reply, []byte("CANARY")):
				t.Fatalf("%s shows %s the session of %q", v.path, caller.Label(), owner)
			}
			if len(c.b) == 0 {
				return
			}
		}
	})
}
