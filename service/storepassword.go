package service

import (
	"errors"

	"ezvpn/client/profile"
)

// password gives a profile the XAUTH password that is kept for it: what this user asked to be remembered, then what
// was sealed for the machine, then what the unit of the service provides.
func (s *store) password(p *profile.Profile, user string) {
	if p.XAUTH.Password != "" {
		return
	}
	if p.XAUTH.Save && user != "" {
		if have, ok := s.passwordOf(p, user); ok {
			if p.XAUTH.Username == "" {
				p.XAUTH.Username = have.For
			}
			if p.XAUTH.Username == have.For {
				p.XAUTH.Password = profile.Secret(have.Value)
				return
			}
		}
	}
	if have, ok := s.passwordOf(p, ""); ok && have.For == p.XAUTH.Username {
		p.XAUTH.Password = profile.Secret(have.Value)
		return
	}
	v, from, err := s.unit.get(p.Name, xauthPassword)
	s.tell("unit "+p.Name, err, "the password that the unit provides cannot be used: "+from)
	p.XAUTH.Password = v
}

func (s *store) passwordOf(p *profile.Profile, user string) (sealed, bool) {
	have, err := s.secrets.get(secretKey{p.Name, xauthPassword, user})
	if errors.Is(err, errNoSecret) {
		return have, false
	}
	s.tell("password "+p.Name+" "+user, err, "a sealed password cannot be used")
	return have, err == nil
}
