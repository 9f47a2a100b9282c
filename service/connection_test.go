//go:build linux || darwin

package service

import (
	"io"
	"log/slog"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"ezvpn/service/ipc"
)

// doors is a listener in memory. Each connection is that of the caller it was made for.
type doors struct {
	next chan net.Conn
	done chan struct{}
	once sync.Once
}

type door struct {
	net.Conn
	caller ipc.Caller
}

func (d *doors) Accept() (net.Conn, error) {
	select {
	case c := <-d.next:
		return c, nil
	case <-d.done:
		return nil, net.ErrClosed
	}
}

func (d *doors) Close() error   { d.once.Do(func() { close(d.done) }); return nil }
func (d *doors) Addr() net.Addr { return &net.UnixAddr{Net: "unix"} }

func (d *doors) dial(c ipc.Caller) net.Conn {
	ours, theirs := net.Pipe()
	d.next <- door{theirs, c}
	return ours
}

// FuzzConnection: any bytes at all over a connection, of one who has rights and of one who has none. No bug is met, no
// connection stays, a visitor's bytes ask nothing of the session, and the next caller is served.
func FuzzConnection(f *testing.F) {
	const head = " HTTP/1.1\r\nHost: ezvpn\r\nEzvpn-Api: 1\r\nContent-Type: application/json\r\n"
	for _, v := range verbs {
		f.Add([]byte(v.method + " " + v.path + head + "Content-Length: 2\r\n\r\n{}"))
	}
	f.Add([]byte("POST /v1/up" + head + "Transfer-Encoding: chunked\r\n\r\n14\r\n{\"profile\":\"office\"}\r\n0\r\n\r\nGET /v1/status" + head + "\r\n"))
	f.Add([]byte("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"))
	f.Add([]byte("GET /v1/watch" + head + "Upgrade: h2c\r\nConnection: Upgrade\r\n\r\n"))
	f.Add([]byte{0, 0, 0, 4, '{', '}'})
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, c := range []ipc.Caller{alice, visitor} {
			l := &doors{next: make(chan net.Conn), done: make(chan struct{})}
			s, log := newFakeSession(), slog.New(slog.DiscardHandler)
			server := ipc.NewServer(l, func(c net.Conn) (ipc.Caller, error) { return c.(door).caller, nil },
				testAPI(s, arenaStore(dir), log).handler(), log)
			ended := make(chan error, 1)
			go func() { ended <- server.Serve() }()
			conn := l.dial(c)
			go io.Copy(io.Discard, conn)
			conn.SetWriteDeadline(time.Now().Add(time.Second)) // a server that has had enough does not read on
			conn.Write(data)
			conn.Close()
			next := l.dial(root)
			io.WriteString(next, "GET /v1/status"+head+"Connection: close\r\n\r\n")
			if b, err := io.ReadAll(next); err != nil || !strings.HasPrefix(string(b), "HTTP/1.1 200 ") {
				t.Fatalf("the next caller reads %q, %v", b, err)
			}
			next.Close()
			server.Shutdown(t.Context())
			if err := <-ended; err != nil || server.Panics() != 0 {
				t.Fatalf("%v, %d bugs", err, server.Panics())
			}
			if calls := s.done(); c.User == visitor.User && len(calls) != 0 {
				t.Fatalf("a visitor asked the session: %v", calls)
			}
		}
	})
}
