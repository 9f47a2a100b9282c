package service

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"ezvpn/client/profile"
)

// sealExposed takes the secrets that others could read out of the files of a good profile; without that, it cannot be
// used. Those that nobody else can read have time.
func (s *store) sealExposed(name string, m *made) error {
	exposed := false
	for _, f := range m.inClear {
		if f.private {
			continue
		}
		if err := s.seal(name, f, m.effective.Profile); err != nil {
			return errElsewhere{fmt.Errorf("%s.toml holds a secret and others may read it; chmod 600 it (it cannot be sealed: %w)", name, err)}
		}
		s.log.Warn("others could read the secret of a profile before it was sealed; set another at the gateway", "profile", name)
		exposed = true
	}
	if !exposed {
		return nil
	}
	now, err := s.make(name, s.files(name))
	if err == nil {
		*m = *now
	}
	return err
}

// settle does, one by one, what has time: it seals what sealExposed left, and keeps what is good for the next start.
func (s *store) settle(ctx context.Context) {
	for ctx.Err() == nil && s.settleNext() {
	}
}

func (s *store) settleNext() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for name := range s.unsettled {
		delete(s.unsettled, name)
		if e := s.profiles[name]; e != nil && e.inClear {
			s.sealPrivate(name, e)
		}
		s.keepGood(name)
		return true
	}
	if !s.swept && s.machine.err == nil && s.managed.err == nil {
		s.swept = true
		s.tell("good", s.good.sweep(func(name string) bool { return s.profiles[name] != nil }), "copies of profiles that are no more stay")
	}
	return false
}

// sealPrivate seals what nobody else can read. What cannot be sealed, as in a directory that cannot be written, stays in
// use.
func (s *store) sealPrivate(name string, e *entry) {
	m, err := s.make(name, s.files(name))
	if err != nil {
		return // changed meanwhile, and wrong
	}
	e.notices = m.notices
	for _, f := range m.inClear {
		err := s.seal(name, f, m.effective.Profile)
		s.tell("seal "+name+" "+f.folder.layer, err, "a profile holds a secret in clear, and it cannot be sealed")
		if err != nil {
			e.notices = append(e.notices, fmt.Sprintf("%s.toml holds a secret in clear, and it cannot be sealed: %v", name, err))
			continue
		}
		s.log.Info("the secret of a profile is sealed", "profile", name, "in", sealedBy)
	}
	if now, err := s.make(name, s.files(name)); err == nil {
		e.use, e.inClear = &now.version, len(now.inClear) > 0
	}
}

// seal keeps the secrets of one file in the store, then writes the file without them. If it stops in between, the file
// still has them, and the next time does it again.
func (s *store) seal(name string, f layered, p *profile.Profile) error {
	data, err := s.sealOut(name, f.data, p, f.folder.layer)
	if err != nil {
		return err
	}
	root, err := os.OpenRoot(f.folder.dir)
	if err != nil {
		return err
	}
	defer root.Close()
	if err := replace(root, name+".toml", data, f.id); err != nil {
		return err
	}
	f.folder.look(root, name, time.Now())
	return nil
}

// sealOut seals the secrets that a file holds, and gives the file without them.
func (s *store) sealOut(name string, data []byte, p *profile.Profile, layer string) ([]byte, error) {
	for _, key := range []string{groupKey, xauthPassword} {
		without, err := takenOut(name, data, key)
		if err != nil {
			return nil, err
		}
		if bytes.Equal(without, data) {
			continue
		}
		whose, value := belongs(p, key)
		if err := s.keep(secretKey{name, key, ""}, sealed{For: whose, Layer: layer, Value: []byte(value)}); err != nil {
			return nil, err
		}
		data = without
	}
	return data, nil
}

// belongs is what a secret of a profile is for, and the secret.
func belongs(p *profile.Profile, key string) (string, profile.Secret) {
	if key == groupKey {
		return p.Group.Name, p.Group.Key
	}
	return p.XAUTH.Username, p.XAUTH.Password
}

// keep seals one secret, unless it is sealed already.
func (s *store) keep(k secretKey, v sealed) error {
	have, err := s.secrets.get(k)
	if err == nil && have.For == v.For && have.Layer == v.Layer && bytes.Equal(have.Value, v.Value) {
		return nil
	}
	v.Time = time.Now().UTC().Truncate(time.Second)
	return s.secrets.put(k, v)
}

// takenOut is a file without one of its secrets: a comment is in its place, and the rest is as it was.
func takenOut(name string, data []byte, key string) ([]byte, error) {
	if !holds(data, key) {
		return data, nil
	}
	mark := data[:len(data)-len(bytes.TrimPrefix(data, byteOrder))]
	data = data[len(mark):]
	without, err := profile.Unset(name+".toml", data, key)
	if err != nil {
		return nil, err
	}
	at := 0
	for at < len(without) && without[at] == data[at] { // what Unset leaves is the file without one line
		at++
	}
	at = bytes.LastIndexByte(without[:at], '\n') + 1
	end := "\n"
	if bytes.Contains(data, []byte("\r\n")) {
		end = "\r\n"
	}
	comment := "# " + key + " is sealed by ezvpnd; to change it, set it here again, or: sudo ezvpn profile secret " +
		name + " " + argument(key) + end
	return slices.Concat(mark, without[:at], []byte(comment), without[at:]), nil
}

// byteOrder is what some editors begin a file with.
var byteOrder = []byte("\xef\xbb\xbf")

// argument is a secret's name on the command line.
func argument(key string) string { return strings.ReplaceAll(key, ".", "-") }
