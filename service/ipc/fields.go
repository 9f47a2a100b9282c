package ipc

import (
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"

	"ezvpn/client/profile"
)

const (
	// MaxFields is how many answers one request may bring.
	MaxFields = 16
	// MaxAnswer is the largest answer in bytes.
	MaxAnswer = 1 << 10
)

// Fields are secrets on their way to the daemon. They go one way, and only the JSON of a request spells them out.
type Fields map[string]string

// Secrets is the same, as values that never print.
func (f Fields) Secrets() map[string]profile.Secret {
	if len(f) == 0 {
		return nil
	}
	m := make(map[string]profile.Secret, len(f))
	for k, v := range f {
		m[k] = profile.Secret(v)
	}
	return m
}

func (f Fields) String() string {
	return "[" + strings.Join(slices.Sorted(maps.Keys(f)), " ") + "]"
}

func (f Fields) Format(s fmt.State, _ rune) { fmt.Fprint(s, f.String()) }
func (f Fields) LogValue() slog.Value       { return slog.StringValue(f.String()) }

// Check refuses more, or longer, answers than any gateway asks for.
func (f Fields) Check() *Error {
	if len(f) > MaxFields {
		return &Error{BadRequest, fmt.Sprintf("the request brings %d answers, and %d is the most", len(f), MaxFields),
			"send what the prompt asks for"}
	}
	for name, v := range f {
		if len(name) > 64 {
			return &Error{BadRequest, "an answer is for a field whose name no prompt has", "send what the prompt asks for"}
		}
		if len(v) > MaxAnswer {
			return &Error{BadRequest, fmt.Sprintf("an answer is longer than %d bytes", MaxAnswer), "look at what was pasted"}
		}
	}
	return nil
}
