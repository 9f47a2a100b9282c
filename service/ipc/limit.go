package ipc

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"
)

const (
	// MaxConns is how many connections of all users but root are open at once.
	MaxConns = 64
	// MaxUserConns is how many of them one user may have. Root has a share of its own, so nobody can lock it out.
	MaxUserConns = 16
)

// limiter is a listener that answers those who ask too much, and those who are nobody, with a refusal.
type limiter struct {
	net.Listener
	identify func(net.Conn) (Caller, error)
	audit    *audit

	mu    sync.Mutex // guards total and users
	total int
	users map[string]int
}

func (l *limiter) Accept() (net.Conn, error) {
	for {
		nc, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		c := &conn{Conn: nc, identify: l.identify}
		var caller Caller
		if callerEarly {
			if caller, err = c.Caller(); err != nil {
				l.refuse(c, caller, errUnidentified)
				continue
			}
		}
		user, admin := caller.User, caller.Admin
		if e := l.enter(user, admin); e != nil {
			l.refuse(c, caller, e)
			continue
		}
		c.free = sync.OnceFunc(func() { l.leave(user, admin) })
		return c, nil
	}
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

func (l *limiter) refuse(c net.Conn, caller Caller, e *Error) {
	l.audit.refused(caller, "connect", e.Code)
	refuse(c, e)
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
