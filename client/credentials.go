package client

import (
	"maps"

	"ezvpn/client/profile"
	"ezvpn/client/status"
	"ezvpn/ike"
)

// credentials knows where an XAUTH answer comes from: the profile, the answers that came with connect (each used
// once), or what the user typed where the gateway allows it to be kept in memory. A password that was sent in this
// attempt is never sent again by itself, since gateways lock accounts; a code is never kept. It is a value.
type credentials struct {
	user, domain string
	password     profile.Secret            // from the profile
	once         map[string]profile.Secret // from connect
	typed        profile.Secret            // what the user typed last, kept while the session lives if the gateway allows
	keep         bool                      // the gateway said so
	sent         bool                      // a password or code left in this attempt
}

func newCredentials(p *profile.Profile, once map[string]profile.Secret) credentials {
	return credentials{user: p.XAUTH.Username, domain: p.XAUTH.Domain, password: p.XAUTH.Password, once: maps.Clone(once)}
}

// attempt forgets that a password was sent: a new association begins.
func (c credentials) attempt() credentials { c.sent = false; return c }

// refused forgets every answer that could be sent again by itself.
func (c credentials) refused() credentials {
	c.password, c.typed, c.once = "", "", nil
	return c
}

// allowed takes the gateway's SAVE_PASSWORD attribute.
func (c credentials) allowed(keep bool) credentials {
	c.keep = keep
	if !keep {
		c.typed = ""
	}
	return c
}

// known gives what can be answered without asking, and the fields that are missing.
func (c credentials) known(fields []ike.XAUTHField) (map[string]ike.Secret, []ike.XAUTHField, credentials) {
	have := map[string]ike.Secret{}
	var missing []ike.XAUTHField
	for _, f := range fields {
		v, ok := c.value(f.Name)
		if !ok {
			missing = append(missing, f)
			continue
		}
		have[f.Name] = ike.Secret(v)
		if _, once := c.once[f.Name]; once {
			c.once = maps.Clone(c.once)
			delete(c.once, f.Name)
		}
	}
	return have, missing, c
}

func (c credentials) value(name string) (profile.Secret, bool) {
	if v, ok := c.once[name]; ok {
		return v, true
	}
	switch name {
	case "username":
		return profile.Secret(c.user), c.user != ""
	case "domain":
		return profile.Secret(c.domain), true
	case "password":
		switch {
		case c.sent:
			return "", false
		case c.typed != "" && c.keep:
			return c.typed, true
		default:
			return c.password, c.password != ""
		}
	}
	return "", false
}

// answered notes what was typed. Only the first round's password can be one that holds for another time: what a later
// round calls a password is a code as a rule.
func (c credentials) answered(round int, fields map[string]profile.Secret) credentials {
	if u, ok := fields["username"]; ok {
		c.user = string(u)
	}
	if p, ok := fields["password"]; ok && round == 1 {
		c.typed = p
	}
	return c
}

// labels are the words of a prompt for a person.
var labels = map[string]string{
	"username": "User name", "password": "Password", "passcode": "Passcode", "challenge": "Response",
	"domain": "Domain", "next-pin": "New PIN", "answer": "Answer",
}

func promptFields(fields []ike.XAUTHField) []status.PromptField {
	out := make([]status.PromptField, 0, len(fields))
	for _, f := range fields {
		label := labels[f.Name]
		if label == "" {
			label = f.Name
		}
		out = append(out, status.PromptField{Name: f.Name, Label: label, Hidden: f.Hidden, Text: status.FilterLine(f.Text)})
	}
	return out
}
