package service

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"ezvpn/service/ipc"
)

const (
	bookLines   = 2000    // that are kept in memory
	bookLine    = 4 << 10 // bytes of one
	lineBacklog = 256     // lines that wait for a slow reader
	valueLimit  = 1 << 10 // bytes of one value of a line
)

// Logbook is where the daemon's log lines go: to its output, and the latest of them into memory for administrators who
// ask. Its level can be changed while the daemon runs.
type Logbook struct {
	*slog.Logger
	level slog.LevelVar
	base  slog.Level // what the level falls back to

	mu      sync.Mutex // guards below; and the order of lines
	limit   lineLimit
	system  systemLog // nil for none
	lines   []ipc.LogLine
	serial  uint64
	readers map[chan ipc.LogLine]struct{}
	until   time.Time // when the level falls back; zero for never
	timer   *time.Timer
}

// NewLogbook logs to w what has this level or more. See NewLog for what the lines look like.
func NewLogbook(w io.Writer, level slog.Level, journal bool) *Logbook {
	b := &Logbook{base: level, readers: map[chan ipc.LogLine]struct{}{}}
	b.level.Set(level)
	b.Logger = slog.New(&bookHandler{Handler: NewLog(w, &b.level, journal).Handler(), book: b, text: newLineText()})
	return b
}

// bookHandler gives a record to the output, and its text to the book.
type bookHandler struct {
	slog.Handler
	book *Logbook
	text *lineText
}

func (h *bookHandler) Handle(ctx context.Context, r slog.Record) error {
	r = bounded(r)
	h.book.mu.Lock()
	ok, held := h.book.limit.take(r.Time, r.Level, r.Message)
	h.book.mu.Unlock()
	for _, line := range held {
		h.write(ctx, slog.NewRecord(r.Time, slog.LevelWarn, line, 0))
	}
	if !ok {
		return nil
	}
	return h.write(ctx, r)
}

func (h *bookHandler) write(ctx context.Context, r slog.Record) error {
	h.book.add(r.Time, r.Level, h.text.of(ctx, r))
	return h.Handler.Handle(ctx, r) // on a full disk the line is lost, and nothing else
}

func (h *bookHandler) WithAttrs(a []slog.Attr) slog.Handler {
	a = boundedAttrs(a)
	return &bookHandler{h.Handler.WithAttrs(a), h.book, h.text.with(func(t slog.Handler) slog.Handler { return t.WithAttrs(a) })}
}

func (h *bookHandler) WithGroup(name string) slog.Handler {
	return &bookHandler{h.Handler.WithGroup(name), h.book, h.text.with(func(t slog.Handler) slog.Handler { return t.WithGroup(name) })}
}

// bounded cuts texts that are too long: a gateway may have made them.
func bounded(r slog.Record) slog.Record {
	out := slog.NewRecord(r.Time, r.Level, cut(r.Message), r.PC)
	r.Attrs(func(a slog.Attr) bool {
		out.AddAttrs(boundedAttr(a))
		return true
	})
	return out
}

func boundedAttr(a slog.Attr) slog.Attr {
	a.Value = a.Value.Resolve()
	switch a.Value.Kind() {
	case slog.KindString:
		a.Value = slog.StringValue(cut(a.Value.String()))
	case slog.KindAny: // fmt bears a nil pointer too
		a.Value = slog.StringValue(cut(fmt.Sprint(a.Value.Any())))
	case slog.KindGroup:
		var group []slog.Attr
		for _, x := range a.Value.Group() {
			group = append(group, boundedAttr(x))
		}
		a.Value = slog.GroupValue(group...)
	}
	return a
}

func boundedAttrs(in []slog.Attr) []slog.Attr {
	out := make([]slog.Attr, len(in))
	for i, a := range in {
		out[i] = boundedAttr(a)
	}
	return out
}

func cut(s string) string {
	if len(s) <= valueLimit {
		return s
	}
	return cutAt(s, valueLimit) + "…"
}

// cutAt gives at most n bytes of s, and no half character.
func cutAt(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}

// lineText renders a record as one line without time and level.
type lineText struct {
	mu  *sync.Mutex // guards buf
	buf *bytes.Buffer
	h   slog.Handler
}

func newLineText() *lineText {
	buf := &bytes.Buffer{}
	return &lineText{mu: &sync.Mutex{}, buf: buf, h: slog.NewTextHandler(buf, &slog.HandlerOptions{Level: slog.LevelDebug - 8, ReplaceAttr: withoutTime})}
}

func (t *lineText) with(f func(slog.Handler) slog.Handler) *lineText {
	return &lineText{mu: t.mu, buf: t.buf, h: f(t.h)}
}

func (t *lineText) of(ctx context.Context, r slog.Record) string {
	if _, cisco := ciscoSeverity(r.Message); cisco {
		return ciscoLine(r.Message)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.buf.Reset()
	t.h.Handle(ctx, r)
	s := strings.TrimSuffix(t.buf.String(), "\n")
	return cutAt(s, bookLine)
}

func (b *Logbook) add(at time.Time, level slog.Level, text string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.serial++
	l := ipc.LogLine{Serial: b.serial, Time: at, Level: levelWord(level), Text: text}
	if len(b.lines) == bookLines {
		b.lines = b.lines[:copy(b.lines, b.lines[bookLines/4:])]
	}
	b.lines = append(b.lines, l)
	b.tellSystem(level, text)
	for r := range b.readers {
		select {
		case r <- l:
		default: // the gap in the serials tells that it was lost
		}
	}
}

// Read gives the lines since a moment that are kept, and those that come until ctx ends.
func (b *Logbook) Read(ctx context.Context, since time.Time) (past []ipc.LogLine, live <-chan ipc.LogLine) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, l := range b.lines {
		if !l.Time.Before(since) {
			past = append(past, l)
		}
	}
	c := make(chan ipc.LogLine, lineBacklog)
	b.readers[c] = struct{}{}
	context.AfterFunc(ctx, func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		delete(b.readers, c)
		close(c)
	})
	return past, c
}

// SetLevel changes the level, for a time or, with 0, until the daemon stops.
func (b *Logbook) SetLevel(l slog.Level, d time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.timer != nil {
		b.timer.Stop()
		b.timer, b.until = nil, time.Time{}
	}
	b.level.Set(l)
	if d > 0 && l != b.base {
		b.until = time.Now().Add(d)
		var timer *time.Timer
		timer = time.AfterFunc(d, func() { b.fallBack(&timer) })
		b.timer = timer
	}
}

// fallBack ends a level that was for a time, unless another one was asked for meanwhile.
func (b *Logbook) fallBack(of **time.Timer) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.timer != *of || b.timer == nil {
		return
	}
	b.level.Set(b.base)
	b.timer, b.until = nil, time.Time{}
}

// Level is the level in force, when it falls back, and to what.
func (b *Logbook) Level() ipc.LogLevelNow {
	b.mu.Lock()
	defer b.mu.Unlock()
	return ipc.LogLevelNow{Level: levelWord(b.level.Level()), Until: b.until, Default: levelWord(b.base)}
}

// close ends what waits for its time.
func (b *Logbook) close() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.timer != nil {
		b.timer.Stop()
	}
	if b.system != nil {
		b.system.Close()
		b.system = nil
	}
}

func levelWord(l slog.Level) string {
	switch {
	case l >= slog.LevelError:
		return "error"
	case l >= slog.LevelWarn:
		return "warn"
	case l >= slog.LevelInfo:
		return "info"
	}
	return "debug"
}

// levelOf reads a word of ipc.LogLevels.
func levelOf(word string) (l slog.Level, ok bool) {
	switch word {
	case "debug":
		return slog.LevelDebug, true
	case "info":
		return slog.LevelInfo, true
	case "warn":
		return slog.LevelWarn, true
	case "error":
		return slog.LevelError, true
	}
	return 0, false
}
