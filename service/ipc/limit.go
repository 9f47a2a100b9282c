package ipc

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"slices"
	"sync"
	"time"
)

const (
	// MaxConns is how many connections of all users but root are open at once.
	MaxConns = 64
	// MaxUserConns is how many of them one user may have. Root has a share of its own, so nobody can lock it out.
	MaxUserConns = 16
)

// maxFresh is how many connections wait to be identified, where that takes a first request: on Windows.
const maxFresh = 256

// limiter is a listener that answers those who ask too much, and those who are nobody, with a refusal.
type limiter struct {
	net.Listener
	identify func(net.Conn) (Caller, error)
	early    bool // the caller is known as soon as the connection is there
	audit    *audit

	mu    sync.Mutex // guards all below
	total int
	users map[string]int
	fresh []*conn // not identified yet, oldest first
}

func (l *limiter) Accept() (net.Conn, error) {
	for {
		nc, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		c := &conn{Conn: nc, identify: l.identify}
		if !l.early {
			l.await(c)
			return c, nil
		}
		caller, err := c.Caller()
		e := errUnidentified
		if err == nil {
			e = l.enter(caller.User, caller.Admin)
		}
		if e != nil {
			l.audit.refused(caller, "connect", e.Code)
			refuse(nc, e)
			continue
		}
		c.free = sync.OnceFunc(func() { l.leave(caller.User, caller.Admin) })
		return c, nil
	}
}

// await takes in a connection whose caller is not known yet. It counts for nobody until then, so that nobody can be
// kept out by those of others: when there are too many, the oldest has had the longest time to say something.
func (l *limiter) await(c *conn) {
	c.named, c.free = l.claim, func() { l.forget(c) }
	l.mu.Lock()
	var oldest *conn
	if len(l.fresh) == maxFresh {
		oldest, l.fresh = l.fresh[0], l.fresh[1:]
	}
	l.fresh = append(l.fresh, c)
	l.mu.Unlock()
	if oldest != nil {
		oldest.Conn.Close()
	}
}

// claim gives a connection its place among those of its caller.
func (l *limiter) claim(c *conn, caller Caller) error {
	l.forget(c)
	if e := l.enter(caller.User, caller.Admin); e != nil {
		return e
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.free = sync.OnceFunc(func() { l.leave(caller.User, caller.Admin) })
	if c.closed {
		c.free()
	}
	return nil
}

func (l *limiter) forget(c *conn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.fresh = slices.DeleteFunc(l.fresh, func(x *conn) bool { return x == c })
}

func (l *limiter) enter(user string, admin bool) *Error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !admin && l.total >= MaxConns {
		return &Error{TooMany, fmt.Sprintf("the service has %d open connections, the most it takes", MaxConns),
			"close other VPN windows and commands, then try again"}
	}
	if user != "" && l.users[user] >= MaxUserConns {
		return &Error{TooMany, fmt.Sprintf("you have %d connections to the service, the most for one user", MaxUserConns),
			"close other VPN windows and commands, then try again"}
	}
	l.users[user]++
	if !admin {
		l.total++
	}
	return nil
}

func (l *limiter) leave(user string, admin bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.users[user]--; l.users[user] == 0 {
		delete(l.users, user)
	}
	if !admin {
		l.total--
	}
}

// refuse answers before any request was read. The answer fits the buffer of a fresh socket, so this does not wait.
func refuse(c net.Conn, e *Error) {
	body, _ := json.Marshal(envelope{e})
	var b bytes.Buffer
	fmt.Fprintf(&b, "HTTP/1.1 %d %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\nConnection: close\r\n\r\n",
		httpStatus[e.Code], http.StatusText(httpStatus[e.Code]), len(body))
	b.Write(body)
	c.SetWriteDeadline(time.Now().Add(100 * time.Millisecond))
	c.Write(b.Bytes())
	c.Close()
}
