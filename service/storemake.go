package service

import (
	"bytes"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"ezvpn/client/profile"
)

// made is what comes of the files of a profile.
type made struct {
	version
	notices []string
	inClear []layered // those that hold a secret
}

// make puts the layers of a profile together with what was sealed of it. The error holds all that is wrong.
func (s *store) make(name string, files []layered) (*made, error) {
	m, err := s.layersOf(name, files)
	if err != nil {
		return nil, err
	}
	return m, s.compose(name, m)
}

// layersOf gathers the files of a profile.
func (s *store) layersOf(name string, files []layered) (*made, error) {
	m := &made{}
	var errs []error
	for _, f := range files {
		if f.err != nil {
			errs = append(errs, f.err)
			continue
		}
		if f.id.info != nil && f.id.info.ModTime().After(m.at) {
			m.at = f.id.info.ModTime()
		}
		m.layers = append(m.layers, profile.Layer{Kind: f.folder.layer, File: f.folder.called(name), Data: f.data})
		if holds(f.data, groupKey) || holds(f.data, xauthPassword) {
			m.inClear = append(m.inClear, f)
		}
	}
	return m, errors.Join(errs...)
}

// compose makes the version of the layers, with the group key from wherever it is.
func (s *store) compose(name string, m *made) error {
	key, err := s.groupKey(name, m.layers)
	if err != nil {
		return err
	}
	layers := key.on(m.layers)
	eff, err := profile.Compose(name, layers...)
	if err != nil {
		return ofFiles(name, m.layers, err)
	}
	if p := eff.Profile; p.Name != name {
		return fmt.Errorf("%s.toml: name = %q, but the file is named for %q; make them the same", name, p.Name, name)
	}
	if err := key.fits(name, eff.Profile.Group.Name); err != nil {
		return err
	}
	m.layers, m.effective = layers, eff
	return s.keyFile(eff.Profile.Clone())
}

// ofFiles are the errors of the files alone, for a sealed key is no file in which anybody could look. That the key is
// missing there is none of them.
func ofFiles(name string, layers []profile.Layer, err error) error {
	_, alone := profile.Compose(name, layers...)
	var errs profile.Errors
	if !errors.As(alone, &errs) {
		return err
	}
	errs = slices.DeleteFunc(errs, func(e profile.FieldError) bool {
		return e.Key == groupKey && strings.HasPrefix(e.Why, "missing")
	})
	if len(errs) == 0 {
		return err
	}
	return errs
}

// errElsewhere is what can be mended without a change of the profile's files.
type errElsewhere struct{ error }

func (e errElsewhere) Unwrap() error { return e.error }

// keyFile reads the group key from the file that the profile names: one of its own, or one beside the profile. It is
// read for each use, for nobody says when it changes.
func (s *store) keyFile(p *profile.Profile) (err error) {
	file := p.Group.KeyFile
	if file == "" {
		return nil
	}
	if !filepath.IsAbs(file) {
		file = filepath.Join(s.machine.dir, file)
	}
	if p.Group.Key, err = readSecret(file); err != nil {
		return errElsewhere{fmt.Errorf("%s.toml: group.key_file: %w", p.Name, err)}
	}
	return nil
}

// under is the layers of a version with a user's on top.
func (v *version) under(name string, data []byte) []profile.Layer {
	return append(v.layers[:len(v.layers):len(v.layers)], profile.Layer{Kind: profile.User, File: userFile(name), Data: data})
}

// userFile is how errors and origins call what a user set.
func userFile(name string) string { return "your settings of " + name }

// holds says whether a file sets a key, in whatever form.
func holds(data []byte, key string) bool {
	_, name, _ := strings.Cut(key, ".")
	if !bytes.Contains(data, []byte(name)) { // keys have no quotes and no escapes
		return false
	}
	_, err := profile.Unset("", data, key)
	var e profile.FieldError
	return err == nil || errors.As(err, &e) && e.Line > 0 // it is there, and cannot be taken out
}

// found is a secret that is in no file of the profile.
type found struct {
	key   string
	value profile.Secret // "" for none
	group string         // that it is for; "" for any
}

// groupKey looks for the key where no file has it: with the unit, then among what was sealed.
func (s *store) groupKey(name string, layers []profile.Layer) (k found, err error) {
	for _, l := range layers {
		if holds(l.Data, groupKey) || holds(l.Data, "group.key_file") {
			return k, nil
		}
	}
	v, from, err := s.unit.get(name, groupKey)
	if err != nil {
		return k, errElsewhere{fmt.Errorf("%s.toml: group.key: %s: %w", name, from, err)}
	}
	if v != "" {
		return found{groupKey, v, ""}, nil
	}
	have, err := s.secrets.get(secretKey{name, groupKey, ""})
	if errors.Is(err, errNoSecret) {
		return k, nil
	}
	if err != nil {
		return k, fmt.Errorf("%s.toml: group.key: %w", name, err)
	}
	return found{groupKey, profile.Secret(have.Value), have.For}, nil
}

// fits refuses a key that was sealed for another group: whoever changes the group has to know its key.
func (k found) fits(name, group string) error {
	if k.value == "" || k.group == "" || k.group == group {
		return nil
	}
	return fmt.Errorf("%s.toml: group.name: the sealed key is that of the group %q, not of %q; give the key of the new group: "+
		"sudo ezvpn profile secret %s group-key", name, k.group, group, name)
}

// on is the layers with the secret that was found.
func (k found) on(layers []profile.Layer) []profile.Layer {
	if k.value == "" {
		return layers
	}
	table, name, _ := strings.Cut(k.key, ".")
	text := "[" + table + "]\n" + name + " = " + quoted(string(k.value)) + "\n"
	return append(layers[:len(layers):len(layers)], profile.Layer{Kind: profile.Machine, File: sealedFile, Data: []byte(text)})
}

// sealedFile is the name of the file that a sealed secret would be in.
const sealedFile = "sealed"

// quoted writes a text without control characters in TOML.
func quoted(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
}
