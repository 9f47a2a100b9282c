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
	book      *Logbook
	fit       *fitness
	owners    owners
	bell      bell // rung when profiles change
	live      live
	pace      *pace // of the connects; nil for none
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
		if e := a.admit(w, r, v, c); e != nil {
			ipc.Refuse(w, e)
			return
		}
		if !v.stream {
			a.owner.Lock()
			defer a.owner.Unlock()
		}
	}
	if e := a.authority.check(v.level, c, a.session.Snapshot()); e != nil {
		ipc.Refuse(w, e)
		return
	}
	v.do(a, w, r, c)
}

// admit takes in a command before it waits for the lock: who may not has nothing to send, and who is slow to send, or
// connects too often, keeps nobody else waiting.
func (a *api) admit(w http.ResponseWriter, r *http.Request, v verb, c ipc.Caller) *ipc.Error {
	if a.stopping.Load() {
		return &ipc.Error{Code: ipc.Stopping, Sentence: "the service is stopping", Next: "try again when it is up"}
	}
	if e := a.authority.check(v.level, c, a.session.Snapshot()); e != nil {
		return e
	}
	if e := ipc.Receive(w, r); e != nil {
		return e
	}
	if v.path == ipc.PathUp && a.pace != nil {
		return a.pace.turn(r.Context(), c)
	}
	return nil
}
