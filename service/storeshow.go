package service

import (
	"ezvpn/service/ipc"
)

// show gives a profile as it is for this user, with the origin of every key. Secrets read "redacted".
func (s *store) show(name, user string) (ipc.ProfileShown, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.look()
	eff, err := s.effective(name, user)
	if err != nil {
		return ipc.ProfileShown{}, err
	}
	p := eff.Profile.Clone()
	sealedPassword := p.XAUTH.Password == ""
	s.password(p, user)
	sealedPassword = sealedPassword && p.XAUTH.Password != ""
	info := s.info(name, user)
	shown := ipc.ProfileShown{Profile: name, Text: p.Show(), Errors: info.Errors, Notices: info.Notices}
	for _, set := range eff.Settings() {
		if sealedPassword && set.Path == xauthPassword {
			set.Value, set.Origin = p.XAUTH.Password.String(), sealedFile
		}
		if set.File == sealedFile {
			set.Origin, set.File, set.Line = sealedFile, "", 0
		}
		shown.Settings = append(shown.Settings, ipc.ProfileSetting{Key: set.Path, Value: set.Value, Origin: set.Origin,
			File: set.File, Line: set.Line, Locked: set.Locked, By: set.By, User: set.User})
	}
	return shown, nil
}
