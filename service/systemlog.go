package service

import (
	"io"
	"log/slog"
)

// systemLog is the log of the system, as it is on Windows (the event log) and elsewhere (syslog, which macOS keeps with
// its own).
type systemLog interface {
	Info(line string) error
	Warning(line string) error
	Error(line string) error
	io.Closer
}

// Also gives every line from Info on to the log of the system too, but those that it has already through the journal.
// What it does not take is lost there, and nothing else. Close ends it.
func (b *Logbook) Also(s systemLog) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.system = s
}

// tellSystem is called with mu held: lines keep their order.
func (b *Logbook) tellSystem(l slog.Level, line string) {
	if b.system == nil || l < slog.LevelInfo {
		return
	}
	tell := b.system.Info
	switch {
	case l >= slog.LevelError:
		tell = b.system.Error
	case l >= slog.LevelWarn:
		tell = b.system.Warning
	}
	_ = tell(line) // there is nowhere left to say so
}
