package service

import (
	"fmt"
	"log/slog"
	"strings"
	"time"
)

const (
	limitWindow = time.Minute
	limitLines  = 30  // of one kind in a window
	limitKinds  = 256 // that are counted; what is beyond shares one count
)

// lineLimit bounds how many lines of one kind are logged in a minute: what a stranger can bring about at will must not
// fill the disk, nor hide what else happens. Lines are of one kind if they differ in numbers only. Debug lines, which
// somebody asked for, are not bounded. It is not safe for concurrent use.
type lineLimit struct {
	kinds map[string]*lineKind
	held  bool // some kind holds lines back
	total uint64
}

type lineKind struct {
	since time.Time
	n     int
	held  int
	last  string // line that was held back
}

// take says whether a line is logged, and what is to be said before it: how many lines of ended windows were held back.
func (l *lineLimit) take(now time.Time, level slog.Level, message string) (ok bool, before []string) {
	before = l.ended(now)
	if level < slog.LevelInfo {
		return true, before
	}
	if l.kinds == nil {
		l.kinds = map[string]*lineKind{}
	}
	kind := level.String() + kindOf(message)
	k := l.kinds[kind]
	if k == nil {
		if len(l.kinds) >= limitKinds {
			l.forget(now)
		}
		if len(l.kinds) >= limitKinds {
			kind = ""
			k = l.kinds[kind]
		}
		if k == nil {
			k = &lineKind{since: now}
			l.kinds[kind] = k
		}
	}
	if now.Sub(k.since) >= limitWindow || now.Before(k.since) {
		k.since, k.n = now, 0
	}
	if k.n++; k.n <= limitLines {
		return true, before
	}
	k.held++
	k.last, l.held = message, true
	l.total++
	return false, before
}

// ended reports the windows that are over.
func (l *lineLimit) ended(now time.Time) (out []string) {
	if !l.held {
		return nil
	}
	l.held = false
	for _, k := range l.kinds {
		switch {
		case k.held == 0:
		case now.Sub(k.since) < limitWindow && !now.Before(k.since):
			l.held = true
		default:
			out = append(out, fmt.Sprintf("%d more lines like this within a minute were held back: %s", k.held, cut(k.last)))
			k.held = 0
		}
	}
	return out
}

// forget drops kinds that nobody heard of for a window.
func (l *lineLimit) forget(now time.Time) {
	for kind, k := range l.kinds {
		if k.held == 0 && now.Sub(k.since) >= limitWindow {
			delete(l.kinds, kind)
		}
	}
}

// kindOf is a message without its numbers, and no longer than it has to be.
func kindOf(message string) string {
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return -1
		}
		return r
	}, cutAt(message, 96))
}
