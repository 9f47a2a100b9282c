package service

import (
	"errors"
	"net/http"

	"ezvpn/client/profile"
	"ezvpn/client/status"
	"ezvpn/service/ipc"
)

func (a *api) profiles(w http.ResponseWriter, r *http.Request, c ipc.Caller) {
	list, err := a.store.list(c.User)
	if err != nil {
		ipc.Refuse(w, profileError(err))
		return
	}
	ipc.Reply(w, list)
}

func (a *api) profileShow(w http.ResponseWriter, r *http.Request, c ipc.Caller) {
	var req ipc.ProfileName
	if e := ipc.Read(w, r, &req); e != nil {
		ipc.Refuse(w, e)
		return
	}
	shown, err := a.store.show(req.Profile, c.User)
	if err != nil {
		ipc.Refuse(w, profileError(err))
		return
	}
	ipc.Reply(w, shown)
}

func (a *api) profilePut(w http.ResponseWriter, r *http.Request, c ipc.Caller) {
	var req ipc.ProfilePut
	if e := ipc.Read(w, r, &req); e != nil {
		ipc.Refuse(w, e)
		return
	}
	a.changed(w, c, "put", req.Name, "", a.store.put(req.Name, []byte(req.Text), req.Replace))
}

func (a *api) profileRemove(w http.ResponseWriter, r *http.Request, c ipc.Caller) {
	var req ipc.ProfileName
	if e := ipc.Read(w, r, &req); e != nil {
		ipc.Refuse(w, e)
		return
	}
	if s := a.session.Snapshot(); s.State != status.ConnectRequired && s.Profile == req.Profile {
		ipc.Refuse(w, &ipc.Error{Code: ipc.Busy, Sentence: "the session of " + s.Profile + " is up or coming up",
			Next: "end it first: ezvpn down"})
		return
	}
	a.changed(w, c, "remove", req.Profile, "", a.store.remove(req.Profile))
}

func (a *api) profileSet(w http.ResponseWriter, r *http.Request, c ipc.Caller) {
	var req ipc.ProfileSet
	if e := ipc.Read(w, r, &req); e != nil {
		ipc.Refuse(w, e)
		return
	}
	a.edit(w, c, req.Profile, req.Layer, edit{key: req.Key, value: &req.Value})
}

func (a *api) profileUnset(w http.ResponseWriter, r *http.Request, c ipc.Caller) {
	var req ipc.ProfileUnset
	if e := ipc.Read(w, r, &req); e != nil {
		ipc.Refuse(w, e)
		return
	}
	a.edit(w, c, req.Profile, req.Layer, edit{key: req.Key})
}

// edit changes one key of the caller's own layer, or, for an administrator, of the machine's.
func (a *api) edit(w http.ResponseWriter, c ipc.Caller, name, layer string, e edit) {
	switch layer {
	case "", ipc.LayerUser:
		a.changed(w, c, "set", name, e.key, a.store.editUser(name, c.User, e))
	case ipc.LayerMachine:
		if e := a.authority.check(Administer, c, a.session.Snapshot()); e != nil {
			ipc.Refuse(w, e)
			return
		}
		a.changed(w, c, "set for the machine", name, e.key, a.store.editMachine(name, e))
	case ipc.LayerManaged:
		ipc.Refuse(w, &ipc.Error{Code: ipc.NotAllowed, Sentence: "the managed layer is written by management alone",
			Next: "change it where the machine is managed from"})
	default:
		ipc.Refuse(w, &ipc.Error{Code: ipc.BadRequest, Sentence: "there is no such layer", Next: `give "user" or "machine"`})
	}
}

func (a *api) profileSecret(w http.ResponseWriter, r *http.Request, c ipc.Caller) {
	var req ipc.ProfileSecret
	if e := ipc.Read(w, r, &req); e != nil {
		ipc.Refuse(w, e)
		return
	}
	a.changed(w, c, "secret", req.Profile, req.Key, a.store.secret(req.Profile, req.Key, profile.Secret(req.Value)))
}

// changed answers a change of a profile with what it does to the session.
func (a *api) changed(w http.ResponseWriter, c ipc.Caller, verb, name, key string, err error) {
	if err != nil {
		ipc.Refuse(w, profileError(err))
		return
	}
	log := a.log.With("profile", name, "caller", c.Label())
	if key != "" {
		log = log.With("key", key)
	}
	log.Info("profile " + verb)
	ipc.Reply(w, a.apply(name))
}

// refusal is an error of the store that has a code of its own.
type refusal struct {
	code, next string
	err        error
}

func (r *refusal) Error() string { return r.err.Error() }
func (r *refusal) Unwrap() error { return r.err }

func profileError(err error) *ipc.Error {
	var r *refusal
	if errors.As(err, &r) {
		return &ipc.Error{Code: r.code, Sentence: err.Error(), Next: r.next}
	}
	if errors.As(err, &errWrite{}) {
		return &ipc.Error{Code: ipc.NotReady, Sentence: err.Error(), Next: "make room on the disk, or let the service write there"}
	}
	if errors.Is(err, errNoProfile) {
		return &ipc.Error{Code: ipc.ProfileUnknown, Sentence: err.Error(), Next: "see what there is: ezvpn profile list"}
	}
	return &ipc.Error{Code: ipc.ProfileError, Sentence: err.Error(),
		Next: "correct it; sudo ezvpn profile check FILE shows everything that is wrong with a file"}
}
