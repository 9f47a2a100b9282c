package service

import (
	"context"
	"errors"
	"net/http"
	"time"

	"ezvpn/client"
	"ezvpn/service/ipc"
)

// keys sends what decrypts the session, for as long as the administrator asked. That it is on stands in the status, and
// its begin and end in the log.
func (a *api) keys(w http.ResponseWriter, r *http.Request, c ipc.Caller) {
	var req ipc.Keys
	if e := ipc.Read(w, r, &req); e != nil {
		ipc.Refuse(w, e)
		return
	}
	if req.Seconds < 1 || req.Seconds > ipc.MaxKeySeconds {
		ipc.Refuse(w, &ipc.Error{Code: ipc.BadRequest, Sentence: "seconds is 1 to 3600", Next: "see docs/ipc.md for what keys takes"})
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), time.Duration(req.Seconds)*time.Second)
	defer cancel()
	live, err := a.session.Keys(ctx)
	switch {
	case errors.Is(err, client.ErrKeysTaken):
		ipc.Refuse(w, &ipc.Error{Code: ipc.Busy, Sentence: err.Error(), Next: "wait until that ends, an hour at most"})
		return
	case err != nil:
		ipc.Refuse(w, &ipc.Error{Code: ipc.NoSession, Sentence: err.Error()})
		return
	}
	a.log.Warn("the keys of the session are being given out", "caller", c.Label(), "seconds", req.Seconds)
	defer a.log.Warn("no keys are given out any more", "caller", c.Label())
	lines := ipc.NewLines(w)
	if lines.Begin() != nil {
		return
	}
	for d := range live {
		if lines.Send(d) != nil {
			return
		}
	}
}
