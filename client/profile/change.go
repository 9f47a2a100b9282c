package profile

import "reflect"

// Impact is what a changed profile does to a tunnel that is up.
type Impact string

const (
	Nothing   Impact = "nothing"   // it counts from the next association on
	Live      Impact = "live"      // it counts at once, and the tunnel stays
	Reconnect Impact = "reconnect" // the tunnel has to be made anew
)

// effect is the impact of a change of this key.
func (k key) effect() Impact {
	if k.live == "" {
		return Reconnect
	}
	return k.live
}

// Change compares two versions of a profile: the strongest impact of what differs, and the keys that differ, in the
// order of the documentation. Secrets are compared too, and only their keys are named. Peers that are added, moved or
// taken away are a live change as long as the one in use stays; the session knows which that is.
func Change(old, new *Profile) (Impact, []string) {
	impact, changed := Nothing, []string(nil)
	for _, k := range keys {
		if k.later || k.only != "" || same(k, old, new) {
			continue
		}
		changed = append(changed, k.path)
		switch e := k.effect(); {
		case e == Reconnect, impact == Nothing:
			impact = e
		}
	}
	return impact, changed
}

func same(k key, a, b *Profile) bool {
	switch k.path {
	case "group.key":
		return a.Group.Key == b.Group.Key
	case "xauth.password":
		return a.XAUTH.Password == b.XAUTH.Password
	}
	return reflect.DeepEqual(k.kind.get(a), k.kind.get(b))
}
