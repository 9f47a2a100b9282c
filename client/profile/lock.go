package profile

import (
	"fmt"
	"strings"
)

// lock is what management keeps for itself in one profile: the keys that the managed file sets, and those that it names
// under locked, one by one or by table.
type lock struct {
	by    string // who manages; "" for nobody in particular
	file  string // of the managed layer; "" if there is none
	set   map[string]bool
	named []string
	void  map[string]bool // keys whose values have no meaning any more; see pointless
}

// locksOf reads the locks of the managed layer. A wrong type under [managed] is reported when the key is read.
func locksOf(sources []source) lock {
	var l lock
	for i := range sources {
		s := &sources[i]
		if s.kind != Managed {
			continue
		}
		if l.set == nil {
			l.file, l.set = s.file, map[string]bool{}
		}
		for _, path := range s.out.order {
			l.set[path] = true
		}
		if v, ok := s.said("managed.by"); ok {
			l.by, _ = v.(string)
		}
		if v, ok := s.said("managed.locked"); ok {
			more, _ := texts(v, maxLocked)
			l.named = append(l.named, more...)
		}
	}
	return l
}

// on says whether a key is locked, and by whom.
func (l lock) on(path string) (by string, locked bool) {
	if l.file == "" || strings.HasPrefix(path, "managed.") {
		return "", false
	}
	if l.set[path] {
		return l.by, true
	}
	for _, n := range l.named {
		if n == path || strings.HasPrefix(path, n+".") {
			return l.by, true
		}
	}
	return "", false
}

// sentence says that a key is locked, and who could change it.
func (l lock) sentence(path string) string {
	by, _ := l.on(path)
	if by == "" {
		by = "the administration of this machine"
	}
	return "managed by " + by + " (" + l.file + "), who alone can change it"
}

// refuses says why a layer may not have a key, "" if it may. A key that is locked without a managed value keeps what
// the machine's file says.
func (l lock) refuses(layer string, k key) string {
	_, locked := l.on(k.path)
	switch {
	case k.only != "" && layer != k.only:
		return "only a " + k.only + " file may have this"
	case layer == Managed:
		return ""
	case locked && (layer == User || l.set[k.path]):
		return l.sentence(k.path) + "; the value here is not used"
	case layer == User && !k.user:
		return "this is not for users to set; ask an administrator, who can set it for the machine"
	}
	return ""
}

// lets says whether what a layer says of a key is used.
func (l lock) lets(layer, path string) bool {
	k, ok := find(path)
	return ok && !l.void[path] && l.refuses(layer, k) == ""
}

// pointless says that a key lost its meaning by what a stronger layer says of another one, as an idle timeout does where
// a user connects by hand. That is nobody's mistake: the caller takes it back, and a note says so.
func (r *reader) pointless(path, by string) bool {
	weak, strong := r.sayer(path), r.sayer(by)
	if weak == nil || strong == nil || strength(weak.kind) >= strength(strong.kind) {
		return false
	}
	r.notes = append(r.notes, FieldError{weak.file, weak.out.lines[path], path,
		fmt.Sprintf("the value here is not used: it has no meaning with %s of %s:%d", by, strong.file, strong.out.lines[by]), ""})
	if r.lock.void == nil {
		r.lock.void = map[string]bool{}
	}
	r.lock.void[path] = true
	return true
}
