package service

import (
	"context"
	"io"
	"log/slog"
	"sync"
)

// NewLog writes text lines. For the journal each line begins with its syslog priority, sd-daemon(3), and has no time
// of its own. The text form quotes control characters, so a record stays one line whatever a gateway put in it.
func NewLog(w io.Writer, level slog.Level, journal bool) *slog.Logger {
	if !journal {
		return slog.New(slog.NewTextHandler(w, &slog.HandlerOptions{Level: level}))
	}
	p := &prefixed{w: w}
	text := slog.NewTextHandler(p, &slog.HandlerOptions{Level: level, ReplaceAttr: withoutTime})
	return slog.New(journalHandler{text, p})
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

type journalHandler struct {
	slog.Handler
	out *prefixed
}

func (h journalHandler) Handle(ctx context.Context, r slog.Record) error {
	h.out.mu.Lock()
	defer h.out.mu.Unlock()
	h.out.prefix = priority(r.Level)
	return h.Handler.Handle(ctx, r)
}

func (h journalHandler) WithAttrs(a []slog.Attr) slog.Handler {
	return journalHandler{h.Handler.WithAttrs(a), h.out}
}

func (h journalHandler) WithGroup(name string) slog.Handler {
	return journalHandler{h.Handler.WithGroup(name), h.out}
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
