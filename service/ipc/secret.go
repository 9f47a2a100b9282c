package ipc

import (
	"fmt"
	"log/slog"
)

// Secret is one secret on its way to the daemon. Only the JSON of a request spells it out.
type Secret string

func (Secret) String() string             { return "redacted" }
func (Secret) GoString() string           { return "redacted" }
func (Secret) Format(f fmt.State, _ rune) { fmt.Fprint(f, "redacted") }
func (Secret) LogValue() slog.Value       { return slog.StringValue("redacted") }

// SecretKey says whether a key of a profile is one that is sealed, and that no command line may carry.
func SecretKey(key string) bool { return key == "group.key" || key == "xauth.password" }
