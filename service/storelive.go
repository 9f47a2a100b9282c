package service

import (
	"context"
	"errors"
	"sync"

	"ezvpn/client"
	"ezvpn/client/profile"
	"ezvpn/client/status"
	"ezvpn/service/ipc"
)

// live is the profile of the session as it is in use, and whose layer it has.
type live struct {
	mu      sync.Mutex // guards all below
	profile *profile.Profile
	user    string
	known   map[string]bool // profiles that connect by themselves, as of the last look

	password heldPassword // of the user who connected
}

func (l *live) set(p *profile.Profile, user string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.profile, l.user = p, user
}

func (l *live) get() (*profile.Profile, string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.profile, l.user
}

// start takes in the profiles and connects the first good one that does not wait to be asked: connect = "auto", or
// "traffic", which needs to know what is inside before a packet can want it.
func (a *api) start() {
	a.owner.Lock()
	defer a.owner.Unlock()
	a.apply("")
}

// follow brings changes of the profiles to the session until there are no more to come. What is to be sealed is sealed
// meanwhile.
func (a *api) follow(ctx context.Context, changes <-chan struct{}) {
	unsealed, sealed := make(chan struct{}, 1), make(chan struct{})
	go func() {
		defer close(sealed)
		for range unsealed {
			a.store.settle(ctx)
		}
	}()
	for range changes {
		a.owner.Lock()
		if ctx.Err() == nil {
			a.apply("")
		}
		a.owner.Unlock()
		wake(unsealed)
	}
	close(unsealed)
	<-sealed
}

// apply does what changed profiles ask for: the session that is up takes its own over, and one that is to connect by
// itself does so if nothing is up. It answers what became of the profile that was asked for. owner is held.
func (a *api) apply(asked string) ipc.ProfileChanged {
	done := ipc.ProfileChanged{Profile: asked, Effect: "not up"}
	changed := a.store.take()
	for _, c := range changed {
		if len(c.wrong) > 0 {
			a.log.Warn("a profile is wrong", "profile", c.name, "errors", len(c.wrong), "first", c.wrong[0], "used", c.use != nil)
		}
		p, _ := a.live.get()
		if s := a.session.Snapshot(); p == nil || p.Name != c.name || s.State == status.ConnectRequired {
			continue
		}
		effect, keys := a.hand(c.name)
		if c.name == asked {
			done.Effect, done.Keys = effect, keys
		}
	}
	a.startNew(changed)
	if len(changed) > 0 {
		a.bell.ring()
	}
	return done
}

// hand gives the session its profile as it is now, and says what that does.
func (a *api) hand(name string) (effect string, keys []string) {
	old, user := a.live.get()
	p, err := a.store.load(name, user)
	if errors.Is(err, errNoProfile) {
		a.log.Warn("the profile of the session was removed; the session stays until it ends", "profile", name)
		return "nothing", nil
	}
	if err != nil {
		return "nothing", nil // it was told
	}
	impact, keys := profile.Change(old, p)
	if len(keys) == 0 {
		return "nothing", nil
	}
	s := a.session.Snapshot()
	if s.State == status.Blocked && s.Owner == MachineOwner && p.Connect != "manual" { // what stopped it may be mended
		a.startOf(name, p)
		return string(profile.Reconnect), keys
	}
	if impact, err = a.session.SetProfile(p); err != nil {
		a.log.Warn("the session does not take its changed profile", "profile", name, "keys", keys, "err", err)
		return "nothing", keys
	}
	a.live.set(p, user)
	a.log.Info("the profile of the session changed", "profile", name, "keys", keys, "effect", string(impact))
	return string(impact), keys
}

// startNew connects a profile that has come to connect by itself, if nothing is up.
func (a *api) startNew(changed []change) {
	for _, c := range changed {
		auto := c.use != nil && c.use.Connect != "manual"
		if !a.live.comes(c.name, auto) {
			continue
		}
		if !a.free() {
			a.log.Warn("only one session at a time; not connected", "profile", c.name, "up", a.session.Snapshot().Profile)
			continue
		}
		if p, err := a.store.load(c.name, ""); err == nil {
			a.startOf(c.name, p)
		}
	}
}

// comes notes whether a profile connects by itself, and says whether that is new.
func (l *live) comes(name string, auto bool) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.known == nil {
		l.known = map[string]bool{}
	}
	isNew := auto && !l.known[name]
	l.known[name] = auto
	return isNew
}

// free says that nothing is up, and nobody waits for something to come up.
func (a *api) free() bool {
	s := a.session.Snapshot()
	return !a.stopping.Load() && (s.State == status.ConnectRequired || s.State == status.Blocked && s.Owner == MachineOwner)
}

// startOf connects for the machine, and says whether it did.
func (a *api) startOf(name string, p *profile.Profile) bool {
	err := a.connect(p, "", client.ConnectOptions{Owner: MachineOwner})
	if errors.Is(err, errUnfit) {
		a.fit.hold(name)
	}
	if err != nil {
		a.log.Error("not connected", "profile", name, "err", err)
		return false
	}
	a.log.Info("connect", "profile", name, "caller", MachineOwner)
	return true
}

// startLater connects a profile that connects by itself and could not, because the machine lacked something.
func (a *api) startLater(names []string) {
	a.owner.Lock()
	defer a.owner.Unlock()
	for _, name := range names {
		if p, err := a.store.load(name, ""); err == nil && p.Connect != "manual" && a.free() {
			a.startOf(name, p)
		}
	}
}

// noted is a snapshot with what there is to say of the machine, and of its profile.
func (a *api) noted(s status.Snapshot) status.Snapshot {
	s = a.fit.told(s)
	s.Profiles, _ = a.bell.now()
	if s.Profile != "" && s.State != status.ConnectRequired {
		s.Warnings = append(s.Warnings[:len(s.Warnings):len(s.Warnings)], a.store.warning(s.Profile)...)
	}
	return s
}
