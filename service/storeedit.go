package service

import (
	"errors"
	"fmt"
	"os"

	"ezvpn/client/profile"
	"ezvpn/service/ipc"
)

// edit is a change of one key; without a value it is taken out.
type edit struct {
	key   string
	value *string
}

// of makes the change in a file.
func (e edit) of(file string, data []byte) ([]byte, error) {
	if ipc.SecretKey(e.key) {
		return nil, &refusal{ipc.KeyUnknown, "give it on standard input: sudo ezvpn profile secret NAME " + argument(e.key),
			errors.New(e.key + " is a secret, and is not set this way")}
	}
	var err error
	switch {
	case e.value != nil:
		data, err = profile.Set(file, data, e.key, *e.value)
	case holds(data, e.key):
		data, err = profile.Unset(file, data, e.key)
	}
	if err != nil {
		return nil, &refusal{ipc.KeyUnknown, "see the keys: ezvpn profile show NAME --origins", err}
	}
	return data, nil
}

// editUser changes what a user has set for a profile. It is checked with all layers before it is kept.
func (s *store) editUser(name, user string, e edit) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.look()
	eff, err := s.effective(name, user)
	if err != nil {
		return err
	}
	if err := maySet(eff, ipc.LayerUser, e.key); err != nil {
		return err
	}
	have, err := s.users.read(user, name)
	if err != nil {
		return err
	}
	data, err := e.of(userFile(name), have.data)
	if err != nil {
		return err
	}
	if _, err := profile.Compose(name, s.profiles[name].use.under(name, data)...); err != nil {
		return &refusal{ipc.KeyUnknown, "give another value", err}
	}
	if err := s.users.write(user, name, data, have.id); err != nil {
		return fmt.Errorf("keeping the setting: %w", err)
	}
	s.changed[name] = true
	return nil
}

// maySet refuses what the layer may not set, and says who manages it.
func maySet(eff *profile.Effective, layer, key string) error {
	err := eff.MaySet(layer, key)
	if err == nil {
		return nil
	}
	for _, s := range eff.Settings() {
		if s.Path == key && s.Locked {
			return &refusal{ipc.KeyLocked, "ask whoever manages this machine", err}
		}
	}
	return &refusal{ipc.KeyUnknown, "see the keys: ezvpn profile show NAME --origins", err}
}

// editMachine changes one key in the machine's file of a profile.
func (s *store) editMachine(name string, e edit) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.look()
	entry, err := s.entry(name)
	if err != nil {
		return err
	}
	if entry.use != nil {
		if err := maySet(entry.use.effective, ipc.LayerMachine, e.key); err != nil {
			return err
		}
	}
	old := &layerFile{content: content{private: true}}
	if f := s.machine.files[name]; f != nil {
		old = f
	}
	if old.err != nil {
		return old.err
	}
	data, err := e.of(name+".toml", old.data)
	if err != nil {
		return err
	}
	return s.writeMachine(name, data, old.content)
}

// put makes or replaces the machine's file of a profile.
func (s *store) put(name string, text []byte, again bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.look()
	if !nameGrammar.MatchString(name) {
		return &refusal{ipc.BadRequest, "name it with a-z, 0-9, then also . _ -; at most 64", fmt.Errorf("%.80q is no name for a profile", name)}
	}
	old := content{private: true}
	if f := s.machine.files[name]; f != nil {
		if !again {
			return &refusal{ipc.ProfileExists, "replace it: ezvpn profile put --replace FILE", fmt.Errorf("there is a profile %s already", name)}
		}
		old = f.content
	}
	if e := s.profiles[name]; e != nil && e.use != nil {
		if err := s.setsLocked(e.use.effective, text); err != nil {
			return err
		}
	}
	return s.writeMachine(name, text, old)
}

// setsLocked refuses a file that sets what management locks.
func (s *store) setsLocked(eff *profile.Effective, text []byte) error {
	for _, set := range eff.Settings() {
		if holds(text, set.Path) {
			if err := maySet(eff, ipc.LayerMachine, set.Path); err != nil {
				return err
			}
		}
	}
	return nil
}

// writeMachine checks a file with the other layers, seals what it holds, and writes the rest.
func (s *store) writeMachine(name string, data []byte, old content) error {
	f := layered{&layerFile{content: content{data: data, private: true, id: old.id}}, s.machine}
	files := []layered{f}
	if managed := s.managed.files[name]; managed != nil {
		files = append(files, layered{managed, s.managed})
	}
	m, err := s.make(name, files)
	if err != nil {
		return err
	}
	if data, err = s.sealOut(name, data, m.effective.Profile, ipc.LayerMachine); err != nil {
		return fmt.Errorf("sealing the secrets of %s: %w", name, err)
	}
	root, err := os.OpenRoot(s.machine.dir)
	if err != nil {
		return reason(s.machine.dir, err)
	}
	defer root.Close()
	return replace(root, name+".toml", data, old.id)
}

// remove forgets the machine's file of a profile, and what was sealed for it.
func (s *store) remove(name string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.look()
	managed := s.managed.files[name] != nil
	if s.machine.files[name] == nil && managed {
		return &refusal{ipc.KeyLocked, "remove it where the machine is managed from", fmt.Errorf("the profile %s is managed", name)}
	}
	if s.machine.files[name] == nil {
		return s.forget(name)
	}
	root, err := os.OpenRoot(s.machine.dir)
	if err != nil {
		return reason(s.machine.dir, err)
	}
	defer root.Close()
	if err := erase(root, name+".toml"); err != nil || managed {
		return err
	}
	if err := s.forget(name); !errors.Is(err, errNoProfile) {
		return err
	}
	return nil
}

// forget removes what is left of a profile without a file: errNoProfile if nothing is.
func (s *store) forget(name string) error {
	if !nameGrammar.MatchString(name) {
		return fmt.Errorf("%w: %.80q is not a profile's name", errNoProfile, name)
	}
	sealed, err := s.secrets.removeAll(name)
	set, uerr := s.users.removeAll(name)
	if err = errors.Join(err, uerr); err == nil && !sealed && !set {
		err = fmt.Errorf("%w: %s", errNoProfile, name)
	}
	return err
}

// secret seals a secret of a profile; "" forgets it.
func (s *store) secret(name, key string, v profile.Secret) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.look()
	e, err := s.entry(name)
	if err != nil {
		return err
	}
	if !ipc.SecretKey(key) {
		return &refusal{ipc.KeyUnknown, "give group.key or xauth.password", errors.New("this is no secret of a profile")}
	}
	if e.use != nil {
		if err := maySet(e.use.effective, ipc.LayerMachine, key); err != nil {
			return err
		}
	}
	k := secretKey{name, key, ""}
	if have, err := s.secrets.get(k); err == nil && have.Layer == ipc.LayerManaged {
		return &refusal{ipc.KeyLocked, "ask whoever manages this machine", fmt.Errorf("the %s of %s was put there by management", key, name)}
	}
	if v == "" {
		err = s.secrets.remove(k)
	} else {
		err = s.sealGiven(k, v)
	}
	if err == nil {
		s.renew(name)
	}
	return err
}

// sealGiven seals a secret that was given by itself, if the profile is good with it.
func (s *store) sealGiven(k secretKey, v profile.Secret) error {
	files := s.files(k.profile)
	m, err := s.layersOf(k.profile, files)
	if err != nil {
		return err
	}
	for _, l := range m.layers {
		if holds(l.Data, k.key) {
			return &refusal{ipc.ProfileError, "take it out of the file first", fmt.Errorf("%s.toml sets %s itself", k.profile, k.key)}
		}
	}
	given := found{key: k.key, value: v}
	base := m.layers
	if k.key != groupKey {
		if have, err := s.groupKey(k.profile, base); err == nil {
			base = have.on(base)
		}
	}
	eff, err := profile.Compose(k.profile, given.on(base)...)
	if err != nil {
		return err
	}
	whose, _ := belongs(eff.Profile, k.key)
	return s.keep(k, sealed{For: whose, Layer: ipc.LayerMachine, Value: []byte(v)})
}
