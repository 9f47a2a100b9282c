package ipc

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"runtime/debug"
	"strconv"
	"sync/atomic"
	"time"
)

const (
	readTimeout  = 10 * time.Second // for a whole request
	writeTimeout = 2 * time.Second  // for what is written at once; it begins when the buffer of the socket is full
	idleTimeout  = 2 * time.Minute
	maxHeader    = 8 << 10
)

// Server answers on one listener.
type Server struct {
	http     http.Server
	listener net.Listener
	stop     context.CancelFunc // ends the streams
	log      *slog.Logger
	audit    *audit
	panics   atomic.Uint64
}

// NewServer guards h: what reaches it comes from an identified local caller and from no browser. identify is
// Identify, but in tests.
func NewServer(l net.Listener, identify func(net.Conn) (Caller, error), h http.Handler, log *slog.Logger) *Server {
	ctx, stop := context.WithCancel(context.Background())
	audit := &audit{log: log}
	s := &Server{listener: &limiter{Listener: l, identify: identify, early: callerEarly, audit: audit, users: map[string]int{}}, stop: stop,
		log: log, audit: audit}
	s.http = http.Server{
		Handler:           s.guard(h),
		ReadHeaderTimeout: readTimeout,
		ReadTimeout:       readTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeader,
		BaseContext:       func(net.Listener) context.Context { return ctx },
		ConnContext:       withConn,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
	return s
}

// Serve runs until Shutdown; then it returns nil.
func (s *Server) Serve() error {
	if err := s.http.Serve(s.listener); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serving the local socket: %w", err)
	}
	return nil
}

// Shutdown ends the streams, waits for requests under way until ctx ends, then closes what is left.
func (s *Server) Shutdown(ctx context.Context) {
	s.stop()
	if s.http.Shutdown(ctx) != nil {
		s.http.Close()
	}
	s.listener.Close() // also when Serve was never called
	s.audit.stop()
}

// Panics is how many requests met a bug of ours.
func (s *Server) Panics() uint64 { return s.panics.Load() }

// guard refuses what no client of ours sends, and survives what we got wrong.
func (s *Server) guard(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a := &answer{ResponseWriter: w}
		defer s.recover(a, r)
		if e := check(r); e != nil {
			if e.Code == TooMany || e.Code == NotIdentified {
				a.Header().Set("Connection", "close") // one that counts for nobody does not stay
			}
			Refuse(a, e)
		} else {
			h.ServeHTTP(a, r)
		}
		if a.code != "" {
			c, _ := CallerOf(r.Context()) // check saw to it, or it is the refusal
			s.audit.refused(c, fmt.Sprintf("%.40s", r.URL.Path), a.code)
		}
	})
}

func (s *Server) recover(w http.ResponseWriter, r *http.Request) {
	p := recover()
	if p == nil {
		return
	}
	if p == http.ErrAbortHandler {
		panic(p)
	}
	s.panics.Add(1)
	s.log.Error("a request met a bug", "path", r.URL.Path, "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
	Refuse(w, &Error{Internal, "the service met a bug of its own while it answered",
		"look at its log, and report what it says"})
}

func check(r *http.Request) *Error {
	if r.Host != Host || r.URL.IsAbs() {
		return &Error{WrongHost, "this socket is not a web server", "use the ezvpn command"}
	}
	for _, h := range []string{"Origin", "Referer", "Sec-Fetch-Site"} {
		if r.Header.Get(h) != "" {
			return &Error{WrongHost, "requests from web pages are refused", "use the ezvpn command"}
		}
	}
	if _, err := CallerOf(r.Context()); err != nil {
		if e, ok := errors.AsType[*Error](err); ok {
			return e
		}
		return errUnidentified
	}
	if r.URL.RawQuery != "" {
		return &Error{BadRequest, "no verb takes a query string", "send what you mean as JSON"}
	}
	if r.URL.Path == PathVersion {
		return nil // whoever asks this wants to find out
	}
	if v := r.Header.Get(HeaderAPI); v != strconv.Itoa(API) {
		return mismatch(v, strconv.Itoa(API))
	}
	return nil
}
