package ipc

import (
	"context"
	"net/http"
)

// The layers of a profile, from the lowest to the one that nobody overrides.
const (
	LayerMachine = "machine"
	LayerUser    = "user"
	LayerManaged = "managed"
)

// ProfileName says which profile is meant.
type ProfileName struct {
	Profile string `json:"profile"`
}

// ProfileShown is a profile as it is used for the caller. It holds no secret: those read "redacted".
type ProfileShown struct {
	Profile  string           `json:"profile"`
	Text     string           `json:"text"` // in the form of a profile file
	Settings []ProfileSetting `json:"settings"`
	Errors   []string         `json:"errors,omitempty"`  // what is wrong with the files as they are
	Notices  []string         `json:"notices,omitempty"` // what else its administrator should know
}

// ProfileSetting is one key of a profile and where its value comes from.
type ProfileSetting struct {
	Key    string `json:"key"`
	Value  any    `json:"value,omitempty"`  // a text, a number, a truth or a list of texts; absent where it is not set
	Origin string `json:"origin"`           // "default", "preset", "machine", "user", "managed", "sealed"
	File   string `json:"file,omitempty"`   // name of the file, where it is from one
	Line   int    `json:"line,omitempty"`   // in it
	Locked bool   `json:"locked,omitempty"` // only management can change it
	By     string `json:"by,omitempty"`     // who manages it, where they say so
	User   bool   `json:"user,omitempty"`   // users may set it for their own sessions
}

// ProfilePut is a whole file for the machine's layer.
type ProfilePut struct {
	Name    string `json:"name"`
	Text    Secret `json:"text"`              // it may hold some
	Replace bool   `json:"replace,omitempty"` // one of the same name
}

// ProfileSet changes one key in a layer: "user" is the caller's own, "machine" that of all.
type ProfileSet struct {
	Profile string `json:"profile"`
	Key     string `json:"key"`
	Value   string `json:"value"` // as on a command line: a text without quotes, a list with commas
	Layer   string `json:"layer,omitempty"`
}

// ProfileUnset takes one key out of a layer.
type ProfileUnset struct {
	Profile string `json:"profile"`
	Key     string `json:"key"`
	Layer   string `json:"layer,omitempty"`
}

// ProfileSecret gives a secret to be sealed: "group.key" or "xauth.password". An empty value forgets it.
type ProfileSecret struct {
	Profile string `json:"profile"`
	Key     string `json:"key"`
	Value   Secret `json:"value"`
}

// ProfileChanged answers what changes a profile: what the change does to a tunnel that is up with it.
type ProfileChanged struct {
	Profile string   `json:"profile"`
	Effect  string   `json:"effect"`            // "nothing", "live", "reconnect", "not up"
	Keys    []string `json:"keys,omitempty"`    // that differ for the tunnel
	Notices []string `json:"notices,omitempty"` // what else the caller should know
}

// ShowProfile gives a profile as it is used for the caller.
func (c *Client) ShowProfile(ctx context.Context, name string) (p ProfileShown, err error) {
	return p, c.verb(ctx, http.MethodPost, PathProfileShow, ProfileName{name}, &p)
}

// PutProfile writes the machine's file of a profile, which is checked first; replace allows it to take the place of
// another.
func (c *Client) PutProfile(ctx context.Context, name, text string, replace bool) (done ProfileChanged, err error) {
	return done, c.verb(ctx, http.MethodPost, PathProfilePut, ProfilePut{name, Secret(text), replace}, &done)
}

// RemoveProfile removes the machine's file of a profile, and its sealed secrets.
func (c *Client) RemoveProfile(ctx context.Context, name string) (done ProfileChanged, err error) {
	return done, c.verb(ctx, http.MethodPost, PathProfileRemove, ProfileName{name}, &done)
}

// SetProfile changes one key.
func (c *Client) SetProfile(ctx context.Context, set ProfileSet) (done ProfileChanged, err error) {
	return done, c.verb(ctx, http.MethodPost, PathProfileSet, set, &done)
}

// UnsetProfile takes one key out, so that the layer below or the default counts.
func (c *Client) UnsetProfile(ctx context.Context, unset ProfileUnset) (done ProfileChanged, err error) {
	return done, c.verb(ctx, http.MethodPost, PathProfileUnset, unset, &done)
}

// SealSecret keeps a secret for a profile, sealed.
func (c *Client) SealSecret(ctx context.Context, s ProfileSecret) (done ProfileChanged, err error) {
	return done, c.verb(ctx, http.MethodPost, PathProfileSecret, s, &done)
}
