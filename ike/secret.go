package ike

import (
	"fmt"
	"log/slog"
)

// Secret is key material that never prints.
type Secret []byte

func (Secret) String() string               { return "redacted" }
func (Secret) GoString() string             { return "redacted" }
func (Secret) Format(f fmt.State, _ rune)   { fmt.Fprint(f, "redacted") }
func (Secret) LogValue() slog.Value         { return slog.StringValue("redacted") }
func (Secret) MarshalText() ([]byte, error) { return []byte("redacted"), nil }
