package ipc

import (
	"context"
	"net"
	"sync"
	"time"
)

// Caller is who is at the other end of a connection, as the kernel attests it. Nothing in a request adds to it.
type Caller struct {
	User   string   // numeric user ID, or the SID on Windows
	Name   string   // for people; the numeric ID where no name is known
	Groups []string // numeric group IDs or SIDs that the caller's process holds
	Admin  bool     // root, an elevated administrator, or the account that the daemon itself runs under
}

// Label names the caller for status and log, and tells two callers apart: the user ID is part of it.
func (c Caller) Label() string {
	if c.Name == "" || c.Name == c.User {
		return "user " + c.User
	}
	return c.Name + " (" + c.User + ")"
}

// conn is one connection. Its caller is looked up once: the answer belongs to the connection, not to the moment.
type conn struct {
	net.Conn
	identify func(net.Conn) (Caller, error)
	named    func(*conn, Caller) error // told who it is, where that was not known at the begin; may refuse
	once     sync.Once
	caller   Caller
	err      error

	mu     sync.Mutex // guards below
	free   func()     // gives the place back; idempotent
	closed bool
}

func (c *conn) Caller() (Caller, error) {
	c.once.Do(func() {
		if c.caller, c.err = c.identify(c.Conn); c.err == nil && c.named != nil {
			c.err = c.named(c, c.caller)
		}
	})
	return c.caller, c.err
}

// Write gives up on a reader that does not take what is written, whether an answer or a line of a stream.
func (c *conn) Write(b []byte) (int, error) {
	if err := c.SetWriteDeadline(time.Now().Add(writeTimeout)); err != nil {
		return 0, err
	}
	return c.Conn.Write(b)
}

func (c *conn) Close() error {
	err := c.Conn.Close()
	c.mu.Lock()
	free := c.free
	c.closed = true
	c.mu.Unlock()
	if free != nil {
		free()
	}
	return err
}

type callerKey struct{}

// withConn remembers the connection for the requests that come over it.
func withConn(ctx context.Context, nc net.Conn) context.Context {
	c, ok := nc.(*conn)
	if !ok {
		return ctx
	}
	return context.WithValue(ctx, callerKey{}, c)
}

// WithCaller is for requests that come over no connection: those of tests.
func WithCaller(ctx context.Context, caller Caller) context.Context {
	c := &conn{caller: caller}
	c.once.Do(func() {})
	return context.WithValue(ctx, callerKey{}, c)
}

// CallerOf tells who sent the request with this context.
func CallerOf(ctx context.Context) (Caller, error) {
	c, ok := ctx.Value(callerKey{}).(*conn)
	if !ok {
		return Caller{}, errUnidentified
	}
	return c.Caller()
}

var errUnidentified = &Error{NotIdentified, "the system does not say who is calling",
	"connect through the local socket of the service, not through a relay"}
