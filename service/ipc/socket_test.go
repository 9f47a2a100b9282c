//go:build linux || darwin

package ipc

import (
	"io"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
)

func TestSocketMode(t *testing.T) {
	path := filepath.Join(t.TempDir(), "run", "s")
	l, err := Listen(path)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	for p, want := range map[string]fs.FileMode{path: fs.ModeSocket | 0o666, filepath.Dir(path): fs.ModeDir | 0o755} {
		st, err := os.Lstat(p)
		if err != nil {
			t.Fatal(err)
		}
		if st.Mode() != want {
			t.Errorf("%s has mode %v, want %v", p, st.Mode(), want)
		}
	}
}

// TestSocketPlace: a living daemon keeps its socket, a dead one's is replaced, and nothing else is touched.
func TestSocketPlace(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "s")
	first, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Listen(path); err == nil || !strings.Contains(err.Error(), "another ezvpnd") {
		t.Errorf("over a living socket: %v", err)
	}
	first.SetUnlinkOnClose(false)
	first.Close() // as after kill -9
	second, err := Listen(path)
	if err != nil {
		t.Fatalf("over a dead socket: %v", err)
	}
	second.Close()
	for name, make := range map[string]func() error{
		"file": func() error { return os.WriteFile(path, []byte("mine"), 0o600) },
		"link": func() error { return os.Symlink(filepath.Join(dir, "elsewhere"), path) },
		"dir":  func() error { return os.Mkdir(path, 0o700) },
	} {
		if err := make(); err != nil {
			t.Fatal(err)
		}
		if _, err := Listen(path); err == nil || !strings.Contains(err.Error(), "not a socket") {
			t.Errorf("over a %s: %v", name, err)
		}
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chmod(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	if _, err := Listen(path); err == nil || !strings.Contains(err.Error(), "chmod 755") {
		t.Errorf("in a directory of everybody: %v", err)
	}
}

// TestLimits: one user cannot take all places, all users together cannot take root's.
func TestLimits(t *testing.T) {
	callers := make(chan Caller, 1)
	s, address := start(t, func(net.Conn) (Caller, error) { return <-callers, nil }, echo)
	var conns []net.Conn
	defer func() {
		for _, c := range conns {
			c.Close()
		}
	}()
	dial := func(user string) net.Conn {
		callers <- Caller{User: user, Admin: user == "0"}
		c, err := net.Dial("unix", address)
		if err != nil {
			t.Fatal(err)
		}
		conns = append(conns, c)
		return c
	}
	const request = "GET /v1/version HTTP/1.1\r\nHost: ezvpn\r\n\r\n"
	served := func(user string) string {
		c := dial(user)
		c.Write([]byte(request)) // one who is refused is answered before this
		return refusal(t, c)
	}
	for _, user := range []string{"1", "2", "3", "4"} {
		for i := range MaxUserConns {
			if got := served(user); got != "" {
				t.Fatalf("connection %d of user %s: %q", i, user, got)
			}
		}
		if got := served(user); got != TooMany {
			t.Errorf("connection %d of user %s: %q", MaxUserConns, user, got)
		}
	}
	if got := served("5"); got != TooMany {
		t.Errorf("connection %d in all: %q", MaxConns, got)
	}
	if got := served("0"); got != "" {
		t.Errorf("root is refused: %q", got)
	}
	conns[0].Close()
	l := s.listener.(*limiter)
	for free := false; !free; { // ends when the server notices, or the test's time is up
		l.mu.Lock()
		free = l.total < MaxConns
		l.mu.Unlock()
		runtime.Gosched()
	}
	if got := served("5"); got != "" {
		t.Errorf("after one left: %q", got)
	}
}

// TestLimitsOfThePipe: where a caller is known only by a first request, those who send none keep nobody out, and one
// user's places are counted as soon as they are known.
func TestLimitsOfThePipe(t *testing.T) {
	l, err := Listen(filepath.Join(t.TempDir(), "s"))
	if err != nil {
		t.Fatal(err)
	}
	var admin atomic.Bool
	callers := map[bool]Caller{false: {User: "1"}, true: {User: "0", Admin: true}}
	s := NewServer(l, func(net.Conn) (Caller, error) { return callers[admin.Load()], nil }, echo, slog.New(slog.DiscardHandler))
	s.listener.(*limiter).early = false
	ended := make(chan error, 1)
	go func() { ended <- s.Serve() }()
	var conns []net.Conn
	defer func() {
		for _, c := range conns {
			c.Close()
		}
		s.Shutdown(t.Context())
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}()
	dial := func(request string) net.Conn {
		c, err := net.Dial("unix", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		conns = append(conns, c)
		io.WriteString(c, request)
		return c
	}
	for range 2 * maxFresh {
		dial("")
	}
	const request = "GET /v1/version HTTP/1.1\r\nHost: ezvpn\r\n\r\n"
	for i := range MaxUserConns + 1 {
		want := ""
		if i == MaxUserConns {
			want = TooMany
		}
		c := dial(request)
		if got := refusal(t, c); got != want {
			t.Errorf("connection %d: %q", i, got)
		}
		if want != "" {
			if _, err := c.Read(make([]byte, 1)); err != io.EOF {
				t.Errorf("the refused connection stays: %v", err)
			}
		}
	}
	admin.Store(true)
	if got := refusal(t, dial(request)); got != "" {
		t.Errorf("an administrator: %q", got)
	}
	for _, c := range conns {
		c.Close()
	}
	for left := 1; left > 0; runtime.Gosched() { // ends when the server notices, or the test's time is up
		lim := s.listener.(*limiter)
		lim.mu.Lock()
		left = lim.total + len(lim.users) + len(lim.fresh)
		lim.mu.Unlock()
	}
}
