//go:build linux || darwin

package ipc

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
)

// start serves h on a socket of its own.
func start(t *testing.T, identify func(net.Conn) (Caller, error), h http.Handler) (*Server, string) {
	t.Helper()
	address := filepath.Join(t.TempDir(), "s")
	l, err := Listen(address)
	if err != nil {
		t.Fatal(err)
	}
	s := NewServer(l, identify, h, slog.New(slog.NewTextHandler(io.Discard, nil)))
	ended := make(chan error, 1)
	go func() { ended <- s.Serve() }()
	t.Cleanup(func() {
		s.Shutdown(t.Context())
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return s, address
}

var echo = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == PathVersion {
		Reply(w, Version{API: API, Daemon: "test"})
		return
	}
	if r.URL.Path == PathUp {
		var u Up
		if e := Read(w, r, &u); e != nil {
			Refuse(w, e)
			return
		}
		panic("a bug with " + u.Profile)
	}
	Reply(w, State{State: "X"})
})

// exchange writes bytes as they are and gives the code of the refusal, "" for none.
func exchange(t *testing.T, address, request string) string {
	t.Helper()
	c, err := net.Dial("unix", address)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := io.WriteString(c, request); err != nil {
		t.Fatal(err)
	}
	return refusal(t, c)
}

func refusal(t *testing.T, c net.Conn) string {
	t.Helper()
	res, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	var e envelope
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	if res.StatusCode == http.StatusBadRequest && json.Unmarshal(b, &e) != nil {
		return "http" // refused by net/http before we saw it
	}
	if err := json.Unmarshal(b, &e); err != nil {
		t.Fatalf("%s: %v", b, err)
	}
	if e.Error == nil {
		return ""
	}
	return e.Error.Code
}

// TestGuard: what a browser, a relay or another release would send is refused before any verb sees it.
func TestGuard(t *testing.T) {
	_, address := start(t, Identify, echo)
	head := "GET /v1/status HTTP/1.1\r\nHost: ezvpn\r\nEzvpn-Api: 1\r\n"
	for request, want := range map[string]string{
		head + "\r\n": "",
		"GET /v1/version HTTP/1.1\r\nHost: ezvpn\r\n\r\n":                 "",
		head + "Origin: https://example.com\r\n\r\n":                      WrongHost,
		head + "Origin: null\r\n\r\n":                                     WrongHost,
		head + "Referer: https://example.com\r\n\r\n":                     WrongHost,
		head + "Sec-Fetch-Site: cross-site\r\n\r\n":                       WrongHost,
		strings.Replace(head, "ezvpn\r", "localhost\r", 1) + "\r\n":       WrongHost,
		strings.Replace(head, "ezvpn\r", "ezvpn:80\r", 1) + "\r\n":        WrongHost,
		strings.Replace(head, "ezvpn\r", "\r", 1) + "\r\n":                WrongHost,
		strings.Replace(head, "Api: 1", "Api: 2", 1) + "\r\n":             VersionMismatch,
		"GET /v1/status HTTP/1.1\r\nHost: ezvpn\r\n\r\n":                  VersionMismatch,
		strings.Replace(head, "/v1/status", "/v1/status?x=1", 1) + "\r\n": BadRequest,
		"GET http://other/v1/status HTTP/1.1\r\nHost: ezvpn\r\n\r\n":      WrongHost,
		"hello\r\n\r\n": "http",
		"GET /v1/status HTTP/1.1\r\nHost: a\r\nHost: ezvpn\r\n\r\n": "http",
	} {
		if got := exchange(t, address, request); got != want {
			t.Errorf("%q: %q, want %q", request, got, want)
		}
	}
}

// TestPanicIsAnAnswer: a bug is counted, told, and the next request is served.
func TestPanicIsAnAnswer(t *testing.T) {
	s, address := start(t, Identify, echo)
	cl := NewClient(address)
	defer cl.Close()
	for i := range uint64(3) {
		_, err := cl.Up(t.Context(), Up{Profile: "office"})
		if codeOf(err) != Internal || s.Panics() != i+1 {
			t.Errorf("%v, %d counted", err, s.Panics())
		}
	}
	if _, err := cl.Status(t.Context()); err != nil {
		t.Error(err)
	}
}

func codeOf(err error) string {
	var e *Error
	if errors.As(err, &e) {
		return e.Code
	}
	return ""
}

func TestStranger(t *testing.T) {
	_, address := start(t, func(net.Conn) (Caller, error) { return Caller{}, errors.New("no credentials") }, echo)
	c, err := net.Dial("unix", address)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if got := refusal(t, c); got != NotIdentified {
		t.Errorf("%q", got)
	}
}

func TestUnreachable(t *testing.T) {
	cl := NewClient(filepath.Join(t.TempDir(), "none"))
	_, err := cl.Status(t.Context())
	if codeOf(err) != Unreachable || !strings.Contains(err.Error(), "ezvpnd run") {
		t.Errorf("%v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := cl.Status(ctx); !errors.Is(err, context.Canceled) && codeOf(err) != Unreachable {
		t.Errorf("%v", err)
	}
}

// TestOddAnswers: a client survives what is not a daemon.
func TestOddAnswers(t *testing.T) {
	for name, answer := range map[string]string{
		"nothing": "", "not HTTP": "hello\r\n", "other status": "HTTP/1.1 500 x\r\nContent-Length: 2\r\n\r\nhi",
		"redirect": "HTTP/1.1 302 x\r\nLocation: http://example.com/\r\nContent-Length: 0\r\n\r\n",
		"no JSON":  "HTTP/1.1 200 x\r\nContent-Length: 2\r\n\r\nhi",
		"cut off":  "HTTP/1.1 200 x\r\nContent-Length: 200\r\n\r\n{\"api\":",
		"empty":    "HTTP/1.1 403 x\r\nContent-Length: 2\r\n\r\n{}",
	} {
		l, err := Listen(filepath.Join(t.TempDir(), "s"))
		if err != nil {
			t.Fatal(err)
		}
		go func() {
			for {
				c, err := l.Accept()
				if err != nil {
					return
				}
				c.Read(make([]byte, 4096))
				io.WriteString(c, answer)
				c.Close()
			}
		}()
		cl := NewClient(l.Addr().String())
		_, err = cl.Status(t.Context())
		if c := codeOf(err); c != Unreachable && c != BadReply {
			t.Errorf("%s: %v", name, err)
		}
		cl.Close()
		l.Close()
	}
}

func TestCodesHaveAStatus(t *testing.T) {
	for _, c := range Codes() {
		if httpStatus[c] < 400 {
			t.Errorf("%s is answered with %d", c, httpStatus[c])
		}
	}
}
