package service

import (
	"context"
	"time"

	"ezvpn/client/profile"
	"ezvpn/client/status"
	"ezvpn/ike"
	"ezvpn/service/ipc"
)

// heldPassword is the XAUTH password of one user for one profile: typed a moment ago and to be kept, or kept from an
// earlier time and about to be tried.
type heldPassword struct {
	key    secretKey
	name   string         // XAUTH user that it is for
	value  profile.Secret // to be kept; "" for one that is kept already
	rounds int            // questions that were answered since the connect
	stop   context.CancelFunc
}

// connected begins with what is remembered: one that the gateway refuses, or does not allow to be kept any more, is
// forgotten.
func (a *api) connected(p *profile.Profile, user string) {
	a.live.mu.Lock()
	defer a.live.mu.Unlock()
	if a.live.password.stop != nil {
		a.live.password.stop()
	}
	a.live.password = heldPassword{key: secretKey{p.Name, xauthPassword, user}, name: p.XAUTH.Username}
	if user != "" && p.XAUTH.Save && a.store.remembers(a.live.password.key) {
		a.follows()
	}
}

// answered takes note of an answer that the session took. Only a password that is all the gateway asks for is kept: what
// comes in several rounds, or is called a code, is used up with this answer.
func (a *api) answered(c ipc.Caller, before status.Snapshot, req ipc.Answer) {
	a.live.mu.Lock()
	defer a.live.mu.Unlock()
	r := &a.live.password
	r.rounds++
	r.value = ""
	if !req.Remember || r.rounds > 1 || before.Prompt == nil || a.live.profile == nil || !a.live.profile.XAUTH.Save ||
		r.key.user != c.User || before.State == status.Active { // for a renewal: nobody says in time whether it was right
		return
	}
	for _, f := range before.Prompt.Fields {
		switch f.Name {
		case "username":
			r.name = req.Fields["username"]
		case "password", "domain":
		default:
			return
		}
	}
	if r.value = profile.Secret(req.Fields["password"]); r.value != "" && r.name != "" {
		a.follows()
	}
}

// follows waits until the session is up or over, and then keeps the password or forgets it. live.mu is held.
func (a *api) follows() {
	if a.live.password.stop != nil {
		a.live.password.stop()
	}
	ctx, stop := context.WithCancel(context.Background())
	a.live.password.stop = stop
	begin, snaps := a.session.Snapshot().Time, a.session.Watch(ctx)
	go func() {
		defer stop()
		for s := range snaps {
			if a.decided(s, begin) {
				return
			}
		}
	}()
}

// decided keeps or forgets the password once the gateway has said what it thinks of it.
func (a *api) decided(s status.Snapshot, begin time.Time) bool {
	a.live.mu.Lock()
	r := a.live.password
	a.live.mu.Unlock()
	refused := s.Diagnosis != nil && s.Diagnosis.Cause == string(ike.XAUTHRefused) && s.Diagnosis.Time.After(begin)
	var err error
	switch {
	case refused, s.State == status.Active && (s.Network == nil || !s.Network.SavePassword):
		if a.store.remembers(r.key) {
			a.log.Info("a password that the gateway refuses, or does not allow to be kept, is forgotten", "profile", r.key.profile)
		}
		err = a.store.secrets.remove(r.key)
	case s.State == status.Active && r.value != "":
		err = a.store.keep(r.key, sealed{For: r.name, Value: []byte(r.value)})
	default:
		return s.State == status.ConnectRequired || s.State == status.Blocked || s.State == status.Active
	}
	if err != nil {
		a.log.Warn("a password that was to be remembered", "profile", r.key.profile, "err", err)
	}
	return true
}

// remembers says whether a user's password is kept.
func (s *store) remembers(k secretKey) bool {
	_, err := s.secrets.get(k)
	return err == nil
}

// forget ends the wait.
func (l *live) forget() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.password.stop != nil {
		l.password.stop()
	}
}
