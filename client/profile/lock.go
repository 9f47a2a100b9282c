package profile

import (
	"strings"
)

// lock is what management keeps for itself in one profile: the keys that the managed file sets, and those that it names
// under locked, one by one or by table.
type lock struct {
	by    string // who manages; "" for nobody in particular
	file  string // of the managed layer; "" if there is none
	set   map[string]bool
	named []string
}

// locksOf reads the locks of the managed layer. A wrong type under [managed] is reported when the key is read.
func locksOf(sources []source) lock {
	var l lock
	for i := range sources {
		s := &sources[i]
		if s.kind != Managed {
			continue
		}
		l.file, l.set = s.file, map[string]bool{}
		for _, path := range s.out.order {
			l.set[path] = true
		}
		if v, ok := s.said("managed.by"); ok {
			l.by, _ = v.(string)
		}
		if v, ok := s.said("managed.locked"); ok {
			l.named, _ = texts(v, maxLocked)
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
	return ok && l.refuses(layer, k) == ""
}
