// Package proxy is the tunnel without rights: a session in this process with a userspace stack as its inside, and a
// SOCKS 5 and an HTTP proxy before it. Nothing that it carries leaves outside of the tunnel.
package proxy

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"
)

const (
	maxConns  = 512              // of one listener
	greetTime = 15 * time.Second // from the first byte to the whole request
	maxHeader = 64 << 10         // bytes of an HTTP request's header
)

// server carries connections between its listeners and the tunnel.
type server struct {
	route route
	creds credentials
	log   *slog.Logger

	wait sync.WaitGroup
}

// socks serves SOCKS 5 on l until ctx ends. It returns when l is closed; close waits for the rest.
func (s *server) socks(ctx context.Context, l net.Listener) error {
	l = limited(l)
	stop := context.AfterFunc(ctx, func() { l.Close() })
	defer stop()
	for {
		c, err := l.Accept()
		if err != nil {
			if ctx.Err() != nil || errors.Is(err, net.ErrClosed) {
				return nil
			}
			return err
		}
		s.wait.Go(func() {
			defer c.Close()
			defer context.AfterFunc(ctx, func() { c.Close() })()
			s.serveSOCKS(ctx, c)
		})
	}
}

func (s *server) serveSOCKS(ctx context.Context, c net.Conn) {
	c.SetDeadline(time.Now().Add(greetTime))
	if err := greet(c, s.creds); err != nil {
		s.log.Debug("socks", "err", err)
		return
	}
	host, port, err := request(c)
	var r refusal
	if err != nil {
		if errors.As(err, &r) {
			answer(c, r.reply)
		}
		s.log.Debug("socks", "err", err)
		return
	}
	far, err := s.route.dial(ctx, host, port)
	if err != nil {
		s.log.Info("refused", "target", net.JoinHostPort(host, port), "err", err)
		answer(c, replyOf(err))
		return
	}
	defer far.Close()
	if answer(c, replyOK) != nil {
		return
	}
	c.SetDeadline(time.Time{})
	relay(ctx, c, far)
}

// http serves CONNECT and requests with a whole URL on l until ctx ends (RFC 9110 sections 7.2 and 9.3.6).
func (s *server) http(ctx context.Context, l net.Listener) error {
	tr := &http.Transport{DisableCompression: true, MaxIdleConns: 64, IdleConnTimeout: time.Minute, ResponseHeaderTimeout: 5 * time.Minute,
		DialContext: func(ctx context.Context, _, address string) (net.Conn, error) {
			host, port, err := net.SplitHostPort(address)
			if err != nil {
				return nil, err
			}
			return s.route.dial(ctx, host, port)
		}}
	defer tr.CloseIdleConnections()
	h := &http.Server{Handler: &web{server: s, ctx: ctx, through: tr}, ReadHeaderTimeout: greetTime, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: maxHeader,
		ErrorLog: slog.NewLogLogger(s.log.Handler(), slog.LevelDebug), BaseContext: func(net.Listener) context.Context { return ctx }}
	l = limited(l)
	stop := context.AfterFunc(ctx, func() { l.Close() })
	defer stop()
	err := h.Serve(l)
	if ctx.Err() == nil {
		return err
	}
	end, cancel := context.WithTimeout(context.WithoutCancel(ctx), leaveTime)
	defer cancel()
	if h.Shutdown(end) != nil { // somebody has connected and said nothing yet
		h.Close()
	}
	return nil
}

// leaveTime is how long requests that were cut off have to end.
const leaveTime = 2 * time.Second

// close waits for all connections; they end with the context.
func (s *server) close() { s.wait.Wait() }

// relay copies both ways until both are done. What ends in one direction is ended in the other: half-closed connections
// stay so.
func relay(ctx context.Context, a, b net.Conn) {
	defer context.AfterFunc(ctx, func() { a.Close(); b.Close() })()
	var both sync.WaitGroup
	for _, way := range [][2]net.Conn{{a, b}, {b, a}} {
		both.Go(func() {
			buf := make([]byte, 128<<10)
			_, err := io.CopyBuffer(plainWriter{way[1]}, plainReader{way[0]}, buf)
			if w, ok := way[1].(interface{ CloseWrite() error }); ok && err == nil {
				w.CloseWrite()
				return
			}
			way[0].Close()
			way[1].Close()
		})
	}
	both.Wait()
}

// plainReader and plainWriter hide ReadFrom and WriteTo, which would fall back on small buffers.
type plainReader struct{ r io.Reader }

func (p plainReader) Read(b []byte) (int, error) { return p.r.Read(b) }

type plainWriter struct{ w io.Writer }

func (p plainWriter) Write(b []byte) (int, error) { return p.w.Write(b) }

// limited bounds how many connections of a listener are open.
func limited(l net.Listener) net.Listener {
	return &bounded{Listener: l, free: make(chan struct{}, maxConns), done: make(chan struct{})}
}

type bounded struct {
	net.Listener
	free chan struct{}
	done chan struct{}
	once sync.Once
}

func (b *bounded) Accept() (net.Conn, error) {
	select {
	case b.free <- struct{}{}:
	case <-b.done:
		return nil, net.ErrClosed
	}
	c, err := b.Listener.Accept()
	if err != nil {
		<-b.free
		return nil, err
	}
	return &counted{Conn: c, end: sync.OnceFunc(func() { <-b.free })}, nil
}

func (b *bounded) Close() error {
	b.once.Do(func() { close(b.done) })
	return b.Listener.Close()
}

type counted struct {
	net.Conn
	end func()
}

func (c *counted) Close() error {
	defer c.end()
	return c.Conn.Close()
}

// CloseWrite ends one direction.
func (c *counted) CloseWrite() error {
	if w, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return w.CloseWrite()
	}
	return c.Close()
}
