package service

import (
	"context"
	"io"
	"log/slog"
	"sync"

	"ezvpn/client/status"
)

// NewLog writes text lines. For the journal each line begins with its syslog priority, sd-daemon(3), and has no time
// of its own. The text form quotes control characters, so a record stays one line whatever a gateway put in it.
//
// A message in the wording of Cisco IOS, "%CRYPTO-5-SESSION_STATUS: …", comes out bare, so that what reads the logs of
// routers reads ours: its priority is the number in it, and its attributes are left out. Outside of the journal it has
// the time as on a router.
func NewLog(w io.Writer, level slog.Leveler, journal bool) *slog.Logger {
	p, o := &prefixed{w: w}, &slog.HandlerOptions{Level: level}
	if journal {
		o.ReplaceAttr = withoutTime
	}
	return slog.New(logHandler{slog.NewTextHandler(p, o), p, journal})
}

func withoutTime(groups []string, a slog.Attr) slog.Attr {
	if len(groups) == 0 && (a.Key == slog.TimeKey || a.Key == slog.LevelKey) {
		return slog.Attr{}
	}
	return a
}

// prefixed puts a priority before each line.
type prefixed struct {
	mu     sync.Mutex // guards prefix and the order of lines
	w      io.Writer
	prefix string
}

func (p *prefixed) Write(b []byte) (int, error) {
	if _, err := p.w.Write(append([]byte(p.prefix), b...)); err != nil {
		return 0, err
	}
	return len(b), nil
}

type logHandler struct {
	slog.Handler
	out     *prefixed
	journal bool
}

func (h logHandler) Handle(ctx context.Context, r slog.Record) error {
	h.out.mu.Lock()
	defer h.out.mu.Unlock()
	severity, cisco := ciscoSeverity(r.Message)
	switch {
	case h.journal && cisco:
		h.out.prefix = "<" + string(severity) + ">"
	case h.journal:
		h.out.prefix = priority(r.Level)
	case cisco:
		h.out.prefix = status.CiscoTime(r.Time.Local())
	default:
		h.out.prefix = ""
	}
	if cisco {
		_, err := io.WriteString(h.out, ciscoLine(r.Message)+"\n")
		return err
	}
	return h.Handler.Handle(ctx, r)
}

func (h logHandler) WithAttrs(a []slog.Attr) slog.Handler {
	h.Handler = h.Handler.WithAttrs(a)
	return h
}

func (h logHandler) WithGroup(name string) slog.Handler {
	h.Handler = h.Handler.WithGroup(name)
	return h
}

func priority(l slog.Level) string {
	switch {
	case l >= slog.LevelError:
		return "<3>"
	case l >= slog.LevelWarn:
		return "<4>"
	case l >= slog.LevelInfo:
		return "<6>"
	}
	return "<7>"
}
