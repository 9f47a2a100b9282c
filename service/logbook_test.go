package service

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestLogbookKeepsTheLatest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		b := NewLogbook(&out, slog.LevelInfo, true)
		for range bookLines + 10 { // slowly enough to be of no flood
			b.Info("early")
			time.Sleep(3 * time.Second)
		}
		time.Sleep(time.Minute)
		b.With("caller", "alice").Warn("late", "n", 1)
		b.Debug("never")
		ctx, cancel := context.WithCancel(t.Context())
		past, live := b.Read(ctx, time.Now().Add(-time.Second))
		if len(past) != 1 || past[0].Level != "warn" || past[0].Text != "msg=late caller=alice n=1" || past[0].Serial != bookLines+11 {
			t.Errorf("the last second has %+v", past)
		}
		if all, _ := b.Read(ctx, time.Time{}); len(all) > bookLines || len(all) < bookLines/2 {
			t.Errorf("%d lines are kept", len(all))
		}
		b.Info("then\nthat")
		if l := <-live; l.Text != `msg="then\nthat"` || l.Level != "info" {
			t.Errorf("live: %+v", l)
		}
		cancel()
		synctest.Wait()
		if _, open := <-live; open {
			t.Error("the stream is not closed")
		}
		if !strings.Contains(out.String(), "<4>msg=late caller=alice n=1\n") || strings.Contains(out.String(), "never") {
			t.Errorf("the output has\n%s", out.String()[max(0, out.Len()-200):])
		}
	})
}

// A reader that does not read loses lines, and keeps nobody up.
func TestLogbookDoesNotWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := NewLogbook(io.Discard, slog.LevelDebug, true)
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		_, live := b.Read(ctx, time.Now())
		for range lineBacklog * 2 {
			b.Debug("line")
		}
		if n := len(live); n != lineBacklog {
			t.Errorf("%d lines wait", n)
		}
		cancel()
		synctest.Wait()
	})
}

func TestLogLevelFallsBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		b := NewLogbook(&out, slog.LevelInfo, true)
		b.SetLevel(slog.LevelDebug, 10*time.Minute)
		b.Debug("seen")
		if l := b.Level(); l.Level != "debug" || l.Default != "info" || time.Until(l.Until) != 10*time.Minute {
			t.Errorf("%+v", l)
		}
		time.Sleep(10*time.Minute + time.Second)
		b.Debug("unseen")
		if l := b.Level(); l.Level != "info" || !l.Until.IsZero() {
			t.Errorf("%+v", l)
		}
		if s := out.String(); !strings.Contains(s, "seen") || strings.Contains(s, "unseen") {
			t.Errorf("%s", s)
		}
		b.SetLevel(slog.LevelError, time.Hour)
		b.SetLevel(slog.LevelWarn, 0)
		time.Sleep(2 * time.Hour)
		if l := b.Level(); l.Level != "warn" {
			t.Errorf("a level without an end fell back: %+v", l)
		}
		b.close()
	})
}

// What a gateway wrote does not fill the log, and a disk that is full does not stop the daemon.
func TestLogbookBounds(t *testing.T) {
	b := NewLogbook(failing{}, slog.LevelInfo, false)
	b.Info("banner", "text", strings.Repeat("ä", 100000), "n", 7)
	past, _ := b.Read(t.Context(), time.Time{})
	if len(past) != 1 || len(past[0].Text) > 2*valueLimit || !strings.Contains(past[0].Text, "…") || !strings.HasSuffix(past[0].Text, "n=7") {
		t.Errorf("%d bytes: %.60s", len(past[0].Text), past[0].Text)
	}
}

type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, errors.New("no space left on device") }

// An error may carry what a gateway said, so it is cut as a text is.
func TestLogbookBoundsErrors(t *testing.T) {
	var out bytes.Buffer
	b := NewLogbook(&out, slog.LevelInfo, false)
	b.Error("refused", "err", errors.New(strings.Repeat("x", 10*valueLimit)))
	if n := strings.Count(out.String(), "x"); n != valueLimit {
		t.Errorf("%d bytes of the error were logged, want %d", n, valueLimit)
	}
}
