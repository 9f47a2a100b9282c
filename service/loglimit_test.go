package service

import (
	"bytes"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// TestLineLimit: a flood of one kind is cut, and counted when its minute is over; other kinds, other levels and debug
// lines are not touched.
func TestLineLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		b := NewLogbook(&out, slog.LevelDebug, false)
		defer b.close()
		var system lines
		b.Also(&system)
		for i := range 1000 {
			b.Warn(fmt.Sprintf("gateway %d says no", i), "n", i)
			b.Debug("seen", "n", i)
		}
		b.Error("gateway 7 says no")
		b.Info("up")
		count := func(s string) int { return strings.Count(out.String(), s) }
		if count("level=WARN") != limitLines || count("level=DEBUG") != 1000 || count("level=ERROR") != 1 || count("msg=up") != 1 {
			t.Errorf("%d warnings, %d debug lines, %d errors", count("level=WARN"), count("level=DEBUG"), count("level=ERROR"))
		}
		time.Sleep(limitWindow)
		b.Info("still up")
		want := fmt.Sprintf("%d more lines like this within a minute were held back: gateway 999 says no", 1000-limitLines)
		if count(want) != 1 || strings.Index(out.String(), want) > strings.Index(out.String(), "still up") {
			t.Errorf("no line %q before the next:\n%s", want, out.String()[max(0, out.Len()-400):])
		}
		b.Warn("gateway 1000 says no")
		if count("gateway 1000 says no") != 1 {
			t.Error("a new minute is bounded by the old one")
		}
		past, _ := b.Read(t.Context(), time.Time{})
		if n := len(past); n != bookLines && n < limitLines+1000 {
			t.Errorf("%d lines in the book", n)
		}
		if len(system.info) != 2 || len(system.warning) != limitLines+2 || len(system.err) != 1 {
			t.Errorf("the log of the system has %d, %d, %d lines", len(system.info), len(system.warning), len(system.err))
		}
	})
}

// TestLineLimitKinds: however many kinds somebody invents, the memory is bounded, and those that are known go on.
func TestLineLimitKinds(t *testing.T) {
	var l lineLimit
	now := time.Unix(0, 0)
	word := func(i int) string {
		return strings.Map(func(r rune) rune { return r - '0' + 'a' }, fmt.Sprintf("%06d", i))
	}
	let := 0
	for i := range 10 * limitKinds {
		if ok, _ := l.take(now, slog.LevelInfo, word(i)); ok {
			let++
		}
	}
	if len(l.kinds) > limitKinds+1 || let != limitKinds+limitLines {
		t.Errorf("%d kinds, %d lines", len(l.kinds), let)
	}
	if ok, _ := l.take(now, slog.LevelInfo, word(0)); !ok {
		t.Error("a kind that was there first is held back")
	}
	if ok, _ := l.take(now.Add(2*limitWindow), slog.LevelInfo, word(99999)); !ok || len(l.kinds) > 3 {
		t.Errorf("old kinds are not forgotten: %d", len(l.kinds))
	}
}

// lines is a log of the system.
type lines struct{ info, warning, err []string }

func (l *lines) Info(s string) error    { l.info = append(l.info, s); return nil }
func (l *lines) Warning(s string) error { l.warning = append(l.warning, s); return nil }
func (l *lines) Error(s string) error   { l.err = append(l.err, s); return nil }
func (l *lines) Close() error           { return nil }
