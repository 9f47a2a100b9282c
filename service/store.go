package service

import (
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"ezvpn/client/profile"
	"ezvpn/service/ipc"
)

var (
	errNoProfile = errors.New("no such profile")
	nameGrammar  = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]{0,63}$`)
)

// store is the profiles: what administrators, management and users wrote, and the last version of each that was good,
// which is the one in use. A file counts only if root wrote it and nobody else could have.
type store struct {
	log              *slog.Logger
	machine, managed *folder
	users            *userLayers
	secrets          *secrets
	unit             unitSecrets
	good             *keptGood

	mu        sync.Mutex // guards what follows, and the folders
	profiles  map[string]*entry
	changed   map[string]bool // since take
	unsettled map[string]bool // profiles to be sealed, and kept for the next start
	swept     bool            // what was kept of profiles that are no more
	said      map[string]bool // what the log was told already
}

// entry is one profile.
type entry struct {
	use     *version // nil if none was ever good
	wrong   []string // why the files as they are cannot be used; use is an older version then
	notices []string // what else to say of it
	inClear bool     // a file holds a secret that is not sealed yet
	again   bool     // it may be good now although its files did not change
}

// version is a profile as it was made of its files.
type version struct {
	layers    []profile.Layer // with what was sealed, without the users'
	effective *profile.Effective
	at        time.Time // when the newest of the files was written
}

func newStore(profiles, managed, state string, log *slog.Logger) *store {
	return &store{log: log, machine: &folder{dir: profiles, layer: ipc.LayerMachine},
		managed: &folder{dir: managed, layer: ipc.LayerManaged}, users: &userLayers{filepath.Join(state, "users")},
		secrets: newSecrets(state), unit: secretsOfUnit(), good: &keptGood{filepath.Join(state, "good")}, profiles: map[string]*entry{},
		changed: map[string]bool{}, unsettled: map[string]bool{}, said: map[string]bool{}}
}

// folders are the layers that lie in directories, from the lowest.
func (s *store) folders() []*folder { return []*folder{s.machine, s.managed} }

// dirs are those to watch. Nobody but the daemon writes the others.
func (s *store) dirs() []string { return []string{s.machine.dir, s.managed.dir} }

// refresh takes in what changed on the disk.
func (s *store) refresh() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.look()
}

// change is what became of one profile.
type change struct {
	name  string
	wrong []string         // why its files cannot be used as they are
	use   *profile.Profile // the version in use, without any user's layer; nil for none
}

// take gives the profiles that changed since it was last asked, sorted by name.
func (s *store) take() []change {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.look()
	var all []change
	for _, name := range slices.Sorted(maps.Keys(s.changed)) {
		c := change{name: name}
		if e := s.profiles[name]; e != nil {
			c.wrong = e.wrong
			if e.use != nil {
				c.use = e.use.effective.Profile
			}
		}
		all = append(all, c)
	}
	clear(s.changed)
	return all
}

// look is refresh with mu held.
func (s *store) look() {
	var names []string
	for _, f := range s.folders() {
		names = append(names, f.scan(time.Now())...)
		s.tell(f.dir, f.err, "profiles cannot be read; those that are known stay in use")
	}
	slices.Sort(names)
	for _, n := range slices.Compact(names) {
		s.renew(n)
	}
	for name, e := range s.profiles {
		if e.again && !slices.Contains(names, name) {
			s.retry(name, e)
		}
	}
}

// retry looks whether a profile is good now although its files did not change. That it is not is no news.
func (s *store) retry(name string, e *entry) {
	known, wrong := s.changed[name], e.wrong
	s.renew(name)
	if !known && slices.Equal(wrong, e.wrong) {
		delete(s.changed, name)
	}
}

// tell says something in the log when it comes up, and not again until it was gone.
func (s *store) tell(about string, err error, what string) {
	if err == nil {
		delete(s.said, about)
		return
	}
	if !s.said[about] {
		s.said[about] = true
		s.log.Warn(what, "err", err)
	}
}

// renew makes a profile anew of its files. What cannot be used changes nothing of what is in use.
func (s *store) renew(name string) {
	s.changed[name], s.unsettled[name] = true, true
	files := s.files(name)
	if len(files) == 0 {
		delete(s.profiles, name)
		return
	}
	e := s.profiles[name]
	if e == nil {
		e = &entry{}
		s.profiles[name] = e
	}
	m, err := s.make(name, files)
	if err == nil {
		err = s.sealExposed(name, m)
	}
	e.again = errors.As(err, &errElsewhere{})
	if e.wrong = nil; err != nil {
		e.wrong = strings.Split(err.Error(), "\n")
		if e.use == nil {
			s.revive(name, e)
		}
		return
	}
	e.use, e.notices, e.inClear = &m.version, m.notices, len(m.inClear) > 0
}

// layered is a file with the folder that it is in.
type layered struct {
	*layerFile
	folder *folder
}

func (s *store) files(name string) []layered {
	var all []layered
	for _, f := range s.folders() {
		if file := f.files[name]; file != nil {
			all = append(all, layered{file, f})
		}
	}
	return all
}

// entry gives a profile that can be used.
func (s *store) entry(name string) (*entry, error) {
	if !nameGrammar.MatchString(name) {
		return nil, fmt.Errorf("%w: %.80q is not a profile's name", errNoProfile, name)
	}
	e := s.profiles[name]
	if e == nil {
		for _, f := range s.folders() {
			if f.err != nil {
				return nil, f.err
			}
		}
		return nil, fmt.Errorf("%w: %s", errNoProfile, name)
	}
	return e, nil
}

// load gives the profile of this name, as it is for this user; "" is the machine. The name is looked up among the
// files there are; it never becomes a path.
func (s *store) load(name, user string) (*profile.Profile, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.look()
	eff, err := s.effective(name, user)
	if err != nil {
		return nil, err
	}
	p := eff.Profile.Clone()
	s.password(p, user)
	return p, s.keyFile(p)
}

// effective is the last good version with the layer of the user.
func (s *store) effective(name, user string) (*profile.Effective, error) {
	e, err := s.entry(name)
	if err != nil {
		return nil, err
	}
	if e.use == nil {
		return nil, errors.New(strings.Join(e.wrong, "\n"))
	}
	eff, err := s.withUser(name, user, e.use)
	if err != nil { // the layers below changed under it, or a key was locked
		s.tell("user "+user+" "+name, err, "what a user set does not go with the profile any more; it is left out")
		return e.use.effective, nil
	}
	s.tell("user "+user+" "+name, nil, "")
	return eff, nil
}
