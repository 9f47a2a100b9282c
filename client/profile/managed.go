package profile

import (
	"slices"
	"strings"
)

// word is a text that no profile keeps: it is read from the managed layer where it is wanted.
func word(max int, allowed string) kind {
	k := text(func(*Profile) *string { return new(string) }, max, allowed, nil)
	k.get = func(*Profile) any { return nil }
	return k
}

// lockable is a list of keys and tables; checkLocked looks at what they name.
func lockable() kind {
	return kind{"list of texts", "1 to 64 keys or tables of a profile, such as \"dpd\" or \"xauth.save\"",
		func(_ *Profile, v any) string {
			_, why := texts(v, maxLocked)
			return why
		},
		func(*Profile) any { return nil }, bounds{max: maxLocked}}
}

// checkLocked refuses a lock on what does not exist: it would protect nothing.
func (r *reader) checkLocked() {
	for i, s := range r.lock.named {
		why := ""
		switch {
		case slices.Contains(r.lock.named[:i], s):
			why = quote(s) + " is there twice"
		case !lockableName(s):
			why = quote(s) + " is neither a key nor a table of a profile" + hint(nearest(s))
		default:
			continue
		}
		r.wrong(r.at("managed.locked"), "managed.locked", why, r.allowedOf("managed.locked"))
		return
	}
}

func lockableName(s string) bool {
	return s != "managed" && !strings.HasPrefix(s, "managed.") &&
		slices.ContainsFunc(keys, func(k key) bool { return k.path == s || strings.HasPrefix(k.path, s+".") })
}
