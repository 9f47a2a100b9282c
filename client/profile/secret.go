package profile

import (
	"fmt"
	"log/slog"
)

// Secret is a value that never prints.
type Secret string

func (Secret) String() string               { return "redacted" }
func (Secret) GoString() string             { return "redacted" }
func (Secret) Format(f fmt.State, _ rune)   { fmt.Fprint(f, "redacted") }
func (Secret) LogValue() slog.Value         { return slog.StringValue("redacted") }
func (Secret) MarshalText() ([]byte, error) { return []byte("redacted"), nil }
