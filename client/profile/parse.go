package profile

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/BurntSushi/toml"
)

// Parse reads one profile. name is the file's name: it stands in errors, and without its ".toml" it is the name of a
// profile that does not say one. The error is of type Errors and holds all that is wrong, not only the first thing.
func Parse(name string, data []byte) (*Profile, error) {
	e, err := Compose(stem(name), Layer{Kind: Machine, File: name, Data: data})
	if err != nil {
		return nil, err
	}
	return e.Profile, nil
}

// source is one decoded file.
type source struct {
	kind string
	file string
	out  outline
	doc  map[string]any
}

// decode passes the text through the gate and the TOML parser.
func decode(kind, file string, data []byte) (source, Errors) {
	text := strings.TrimPrefix(string(data), "\uFEFF") // some editors begin with it
	out, errs := outlineOf(file, text)
	if len(errs) > 0 {
		return source{}, errs
	}
	var doc map[string]any
	if _, err := toml.Decode(text, &doc); err != nil {
		return source{}, Errors{syntax(file, text, err)}
	}
	return source{kind, file, out, doc}, nil
}

// said gives what the file says of a key.
func (s *source) said(path string) (v any, ok bool) {
	if s.out.lines[path] == 0 {
		return nil, false
	}
	table, name, dotted := strings.Cut(path, ".")
	if !dotted {
		v, ok = s.doc[path]
		return v, ok
	}
	t, _ := s.doc[table].(map[string]any)
	v, ok = t[name]
	return v, ok
}

// syntax is what the gate let through and the parser did not take. The parser's own words quote the file, so only the
// line is taken from it.
func syntax(file, text string, err error) FieldError {
	e := FieldError{File: file, Why: "this is not valid TOML"}
	var pe toml.ParseError
	if errors.As(err, &pe) && pe.Position.Line > 0 && pe.Position.Line <= strings.Count(text, "\n")+1 {
		e.Line = pe.Position.Line
	}
	return e
}

// reader makes a Profile of decoded files and gathers what is wrong.
type reader struct {
	name    string   // of the profile, where no file says it
	sources []source // weakest first
	lock    lock
	p       *Profile

	errs  Errors
	notes Errors   // what does not stop the profile: a value that is not used
	meant []string // keys that unknown ones were probably meant to be
}

// place is where something stands.
type place struct {
	file string
	line int
}

func (r *reader) wrong(at place, key, why, allowed string) {
	r.errs = append(r.errs, FieldError{at.file, at.line, key, why, allowed})
}

// isWrong says that a key was found wrong already.
func (r *reader) isWrong(key string) bool {
	return slices.ContainsFunc(r.errs, func(e FieldError) bool { return e.Key == key })
}

// said gives what the strongest file that may says of a key.
func (r *reader) said(path string) (v any, ok bool) {
	if s := r.sayer(path); s != nil {
		return s.said(path)
	}
	return nil, false
}

// sayer is the file whose word counts for a key, nil if none speaks of it.
func (r *reader) sayer(path string) *source {
	for i := len(r.sources) - 1; i >= 0; i-- {
		s := &r.sources[i]
		if _, ok := s.said(path); ok && r.lock.lets(s.kind, path) {
			return s
		}
	}
	return nil
}

// at is where a key is set; where none sets it, the weakest file as a whole.
func (r *reader) at(path string) place {
	if s := r.sayer(path); s != nil {
		return place{s.file, s.out.lines[path]}
	}
	return place{r.sources[0].file, 0}
}

// tableAt is where a table begins, or its first key; ok tells whether there is one.
func (r *reader) tableAt(table string) (at place, ok bool) {
	for i := len(r.sources) - 1; i >= 0; i-- {
		if line, ok := r.sources[i].out.has(table); ok {
			return place{r.sources[i].file, line}, true
		}
	}
	return place{r.sources[0].file, 0}, false
}

// defaults fills in the table's defaults and then the preset's, which stand unless the file says otherwise.
func (r *reader) defaults() {
	for _, k := range keys {
		if k.def != nil {
			k.kind.set(r.p, k.def)
		}
	}
	name, _ := r.said("preset")
	for _, x := range presets {
		if x.name != name {
			continue
		}
		for path, v := range x.set {
			k, _ := find(path)
			k.kind.set(r.p, v)
		}
	}
}

func (r *reader) read(k key) {
	for i := range r.sources {
		s := &r.sources[i]
		v, ok := s.said(k.path)
		if !ok {
			continue
		}
		at := place{s.file, s.out.lines[k.path]}
		switch why := r.lock.refuses(s.kind, k); {
		case why != "" && s.kind == Managed, why != "" && k.only != "":
			r.wrong(at, k.path, why, "")
			continue
		case why != "":
			r.notes = append(r.notes, FieldError{at.file, at.line, k.path, why, ""})
			continue
		case k.later:
			r.wrong(at, k.path, "not available in this version; take it out", "")
			continue
		}
		if why := k.kind.set(r.p, v); why != "" {
			r.wrong(at, k.path, why, k.kind.allowed)
		}
	}
}

// unknown reports tables and keys that no profile has.
func (r *reader) unknown(s *source) {
	var bad []string
	for t, line := range s.out.tables {
		if !slices.Contains(tables(), t) {
			bad = append(bad, t)
			r.wrong(place{s.file, line}, t, "there is no such table", bracketed(tables()))
		}
	}
	for _, path := range s.out.order {
		table, _, dotted := strings.Cut(path, ".")
		if slices.Contains(bad, table) || slices.ContainsFunc(bad, func(t string) bool { return strings.HasPrefix(path, t+".") }) {
			continue
		}
		if _, ok := find(path); ok {
			continue
		}
		switch {
		case !dotted && slices.Contains(tables(), path):
			r.wrong(place{s.file, s.out.lines[path]}, path, fmt.Sprintf("this is a table; write [%s] on a line of its own and its keys below", path), "")
		default:
			near := nearest(path)
			r.meant = append(r.meant, near)
			r.wrong(place{s.file, s.out.lines[path]}, path, "there is no such key"+hint(near), keysNear(path))
		}
	}
}

// keysNear lists what could stand there: the keys of the same table, or of the top.
func keysNear(p string) string {
	table, _, dotted := strings.Cut(p, ".")
	var names []string
	for _, k := range keys {
		t, name, inTable := strings.Cut(k.path, ".")
		switch {
		case k.later:
		case dotted && inTable && t == table:
			names = append(names, name)
		case !inTable && (!dotted || !slices.Contains(tables(), table)):
			names = append(names, k.path)
		}
	}
	return strings.Join(names, ", ")
}

func bracketed(names []string) string { return "[" + strings.Join(names, "], [") + "]" }

// stem is the profile name that a file name stands for.
func stem(file string) string {
	return strings.TrimSuffix(path.Base(strings.ReplaceAll(file, `\`, "/")), ".toml")
}
