package service

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"ezvpn/client/profile"
	"ezvpn/service/ipc"
)

// list tells of every profile as it is for this user, also of those that cannot be used, and why.
func (s *store) list(user string) (ipc.Profiles, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.look()
	out := ipc.Profiles{Profiles: []ipc.ProfileInfo{}}
	for _, f := range s.folders() {
		if f.err != nil && len(f.files) == 0 {
			return out, f.err
		}
		out.Problems = append(out.Problems, f.problems()...)
	}
	for _, name := range slices.Sorted(maps.Keys(s.profiles)) {
		out.Profiles = append(out.Profiles, s.info(name, user))
	}
	return out, nil
}

func (s *store) info(name, user string) ipc.ProfileInfo {
	e := s.profiles[name]
	info := ipc.ProfileInfo{Name: name, Errors: e.wrong, Notices: e.notices}
	for _, f := range s.files(name) {
		info.Layers = append(info.Layers, f.folder.layer)
	}
	if s.users.has(user, name) {
		info.Layers = append(info.Layers, ipc.LayerUser)
	}
	if e.use == nil {
		return info
	}
	if len(e.wrong) > 0 {
		info.Using = e.use.at.Format(time.RFC3339)
	}
	if eff, err := s.effective(name, user); err == nil {
		info.Connect, info.Summary = eff.Profile.Connect, summary(eff.Profile)
		for _, n := range eff.Notes {
			info.Notices = append(info.Notices[:len(info.Notices):len(info.Notices)], n.Error())
		}
	}
	return info
}

// warning says of the profile of a session that its file is not what is in use.
func (s *store) warning(name string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	e := s.profiles[name]
	switch {
	case e == nil:
		return []string{"the profile " + name + " was removed; the session stays until it ends"}
	case len(e.wrong) > 0 && e.use != nil:
		out := []string{fmt.Sprintf("the profile %s was changed, but wrong; the version of %s is used", name, e.use.at.Format(time.RFC3339))}
		return append(out, e.wrong...)
	}
	return nil
}

// summary is one line about a good profile, without secrets.
func summary(p *profile.Profile) string {
	if len(p.Peers) == 0 {
		return p.Mode + " mode"
	}
	s := p.Peers[0].Host
	if n := len(p.Peers) - 1; n > 0 {
		s += fmt.Sprintf(" and %d more", n)
	}
	if p.Group.Name != "" {
		s += ", group " + p.Group.Name
	}
	return s + ", " + p.Mode + " mode"
}
