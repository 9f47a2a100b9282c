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
	text := strings.TrimPrefix(string(data), "\uFEFF") // some editors begin with it
	out, errs := outlineOf(name, text)
	if len(errs) > 0 {
		return nil, errs.sorted()
	}
	var doc map[string]any
	if _, err := toml.Decode(text, &doc); err != nil {
		return nil, Errors{syntax(name, text, err)}
	}
	r := reader{file: name, out: out, doc: doc, p: &Profile{}}
	r.unknown()
	r.defaults()
	for _, k := range keys {
		r.read(k)
	}
	r.allowWeak()
	r.check()
	if len(r.errs) > 0 {
		return nil, r.errs.sorted()
	}
	return r.p, nil
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

// reader makes a Profile of a decoded file and gathers what is wrong.
type reader struct {
	file string
	out  outline
	doc  map[string]any
	p    *Profile

	errs  Errors
	meant []string // keys that unknown ones were probably meant to be
}

func (r *reader) wrong(line int, key, why, allowed string) {
	r.errs = append(r.errs, FieldError{r.file, line, key, why, allowed})
}

// isWrong says that a key was found wrong already.
func (r *reader) isWrong(key string) bool {
	return slices.ContainsFunc(r.errs, func(e FieldError) bool { return e.Key == key })
}

// said gives what the file says of a key.
func (r *reader) said(path string) (v any, ok bool) {
	if r.out.lines[path] == 0 {
		return nil, false
	}
	table, name, dotted := strings.Cut(path, ".")
	if !dotted {
		v, ok = r.doc[path]
		return v, ok
	}
	t, _ := r.doc[table].(map[string]any)
	v, ok = t[name]
	return v, ok
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
	v, ok := r.said(k.path)
	if !ok {
		return
	}
	line := r.out.lines[k.path]
	if k.later {
		r.wrong(line, k.path, "not available in this version; take it out", "")
		return
	}
	if why := k.kind.set(r.p, v); why != "" {
		r.wrong(line, k.path, why, k.kind.allowed)
	}
}

// unknown reports tables and keys that no profile has.
func (r *reader) unknown() {
	var bad []string
	for t, line := range r.out.tables {
		if !slices.Contains(tables(), t) {
			bad = append(bad, t)
			r.wrong(line, t, "there is no such table", bracketed(tables()))
		}
	}
	for _, path := range r.out.order {
		table, _, dotted := strings.Cut(path, ".")
		if slices.Contains(bad, table) || slices.ContainsFunc(bad, func(t string) bool { return strings.HasPrefix(path, t+".") }) {
			continue
		}
		if _, ok := find(path); ok {
			continue
		}
		switch {
		case !dotted && slices.Contains(tables(), path):
			r.wrong(r.out.lines[path], path, fmt.Sprintf("this is a table; write [%s] on a line of its own and its keys below", path), "")
		default:
			near := nearest(path)
			r.meant = append(r.meant, near)
			r.wrong(r.out.lines[path], path, "there is no such key"+hint(near), keysNear(path))
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
