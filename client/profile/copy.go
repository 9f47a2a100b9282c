package profile

import (
	"fmt"
	"log/slog"
	"slices"
)

// Clone is a copy that shares nothing with p.
func (p *Profile) Clone() *Profile {
	if p == nil {
		return nil
	}
	c := *p
	c.Peers = slices.Clone(p.Peers)
	c.IKE.Proposals = slices.Clone(p.IKE.Proposals)
	c.ESP.Proposals = slices.Clone(p.ESP.Proposals)
	c.Inside.Networks = slices.Clone(p.Inside.Networks)
	c.Inside.Interfaces = slices.Clone(p.Inside.Interfaces)
	c.Routes.Exclude = slices.Clone(p.Routes.Exclude)
	c.Security.Allow = slices.Clone(p.Security.Allow)
	return &c
}

// Redacted is a copy without secrets, for whoever may see the profile but not use it.
func (p *Profile) Redacted() *Profile {
	c := p.Clone()
	c.Group.Key, c.XAUTH.Password = "", ""
	return c
}

// Summary is what a list of profiles shows. It holds no secret.
type Summary struct {
	Name     string   `json:"name"`
	Connect  string   `json:"connect"`
	Mode     string   `json:"mode"`
	Peers    []string `json:"peers"`
	Preset   string   `json:"preset,omitempty"`
	Group    string   `json:"group"`
	Username string   `json:"username,omitempty"`
	Weak     []string `json:"weak,omitempty"` // weak algorithms that are offered
}

// Summary gives the line of p in a list.
func (p *Profile) Summary() Summary {
	return Summary{Name: p.Name, Connect: p.Connect, Mode: p.Mode, Peers: printed(p.Peers), Preset: p.Preset,
		Group: p.Group.Name, Username: p.XAUTH.Username, Weak: p.Weak()}
}

// Weak names the weak algorithms that p offers, each once.
func (p *Profile) Weak() []string {
	var out []string
	for _, s := range append(append(printed(p.IKE.Proposals), printed(p.ESP.Proposals)...), groupWord(p.ESP.PFS)) {
		for _, w := range weakIn(s) {
			if !slices.Contains(out, w) {
				out = append(out, w)
			}
		}
	}
	return out
}

// String is one line for a log.
func (p *Profile) String() string {
	return fmt.Sprintf("profile %s: %s as %s to %d peers", p.Name, p.Mode, p.Group.Name, len(p.Peers))
}

// LogValue keeps the parts of a profile out of structured logs.
func (p *Profile) LogValue() slog.Value { return slog.StringValue(p.String()) }
