package ipc

import "ezvpn/client/status"

// API is the version of this wire. It grows when an older partner would misunderstand, not with each new field.
const API = 1

const (
	// Host is the only Host header that is served: a browser that was led here sends another.
	Host = "ezvpn"
	// HeaderAPI carries the caller's API number with every request.
	HeaderAPI = "Ezvpn-Api"
	// MaxBody is the largest request body in bytes.
	MaxBody = 64 << 10
)

// The verbs' paths.
const (
	PathVersion  = "/v1/version"
	PathStatus   = "/v1/status"
	PathWatch    = "/v1/watch"
	PathProfiles = "/v1/profiles"
	PathUp       = "/v1/up"
	PathDown     = "/v1/down"
	PathAnswer   = "/v1/answer"
	PathClear    = "/v1/clear"
	PathDebug    = "/v1/debug"
	PathKeys     = "/v1/keys"
	PathLog      = "/v1/log"
	PathLogLevel = "/v1/log/level"

	PathProfileShow   = "/v1/profile/show"
	PathProfilePut    = "/v1/profile/put"
	PathProfileRemove = "/v1/profile/remove"
	PathProfileSet    = "/v1/profile/set"
	PathProfileUnset  = "/v1/profile/unset"
	PathProfileSecret = "/v1/profile/secret"
)

// Version answers the handshake.
type Version struct {
	API    int    `json:"api"`
	Daemon string `json:"daemon"` // release of the daemon
}

// Profiles answers the list.
type Profiles struct {
	Profiles []ProfileInfo `json:"profiles"`
	Problems []string      `json:"problems,omitempty"` // of the directories, and of what is named unlike a profile
}

// ProfileInfo is what a caller may know of a profile: never a key or a password.
type ProfileInfo struct {
	Name    string   `json:"name"`
	Connect string   `json:"connect,omitempty"` // "auto", "manual", "traffic"
	Summary string   `json:"summary,omitempty"`
	Layers  []string `json:"layers,omitempty"`  // whose files it has: "machine", "user" (the caller's own), "managed"
	Errors  []string `json:"errors,omitempty"`  // what is wrong with its files; empty for a good one
	Using   string   `json:"using,omitempty"`   // with errors: the time of the last good version, which is used; RFC 3339
	Notices []string `json:"notices,omitempty"` // what else its administrator should know
}

// Up asks for a connect. Answers are XAUTH answers known beforehand, by field name; used once and not kept.
type Up struct {
	Profile string `json:"profile"`
	Answers Fields `json:"answers,omitempty"`
}

// Answer answers the open prompt, or gives up the connect.
type Answer struct {
	ID     string `json:"id"`
	Fields Fields `json:"fields,omitempty"`
	Cancel bool   `json:"cancel,omitempty"`

	// Remember asks that the password be kept, sealed, for this user and profile: if the profile and the gateway allow it.
	Remember bool `json:"remember,omitempty"`
}

// State answers up, down and answer: the state right after the command was taken.
type State struct {
	State   status.State `json:"state"`
	Profile string       `json:"profile,omitempty"`
}
