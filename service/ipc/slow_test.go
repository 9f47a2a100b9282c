//go:build linux || darwin

package ipc

import (
	"bufio"
	"bytes"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// pipes is a listener in memory, so that hours pass in virtual time.
type pipes struct {
	next chan net.Conn
	done chan struct{}
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.next:
		return c, nil
	case <-p.done:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error {
	select {
	case <-p.done:
	default:
		close(p.done)
	}
	return nil
}

func (p *pipes) Addr() net.Addr { return &net.UnixAddr{Net: "unix"} }

func (p *pipes) dial() net.Conn {
	ours, theirs := net.Pipe()
	p.next <- theirs
	return ours
}

// inMemory serves h to user 1001 until the end of the test.
func inMemory(t *testing.T, h http.Handler, log io.Writer) (*Server, *pipes) {
	p := &pipes{next: make(chan net.Conn), done: make(chan struct{})}
	s := NewServer(p, func(net.Conn) (Caller, error) { return Caller{User: "1001"}, nil }, h,
		slog.New(slog.NewTextHandler(log, nil)))
	ended := make(chan error, 1)
	go func() { ended <- s.Serve() }()
	t.Cleanup(func() {
		s.Shutdown(t.Context())
		<-ended
	})
	return s, p
}

// TestSlowSender: one byte every 9 s does not keep a connection: a whole request has 10 s, head and body together.
func TestSlowSender(t *testing.T) {
	for _, request := range []string{
		"GET /v1/status HTTP/1.1\r\nHost: ezvpn\r\n",
		"POST /v1/up HTTP/1.1\r\nHost: ezvpn\r\nEzvpn-Api: 1\r\nContent-Type: application/json\r\nContent-Length: 65536\r\n\r\n{",
		"POST /v1/up HTTP/1.1\r\nHost: ezvpn\r\nEzvpn-Api: 1\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n8\r\n",
	} {
		synctest.Test(t, func(t *testing.T) {
			_, p := inMemory(t, echo, io.Discard)
			c := p.dial()
			defer c.Close()
			if _, err := io.WriteString(c, request); err != nil {
				t.Fatal(err)
			}
			gone := make(chan time.Duration, 1)
			begin := time.Now()
			go func() {
				io.Copy(io.Discard, c) // an answer may come first
				gone <- time.Since(begin)
			}()
			drip := make(chan error, 1)
			go func() {
				for {
					time.Sleep(9 * time.Second)
					if _, err := c.Write([]byte{'x'}); err != nil {
						drip <- err
						return
					}
				}
			}()
			<-drip
			if at := <-gone; at > readTimeout+time.Second {
				t.Errorf("%.30q: cut after %v", request, at)
			}
		})
	}
}

// TestSilentCaller: a connection over which nothing comes is closed.
func TestSilentCaller(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, p := inMemory(t, echo, io.Discard)
		c, begin := p.dial(), time.Now()
		defer c.Close()
		io.Copy(io.Discard, c)
		if at := time.Since(begin); at > readTimeout {
			t.Errorf("cut after %v", at)
		}
	})
}

// TestReaderWhoStalls: who does not take an answer, or a line of a stream, is cut off after 2 s, wherever it stalls.
func TestReaderWhoStalls(t *testing.T) {
	stream := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == PathStatus {
			Reply(w, strings.Repeat("x", 1<<20))
			return
		}
		for lines := NewLines(w); ; {
			if lines.Send(State{State: "X"}) != nil {
				return
			}
		}
	})
	for _, path := range []string{PathStatus, PathWatch} {
		synctest.Test(t, func(t *testing.T) {
			ended := make(chan time.Duration, 1)
			begin := time.Now()
			_, p := inMemory(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				stream(w, r)
				ended <- time.Since(begin)
			}), io.Discard)
			c := p.dial()
			defer c.Close()
			if _, err := io.WriteString(c, "GET "+path+" HTTP/1.1\r\nHost: ezvpn\r\nEzvpn-Api: 1\r\n\r\n"); err != nil {
				t.Fatal(err)
			}
			if _, err := io.ReadFull(c, make([]byte, 100)); err != nil {
				t.Fatal(err)
			}
			if at := <-ended; at > writeTimeout+time.Second {
				t.Errorf("%s: cut after %v", path, at)
			}
		})
	}
}

// TestRefusalsDoNotFillTheLog: ten lines a user and minute, then one that counts the rest; and no text of the caller's
// beyond its path.
func TestRefusalsDoNotFillTheLog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		s, p := inMemory(t, echo, &log)
		c := p.dial()
		defer c.Close()
		go io.Copy(io.Discard, c)
		for range 1000 {
			if _, err := io.WriteString(c, "GET /v1/status HTTP/1.1\r\nHost: evil.example\r\n\r\n"); err != nil {
				c.Close()
				c = p.dial()
				go io.Copy(io.Discard, c)
			}
		}
		c.Close()
		time.Sleep(2 * auditTime)
		s.audit.stop()
		if n := strings.Count(log.String(), "msg=refused "); n > auditLines {
			t.Errorf("%d lines", n)
		}
		if !strings.Contains(log.String(), "refused more often than is logged") || strings.Contains(log.String(), "evil") {
			t.Errorf("the log is\n%s", log.String())
		}
	})
}

// TestLengths: what a head says of the length of its body is not believed, and not reserved; too much is refused
// before it comes.
func TestLengths(t *testing.T) {
	_, address := start(t, Identify, echo)
	head := "POST /v1/up HTTP/1.1\r\nHost: ezvpn\r\nEzvpn-Api: 1\r\nContent-Type: application/json\r\nContent-Length: "
	for length, want := range map[string]string{"0": BadRequest, "1": BadRequest, "65537": TooLarge, "2147483648": TooLarge,
		"4294967295": TooLarge, "9223372036854775807": TooLarge, "9223372036854775808": "http", "-1": "http", "+1": "http",
		"1, 2": "http", "x": "http"} {
		body := ""
		if length == "1" {
			body = "{"
		}
		if got := exchange(t, address, head+length+"\r\n\r\n"+body); got != want {
			t.Errorf("%s: %q, want %q", length, got, want)
		}
	}
}

// TestPipelining: a thousand requests at once over one connection are answered one after the other, in their order.
func TestPipelining(t *testing.T) {
	_, address := start(t, Identify, echo)
	c, err := net.Dial("unix", address)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	const n = 1000
	go func() {
		for i := range n {
			path := PathVersion
			if i%10 == 9 {
				path = "/v1/status?x"
			}
			io.WriteString(c, "GET "+path+" HTTP/1.1\r\nHost: ezvpn\r\n\r\n")
		}
	}()
	r := bufio.NewReader(c)
	for i := range n {
		res, err := http.ReadResponse(r, nil)
		if err != nil {
			t.Fatalf("answer %d: %v", i, err)
		}
		io.Copy(io.Discard, res.Body)
		res.Body.Close()
		if refused := res.StatusCode != http.StatusOK; refused != (i%10 == 9) {
			t.Fatalf("answer %d: %s", i, res.Status)
		}
	}
}
