package service

import (
	"context"
	"net/http"

	"ezvpn/client/status"
	"ezvpn/service/ipc"
)

// debug sends lines of the debug log, each only to who owns the session that it is about: who had the right when the
// stream began loses it when somebody else connects.
func (a *api) debug(w http.ResponseWriter, r *http.Request, c ipc.Caller) {
	var req ipc.Debug
	if e := ipc.Read(w, r, &req); e != nil {
		ipc.Refuse(w, e)
		return
	}
	since, err := req.From(a.session.Snapshot().Time)
	if err != nil {
		ipc.Refuse(w, &ipc.Error{Code: ipc.BadRequest, Sentence: err.Error(), Next: "see docs/ipc.md for what debug takes"})
		return
	}
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	past, live := a.session.Debug(ctx, since)
	lines := ipc.NewLines(w)
	if lines.Begin() != nil {
		return
	}
	for _, l := range a.latestOf(c, past) {
		if lines.Send(l) != nil {
			return
		}
	}
	if !req.Follow {
		return
	}
	for l := range live {
		if e := a.mayRead(c, l); e != nil {
			lines.Refuse(e)
			return
		}
		if lines.Send(l) != nil {
			return
		}
	}
}

// mayRead is nil if the line is about a session of the caller's.
func (a *api) mayRead(c ipc.Caller, l status.DebugLine) *ipc.Error {
	return a.mayReadOf(c, a.owners.of(l.Time))
}

func (a *api) mayReadOf(c ipc.Caller, owner string) *ipc.Error {
	return a.authority.check(Own, c, status.Snapshot{Owner: owner})
}

// latestOf leaves out all lines up to the last that is not the caller's: a gap in what is sent means lost lines.
func (a *api) latestOf(c ipc.Caller, past []status.DebugLine) []status.DebugLine {
	allowed := map[string]bool{} // each owner is looked up once, not for thousands of lines
	for i := len(past) - 1; i >= 0; i-- {
		owner := a.owners.of(past[i].Time)
		may, known := allowed[owner]
		if !known {
			may = a.mayReadOf(c, owner) == nil
			allowed[owner] = may
		}
		if !may {
			return past[i+1:]
		}
	}
	return past
}
