package service

import (
	"context"
	"net/http"
	"strings"
	"time"

	"ezvpn/service/ipc"
)

// readLog sends lines of the daemon's log.
func (a *api) readLog(w http.ResponseWriter, r *http.Request, c ipc.Caller) {
	var req ipc.Log
	if e := ipc.Read(w, r, &req); e != nil {
		ipc.Refuse(w, e)
		return
	}
	if req.Level == "" {
		req.Level = "info"
	}
	least, known := levelOf(req.Level)
	if !known || req.SinceSeconds < 0 || req.SinceSeconds > 100*365*ipc.MaxLogSeconds {
		ipc.Refuse(w, badLevel("since_seconds is 0 or more, and level one of "+strings.Join(ipc.LogLevels, ", ")))
		return
	}
	if a.book == nil {
		ipc.Refuse(w, &ipc.Error{Code: ipc.Internal, Sentence: "this service keeps no log lines"})
		return
	}
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	since := time.Now()
	if req.SinceSeconds > 0 {
		since = since.Add(-time.Duration(req.SinceSeconds) * time.Second)
	}
	past, live := a.book.Read(ctx, since)
	lines := ipc.NewLines(w)
	if lines.Begin() != nil {
		return
	}
	wanted := func(l ipc.LogLine) bool { level, _ := levelOf(l.Level); return level >= least }
	for _, l := range past {
		if wanted(l) && lines.Send(l) != nil {
			return
		}
	}
	if !req.Follow {
		return
	}
	for l := range live {
		if wanted(l) && lines.Send(l) != nil {
			return
		}
	}
}

// logLevel changes what is logged, or says what is.
func (a *api) logLevel(w http.ResponseWriter, r *http.Request, c ipc.Caller) {
	var req ipc.LogLevel
	if e := ipc.Read(w, r, &req); e != nil {
		ipc.Refuse(w, e)
		return
	}
	if a.book == nil {
		ipc.Refuse(w, &ipc.Error{Code: ipc.Internal, Sentence: "the level of this service cannot be changed"})
		return
	}
	if req.Seconds < 0 || req.Seconds > ipc.MaxLogSeconds {
		ipc.Refuse(w, badLevel("seconds is 0 to 86400"))
		return
	}
	if req.Level != "" {
		level, ok := levelOf(req.Level)
		if !ok {
			ipc.Refuse(w, badLevel("level is one of "+strings.Join(ipc.LogLevels, ", ")))
			return
		}
		a.book.SetLevel(level, time.Duration(req.Seconds)*time.Second)
		a.log.Warn("log level changed", "to", req.Level, "seconds", req.Seconds, "caller", c.Label())
	}
	ipc.Reply(w, a.book.Level())
}

func badLevel(why string) *ipc.Error {
	return &ipc.Error{Code: ipc.BadRequest, Sentence: why, Next: "see docs/ipc.md"}
}
