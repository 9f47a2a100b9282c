package ipc

import "net/http"

// Error is what a refused request answers. The code is for programs and stays the same between releases; sentence and
// next are for people.
type Error struct {
	Code     string `json:"code"`
	Sentence string `json:"sentence"`
	Next     string `json:"next,omitempty"`
}

func (e *Error) Error() string {
	if e.Next == "" {
		return e.Sentence
	}
	return e.Sentence + "; " + e.Next
}

// The codes.
const (
	BadRequest      = "bad-request"      // not HTTP and JSON as documented
	TooLarge        = "too-large"        // body over MaxBody
	UnknownVerb     = "unknown-verb"     // no such path or method
	WrongHost       = "wrong-host"       // Host is not ours, or an Origin came along: a browser
	VersionMismatch = "version-mismatch" // the two ends are of different releases
	NotIdentified   = "not-identified"   // the kernel does not say who calls
	NotAllowed      = "not-allowed"      // the caller's level is too low
	NotOwner        = "not-owner"        // the session is somebody else's
	Busy            = "busy"             // a session is up or coming up
	NoSession       = "no-session"       // nothing to end
	NoPrompt        = "no-prompt"        // nothing is asked, or it was answered
	ProfileUnknown  = "profile-unknown"  // no profile of that name
	ProfileError    = "profile-error"    // the profile cannot be used as it stands
	ProfileExists   = "profile-exists"   // there is one of that name
	KeyLocked       = "key-locked"       // management locks this key of the profile
	KeyUnknown      = "key-unknown"      // no such key, or not in this layer, or not this value
	TooMany         = "too-many"         // connections of this user, or in all
	NotReady        = "not-ready"        // the machine lacks what undoing a tunnel needs: its state cannot be written
	Stopping        = "stopping"         // the daemon is going down
	Internal        = "internal"         // a bug of ours
	Unreachable     = "unreachable"      // made by the client: no daemon answers
	WrongServer     = "wrong-server"     // made by the client: the other end is not the daemon
	BadReply        = "bad-reply"        // made by the client: the other end answers something else
)

// httpStatus is the status line for each code that a server sends.
var httpStatus = map[string]int{
	BadRequest:      http.StatusBadRequest,
	TooLarge:        http.StatusRequestEntityTooLarge,
	UnknownVerb:     http.StatusNotFound,
	WrongHost:       http.StatusMisdirectedRequest,
	VersionMismatch: http.StatusPreconditionFailed,
	NotIdentified:   http.StatusForbidden,
	NotAllowed:      http.StatusForbidden,
	NotOwner:        http.StatusForbidden,
	Busy:            http.StatusConflict,
	NoSession:       http.StatusConflict,
	NoPrompt:        http.StatusConflict,
	ProfileUnknown:  http.StatusNotFound,
	ProfileError:    http.StatusUnprocessableEntity,
	ProfileExists:   http.StatusConflict,
	KeyLocked:       http.StatusForbidden,
	KeyUnknown:      http.StatusUnprocessableEntity,
	TooMany:         http.StatusTooManyRequests,
	NotReady:        http.StatusServiceUnavailable,
	Stopping:        http.StatusServiceUnavailable,
	Internal:        http.StatusInternalServerError,
}

// StatusOf is the HTTP status of a refusal with this code; 0 for a code that does not come over the wire.
func StatusOf(code string) int { return httpStatus[code] }

// Codes lists every code that can come over the wire.
func Codes() []string {
	codes := make([]string, 0, len(httpStatus))
	for c := range httpStatus {
		codes = append(codes, c)
	}
	return codes
}

// envelope is the body of a refusal.
type envelope struct {
	Error *Error `json:"error"`
}
