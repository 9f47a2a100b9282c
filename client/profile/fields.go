package profile

import (
	"fmt"
	"strings"
)

// Fields are what a person must know to make a profile; all else has a default, or comes from the preset.
type Fields struct {
	Name    string
	Gateway string // one or several, with commas between them
	Group   string
	Key     Secret
	User    string // may be empty
	Preset  string // of Presets; empty for none
}

// Presets names the kinds of gateways.
func Presets() []string { return presetNames() }

// TOML is the profile as a file, checked; the error is that of Parse.
func (f Fields) TOML() (string, error) {
	var peers []string
	for p := range strings.SplitSeq(f.Gateway, ",") {
		peers = append(peers, basic(strings.TrimSpace(p)))
	}
	s := fmt.Sprintf("name = %s\npeers = [%s]\n", basic(f.Name), strings.Join(peers, ", "))
	if f.Preset != "" {
		s += fmt.Sprintf("preset = %s\n", basic(f.Preset))
	}
	s += fmt.Sprintf("\n[group]\nname = %s\nkey = %s\n", basic(f.Group), basic(string(f.Key)))
	if f.User != "" {
		s += fmt.Sprintf("\n[xauth]\nusername = %s\n", basic(f.User))
	}
	_, err := Parse(f.Name+".toml", []byte(s))
	return s, err
}

// basic is a TOML basic string. Control characters are left for the check to name.
func basic(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
}
