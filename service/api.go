package service

import (
	"log/slog"
	"net/http"
	"sync"
	"sync/atomic"

	"ezvpn/service/ipc"
)

// api answers the verbs.
type api struct {
	session   session
	store     *store
	authority authority
	log       *slog.Logger
	owners    owners
	stopping  atomic.Bool

	// owner is held while a command that looks at the owner of the session, or changes it, is carried out.
	owner sync.Mutex
}

// handler is the table of verbs as HTTP.
func (a *api) handler() http.Handler {
	mux := http.NewServeMux()
	for _, v := range verbs {
		mux.HandleFunc(v.method+" "+v.path, func(w http.ResponseWriter, r *http.Request) { a.serve(w, r, v) })
	}
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		ipc.Refuse(w, &ipc.Error{Code: ipc.UnknownVerb, Sentence: "the service has no such verb",
			Next: "see docs/ipc.md, or install ezvpn and ezvpnd from the same release"})
	})
	return mux
}

// serve carries out one verb, if its caller has the level.
func (a *api) serve(w http.ResponseWriter, r *http.Request, v verb) {
	c, err := ipc.CallerOf(r.Context())
	if err != nil {
		ipc.Refuse(w, &ipc.Error{Code: ipc.NotIdentified, Sentence: "the system does not say who is calling"})
		return
	}
	if r.Method != v.method { // a GET pattern also takes HEAD
		ipc.Refuse(w, &ipc.Error{Code: ipc.UnknownVerb, Sentence: "the service has no such verb", Next: "see docs/ipc.md"})
		return
	}
	if v.method == http.MethodPost {
		if a.stopping.Load() {
			ipc.Refuse(w, &ipc.Error{Code: ipc.Stopping, Sentence: "the service is stopping", Next: "try again when it is up"})
			return
		}
		if !v.stream {
			a.owner.Lock()
			defer a.owner.Unlock()
		}
	}
	if e := a.authority.check(v.level, c, a.session.Snapshot()); e != nil {
		a.log.Warn("refused", "verb", v.path, "caller", c.Label(), "code", e.Code)
		ipc.Refuse(w, e)
		return
	}
	v.do(a, w, r, c)
}
