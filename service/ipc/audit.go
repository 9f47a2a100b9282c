package ipc

import (
	"log/slog"
	"net/http"
	"sync"
	"time"
)

const (
	// auditLines is how many refusals of one user are logged in auditTime; of the rest, one line tells how many.
	auditLines = 10
	auditTime  = time.Minute
	// auditUsers bounds the users that are told apart in auditTime; the rest are counted together.
	auditUsers = 64
)

// audit logs refusals: each has a line, but nobody can fill the log with them.
type audit struct {
	log *slog.Logger

	mu     sync.Mutex // guards all below
	counts map[string]int
	flush  *time.Timer // nil while nothing was refused
}

// expected refusals tell how things are, and not that somebody tried what is not allowed.
var expected = map[string]bool{Busy: true, NoSession: true, NoPrompt: true, ProfileUnknown: true, ProfileError: true,
	Stopping: true, Internal: true}

func (a *audit) refused(c Caller, verb, code string) {
	if expected[code] {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.flush == nil {
		a.counts = map[string]int{}
		a.flush = time.AfterFunc(auditTime, a.summary)
	}
	who := c.Label()
	if _, known := a.counts[who]; !known && len(a.counts) >= auditUsers {
		who = "others"
	}
	if a.counts[who]++; a.counts[who] <= auditLines {
		a.log.Warn("refused", "verb", verb, "caller", who, "code", code)
	}
}

// summary tells what was left out, and begins anew.
func (a *audit) summary() {
	a.mu.Lock()
	defer a.mu.Unlock()
	for who, n := range a.counts {
		if n > auditLines {
			a.log.Warn("refused more often than is logged", "caller", who, "times", n-auditLines)
		}
	}
	a.flush = nil
}

// stop says what is left to say.
func (a *audit) stop() {
	a.mu.Lock()
	pending := a.flush != nil && a.flush.Stop()
	a.mu.Unlock()
	if pending {
		a.summary()
	}
}

// answer is a ResponseWriter that remembers whether the answer is a refusal.
type answer struct {
	http.ResponseWriter
	code string
}

// Unwrap is for http.ResponseController.
func (a *answer) Unwrap() http.ResponseWriter { return a.ResponseWriter }
