package service

import (
	"context"
	"errors"
	"net/http"
	"time"

	"ezvpn/client"
	"ezvpn/client/status"
	"ezvpn/service/ipc"
)

// downTimeout is how long a caller of down waits for the Deletes and for the machine to be put back.
const downTimeout = 10 * time.Second

func (a *api) version(w http.ResponseWriter, r *http.Request, _ ipc.Caller) {
	ipc.Reply(w, ipc.Version{API: ipc.API, Daemon: ipc.Release()})
}

func (a *api) status(w http.ResponseWriter, r *http.Request, c ipc.Caller) {
	ipc.Reply(w, a.noted(a.authority.visible(c, a.session.Snapshot())))
}

// watch sends what the session's watch gives: while a line waits for a slow reader, newer snapshots replace one
// another there.
func (a *api) watch(w http.ResponseWriter, r *http.Request, c ipc.Caller) {
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	lines := ipc.NewLines(w)
	snaps := a.session.Watch(ctx)
	for s, ok := <-snaps; ok; {
		_, changed := a.bell.now() // before it is sent: what changes meanwhile is sent again
		if lines.Send(a.noted(a.authority.visible(c, s))) != nil {
			return
		}
		select {
		case s, ok = <-snaps:
		case <-changed:
		}
	}
}

func (a *api) up(w http.ResponseWriter, r *http.Request, c ipc.Caller) {
	var req ipc.Up
	if e := ipc.Read(w, r, &req); e != nil {
		ipc.Refuse(w, e)
		return
	}
	if e := req.Answers.Check(); e != nil {
		ipc.Refuse(w, e)
		return
	}
	p, err := a.store.load(req.Profile, c.User)
	if err != nil {
		ipc.Refuse(w, profileError(err))
		return
	}
	switch err := a.connect(p, c.User, client.ConnectOptions{Owner: c.Label(), Answers: req.Answers.Secrets()}); {
	case errors.Is(err, client.ErrBusy):
		ipc.Refuse(w, a.busy(c))
	case errors.Is(err, errUnfit):
		ipc.Refuse(w, &ipc.Error{Code: ipc.NotReady, Sentence: err.Error(),
			Next: "give the service a state directory that it can write; nothing was changed"})
	case err != nil:
		ipc.Refuse(w, a.internal("connect", err))
	default:
		a.log.Info("connect", "profile", p.Name, "caller", c.Label())
		a.reply(w)
	}
}

// busy names the owner of the other session only to those who may know.
func (a *api) busy(c ipc.Caller) *ipc.Error {
	s := a.session.Snapshot()
	if !a.authority.owns(c, s) {
		return &ipc.Error{Code: ipc.Busy, Sentence: "somebody else's VPN session is up on this machine",
			Next: "ask them to end it, or run as administrator: sudo ezvpn down"}
	}
	return &ipc.Error{Code: ipc.Busy, Sentence: "the session " + s.Profile + " of " + s.Owner + " is up or coming up",
		Next: "end it first: ezvpn down"}
}

func (a *api) down(w http.ResponseWriter, r *http.Request, c ipc.Caller) {
	var req struct{}
	if e := ipc.Read(w, r, &req); e != nil {
		ipc.Refuse(w, e)
		return
	}
	if a.session.Snapshot().State == status.ConnectRequired {
		ipc.Refuse(w, &ipc.Error{Code: ipc.NoSession, Sentence: "no session is up", Next: "nothing needs to be done"})
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), downTimeout)
	defer cancel()
	switch err := a.session.Disconnect(ctx); {
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		ipc.Refuse(w, &ipc.Error{Code: ipc.Busy, Sentence: "the session is still being taken down",
			Next: "look again in a moment: ezvpn status"})
	case errors.Is(err, client.ErrNoSession):
		ipc.Refuse(w, &ipc.Error{Code: ipc.NoSession, Sentence: "no session is up", Next: "nothing needs to be done"})
	case err != nil:
		ipc.Refuse(w, a.internal("disconnect", err))
	default:
		a.log.Info("disconnect", "caller", c.Label())
		a.reply(w)
	}
}

func (a *api) reply(w http.ResponseWriter) {
	s := a.session.Snapshot()
	ipc.Reply(w, ipc.State{State: s.State, Profile: s.Profile})
}

func (a *api) internal(what string, err error) *ipc.Error {
	a.log.Error(what, "err", err)
	return &ipc.Error{Code: ipc.Internal, Sentence: what + ": " + err.Error(), Next: "look at the log of the service"}
}
