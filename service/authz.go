package service

import (
	"net/http"
	"slices"

	"ezvpn/client/status"
	"ezvpn/service/ipc"
)

// Level is what a verb asks of its caller. Root and administrators have them all.
type Level string

const (
	Look       Level = "look"       // any local user
	Use        Level = "use"        // members of the group ezvpn, and who sits at the machine
	Own        Level = "own"        // who started the session; for one that the machine started, those who may use
	Administer Level = "administer" // root and administrators
)

// Group is the group whose members may use the service.
const Group = "ezvpn"

// MachineOwner is the owner of a session that a profile with connect = "auto" started. No caller's label looks so.
const MachineOwner = "the machine"

// verb is one thing that a caller can ask for. What is not in the table does not exist.
type verb struct {
	method, path string
	level        Level
	do           func(*api, http.ResponseWriter, *http.Request, ipc.Caller)
	stream       bool // lasts as long as its reader, so no command waits for it
}

var verbs = []verb{
	{http.MethodGet, ipc.PathVersion, Look, (*api).version, false},
	{http.MethodGet, ipc.PathStatus, Look, (*api).status, false},
	{http.MethodGet, ipc.PathWatch, Look, (*api).watch, true},
	{http.MethodGet, ipc.PathProfiles, Use, (*api).profiles, false},
	{http.MethodPost, ipc.PathUp, Use, (*api).up, false},
	{http.MethodPost, ipc.PathDown, Own, (*api).down, false},
	{http.MethodPost, ipc.PathAnswer, Own, (*api).answer, false},
	{http.MethodPost, ipc.PathClear, Own, (*api).clear, false},
	{http.MethodPost, ipc.PathDebug, Own, (*api).debug, true},
	{http.MethodPost, ipc.PathKeys, Administer, (*api).keys, true},
	{http.MethodPost, ipc.PathLog, Administer, (*api).readLog, true},
	{http.MethodPost, ipc.PathLogLevel, Administer, (*api).logLevel, false},
	{http.MethodPost, ipc.PathProfileShow, Use, (*api).profileShow, false},
	{http.MethodPost, ipc.PathProfileSet, Use, (*api).profileSet, false},
	{http.MethodPost, ipc.PathProfileUnset, Use, (*api).profileUnset, false},
	{http.MethodPost, ipc.PathProfilePut, Administer, (*api).profilePut, false},
	{http.MethodPost, ipc.PathProfileRemove, Administer, (*api).profileRemove, false},
	{http.MethodPost, ipc.PathProfileSecret, Administer, (*api).profileSecret, false},
}

// authority knows the facts about callers that the kernel does not attest.
type authority struct {
	group   func() string          // ID of Group; "" if there is none
	console func(user string) bool // whether this user sits at the machine
}

func (a authority) uses(c ipc.Caller) bool {
	if c.Admin {
		return true
	}
	if g := a.group(); g != "" && slices.Contains(c.Groups, g) {
		return true
	}
	return a.console(c.User)
}

// owns says whether the session of this snapshot is the caller's, or nobody's.
func (a authority) owns(c ipc.Caller, s status.Snapshot) bool {
	switch s.Owner {
	case "", c.Label():
		return true
	case MachineOwner:
		return a.uses(c)
	}
	return c.Admin
}

// check is nil if the caller has the level, with s as the session now.
func (a authority) check(l Level, c ipc.Caller, s status.Snapshot) *ipc.Error {
	switch l {
	case Look:
		return nil
	case Use:
		if a.uses(c) {
			return nil
		}
		return a.notAllowed(c)
	case Own:
		if s.Owner == "" && !a.uses(c) {
			return a.notAllowed(c)
		}
		if a.owns(c, s) {
			return nil
		}
		return &ipc.Error{Code: ipc.NotOwner, Sentence: "the session was started by somebody else",
			Next: "ask whoever uses the VPN on this machine, or run the command with sudo"}
	}
	if c.Admin {
		return nil
	}
	return &ipc.Error{Code: ipc.NotAllowed, Sentence: "only an administrator may do this", Next: "run the command with sudo"}
}

func (a authority) notAllowed(c ipc.Caller) *ipc.Error {
	return &ipc.Error{Code: ipc.NotAllowed, Sentence: "you (" + c.Name + ") may look at the VPN on this machine, but not use it",
		Next: "run the command with sudo, or ask an administrator for: sudo usermod -aG " + Group + " " + c.Name +
			" (then log in again)"}
}

// visible is the part of a snapshot that the caller may see: a session of somebody else shows its state and no more.
func (a authority) visible(c ipc.Caller, s status.Snapshot) status.Snapshot {
	if a.owns(c, s) {
		return s
	}
	return status.Snapshot{Version: s.Version, Serial: s.Serial, Time: s.Time, State: s.State, Since: s.Since,
		Peers: []status.Peer{}}
}
