package profile

import (
	"cmp"
	"slices"
)

// The layers of a profile, weakest first. Defaults and the preset are below them all.
const (
	Machine = "machine" // profiles.d: what an administrator wrote for this machine
	User    = "user"    // what a user wants for the sessions that he or she starts; a few keys only
	Managed = "managed" // managed.d: what management pushed; it wins, and locks what it sets
)

// Origins of a setting that no layer made.
const (
	Default = "default"
	Preset  = "preset"
)

var kinds = []string{Machine, User, Managed}

func strength(kind string) int { return slices.Index(kinds, kind) }

// Layer is one file of a profile.
type Layer struct {
	Kind string // Machine, User or Managed
	File string // for errors
	Data []byte
}

// Effective is one profile as all its layers make it.
type Effective struct {
	Profile *Profile
	// Notes are values that are not used, and why: what a weaker layer says of a key that is managed, or a user of a
	// key that is not for users.
	Notes Errors

	sources []source
	lock    lock
}

// Compose reads all layers of one profile. A key has the value of the strongest layer that sets it and may. Checks that
// span keys are made on the result. The error is of type Errors and holds all that is wrong in all files.
func Compose(name string, layers ...Layer) (*Effective, error) {
	r := reader{name: name, p: &Profile{}}
	broken := false
	for _, kind := range kinds {
		for _, l := range layers {
			if l.Kind != kind {
				continue
			}
			s, errs := decode(l.Kind, l.File, l.Data)
			r.errs = append(r.errs, errs...)
			if broken = broken || len(errs) > 0; len(errs) == 0 {
				r.sources = append(r.sources, s)
			}
		}
	}
	if len(r.sources) == 0 && !broken {
		return nil, Errors{{File: name, Why: "the profile has no file"}}
	}
	r.lock = locksOf(r.sources)
	for i := range r.sources {
		r.unknown(&r.sources[i])
	}
	r.defaults()
	for _, k := range keys {
		r.read(k)
	}
	if !broken { // else what is missing may be in the file that could not be read
		r.allowWeak()
		r.check()
	}
	if len(r.errs) > 0 {
		return nil, r.errs.sorted(layers...)
	}
	return &Effective{Profile: r.p, Notes: r.notes.sorted(layers...), sources: r.sources, lock: r.lock}, nil
}

// Setting is one key of an effective profile.
type Setting struct {
	Path   string `json:"path"`
	Value  any    `json:"value,omitempty"` // as TOML has it; "redacted" for a secret; absent where it is not set
	Origin string `json:"origin"`          // "default", "preset", "machine", "user", "managed"
	File   string `json:"file,omitempty"`
	Line   int    `json:"line,omitempty"`
	Locked bool   `json:"locked,omitempty"` // only management can change it
	By     string `json:"by,omitempty"`     // who manages it
	User   bool   `json:"user,omitempty"`   // users may set it for their own sessions
	Doc    string `json:"doc"`
}

// Settings are all keys in the order of the documentation, with where each value comes from.
func (e *Effective) Settings() []Setting {
	r := reader{sources: e.sources, lock: e.lock}
	var out []Setting
	for _, k := range keys {
		if k.later || k.only != "" {
			continue
		}
		s := Setting{Path: k.path, Value: k.kind.get(e.Profile), Origin: Default, Doc: k.doc, User: k.user}
		if by, locked := e.lock.on(k.path); locked {
			s.Locked, s.By = true, by
		}
		switch from := r.sayer(k.path); {
		case from != nil:
			s.Origin, s.File, s.Line = from.kind, from.file, from.out.lines[k.path]
		case presetSets(e.Profile.Preset, k.path):
			s.Origin = Preset
		}
		out = append(out, s)
	}
	return out
}

func presetSets(name, path string) bool {
	i := slices.IndexFunc(presets, func(p preset) bool { return p.name == name })
	if i < 0 {
		return false
	}
	_, ok := presets[i].set[path]
	return ok
}

// MaySet says whether a layer may set a key: nil, or an error that says who manages it, or that it is not for users.
func (e *Effective) MaySet(layer, path string) error {
	k, ok := find(path)
	if !ok {
		near := nearest(path)
		return FieldError{File: cmp.Or(e.Profile.Name, "profile"), Key: path, Why: "there is no such key" + hint(near), Allowed: keysNear(path)}
	}
	why := e.lock.refuses(layer, k)
	if _, locked := e.lock.on(path); locked && layer != Managed {
		why = e.lock.sentence(path)
	}
	if why == "" {
		return nil
	}
	return FieldError{File: cmp.Or(e.Profile.Name, "profile"), Key: path, Why: why}
}
