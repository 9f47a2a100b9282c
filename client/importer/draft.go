package importer

import (
	"cmp"
	"errors"
	"path"
	"slices"
	"strings"

	"ezvpn/client/profile"
)

// draft is a profile while it is put together.
type draft struct {
	label  string // what the source calls the connection
	preset string
	vals   map[string]any // by key of the profile: string, []string, int or bool
	report Report
	locked []string
}

func (f *file) draft() *draft {
	return &draft{label: "", vals: map[string]any{}, report: Report{File: f.name, Format: f.format}}
}

// name is a name for the profile: what the source calls it, else the file's.
func (d *draft) name() string {
	base := path.Base(strings.ReplaceAll(d.report.File, `\`, "/"))
	for _, s := range []string{d.label, strings.TrimSuffix(base, path.Ext(base))} {
		s = strings.Map(func(r rune) rune {
			switch {
			case r >= 'a' && r <= 'z', r >= '0' && r <= '9', r == '.', r == '_', r == '-':
				return r
			}
			return '-'
		}, strings.ToLower(s))
		for strings.Contains(s, "--") {
			s = strings.ReplaceAll(s, "--", "-")
		}
		s = strings.Trim(s[:min(len(s), 64)], "-._")
		if s != "" && refused("name", s) == "" {
			return s
		}
	}
	return "imported"
}

// at is a place in the source.
type at struct {
	line int
	key  string
}

func (d *draft) note(p at, k Kind, to, text string) {
	d.report.add(Entry{Line: p.line, Key: p.key, Kind: k, To: to, Text: text})
}

func (d *draft) drop(p at, why string) { d.note(p, Dropped, "", why) }

// set puts a value into the profile if the profile takes it, and says which in the report.
func (d *draft) set(p at, to string, v any) bool { return d.put(p, Mapped, to, v, "") }

// weaken is set for what lowers security.
func (d *draft) weaken(p at, to string, v any, why string) bool { return d.put(p, Weak, to, v, why) }

func (d *draft) put(p at, k Kind, to string, v any, text string) bool {
	if v == "" || d.report.full() {
		return false
	}
	if why := refused(to, v); why != "" {
		d.note(p, Dropped, to, why)
		return false
	}
	if _, again := d.vals[to]; again {
		d.note(p, k, to, cmp.Or(text, "said again; the last one counts"))
	} else {
		d.note(p, k, to, text)
	}
	d.vals[to] = v
	return true
}

// allow lets the profile use a weak algorithm.
func (d *draft) allow(p at, word, why string) {
	have, _ := d.vals["security.allow"].([]string)
	if !slices.Contains(have, word) {
		d.vals["security.allow"] = append(have, word)
	}
	d.note(p, Weak, "security.allow", why)
}

// peers adds gateways, each of which the profile must take.
func (d *draft) peers(p at, hosts ...string) {
	have, _ := d.vals["peers"].([]string)
	for _, h := range hosts {
		h = strings.TrimSpace(h)
		if h == "" || d.report.full() {
			continue
		}
		if why := refused("peers", []string{h}); why != "" {
			d.note(p, Dropped, "peers", why)
			continue
		}
		if slices.Contains(have, strings.ToLower(h)) {
			d.note(p, Dropped, "peers", "is named before")
			continue
		}
		if len(have) == 16 {
			d.note(p, Dropped, "peers", "a profile has at most 16 peers")
			continue
		}
		have = append(have, strings.ToLower(h))
		d.vals["peers"] = have
		d.note(p, Mapped, "peers", "")
	}
}

// secret puts a key or a password into the profile; the report says only that there is one.
func (d *draft) secret(p at, to, v string) {
	if to == "xauth.password" {
		d.weaken(p, to, v, "stands in the profile until it is sealed; leave it out to be asked for it")
		return
	}
	d.set(p, to, v)
}

// lock notes that the source did not let the user change what became of an entry.
func (d *draft) lock(p at, to string) {
	if to != "" && !slices.Contains(d.locked, to) {
		d.locked = append(d.locked, to)
	}
	d.note(p, Locked, to, "the source locks it; a file of management can, see the end of the profile")
}

// refused says why a profile does not take a value, or "". Secrets are not quoted.
func refused(to string, v any) string {
	if s, ok := v.(string); ok && strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		return "has control characters"
	}
	vals := map[string]any{"peers": []string{"192.0.2.1"}, "group.name": "g", "group.key": "k"}
	if strings.HasPrefix(to, "dpd.") {
		vals["dpd.interval"] = 30
	}
	switch to {
	case "idle_timeout":
		vals["connect"] = "traffic"
	case "esp.pfs":
		vals["security.allow"] = []string{"modp1024"}
	}
	vals[to] = v
	if p, ok := v.([]string); ok && to == "inside.networks" && len(p) > 0 {
		vals["mode"] = "network-extension"
	}
	file := "imported.toml"
	if s, ok := v.(string); ok && to == "name" {
		file = s + ".toml"
	}
	_, err := profile.Parse(file, []byte(render(vals)))
	var errs profile.Errors
	if !errors.As(err, &errs) {
		return ""
	}
	for _, e := range errs {
		if e.Key == to || strings.HasPrefix(e.Key, to+"[") {
			if e.Allowed != "" {
				return e.Why + "; allowed: " + e.Allowed
			}
			return e.Why
		}
		if e.Key == "" {
			return e.Why
		}
	}
	return ""
}

// finish checks the whole and writes it.
func (d *draft) finish(name string) Result {
	d.report.Profile = name
	if d.preset != "" {
		d.vals["preset"] = d.preset
	}
	d.vals["name"] = name
	d.settle(name)
	slices.SortStableFunc(d.report.Entries, func(a, b Entry) int {
		if (a.Line == 0) != (b.Line == 0) {
			return cmp.Compare(b.Line, a.Line)
		}
		return cmp.Compare(a.Line, b.Line)
	})
	return Result{Name: name, TOML: d.text(), Report: d.report}
}

// settle drops what does not go together, and says what is missing.
func (d *draft) settle(name string) {
	for range 8 {
		vals := map[string]any{}
		for k, v := range d.vals {
			vals[k] = v
		}
		for k, v := range stopgaps(d.vals) {
			vals[k] = v
		}
		_, err := profile.Parse(name+".toml", []byte(render(vals)))
		var errs profile.Errors
		if !errors.As(err, &errs) {
			break
		}
		dropped := false
		for _, e := range errs {
			if _, ours := d.vals[e.Key]; ours && e.Key != "name" {
				delete(d.vals, e.Key)
				d.note(at{0, e.Key}, Dropped, "", e.Why)
				dropped = true
			}
		}
		if !dropped {
			for _, e := range errs {
				d.report.Entries = append(d.report.Entries, Entry{Key: e.Key, Kind: Missing, To: e.Key, Text: e.Why})
			}
			break
		}
	}
	for _, g := range gaps {
		if g.open(d.vals) {
			d.report.Entries = append(d.report.Entries, Entry{Kind: Missing, To: g.key, Text: g.text})
		}
	}
}

// gap is what a profile cannot do without.
type gap struct {
	key     string
	text    string
	example any
	open    func(vals map[string]any) bool
}

var gaps = []gap{
	{"peers", "the gateway is not named", []string{"vpn.example.com"}, without("peers")},
	{"group.name", "the name of the group is not known", "group", without("group.name")},
	{"group.key", "the group key is not known; ask the administrator of the gateway", "group key", without("group.key")},
	{"inside.networks", "the mode shows networks behind this machine, and none is named", []string{"192.168.1.0/24"}, func(vals map[string]any) bool {
		m, _ := vals["mode"].(string)
		return strings.HasPrefix(m, "network-extension") && without("inside.networks")(vals)
	}},
}

func without(key string) func(map[string]any) bool {
	return func(vals map[string]any) bool { _, ok := vals[key]; return !ok }
}

func stopgaps(vals map[string]any) map[string]any {
	out := map[string]any{}
	for _, g := range gaps {
		if g.open(vals) {
			out[g.key] = g.example
		}
	}
	return out
}
