package capturetest

import (
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Vectors reads vectors.txt: one made-up conversation from group key to Delete with fixed cookies, nonces and keys.
// These are own fixtures, computed by an independent program and checked with openssl, not published vectors.
func Vectors(tb testing.TB) map[string][]byte {
	tb.Helper()
	b, err := os.ReadFile(filepath.Join(Dir(tb, "vectors"), "vectors.txt"))
	if err != nil {
		tb.Fatal(err)
	}
	out := map[string][]byte{}
	for _, line := range strings.Split(string(b), "\n") {
		name, value, ok := strings.Cut(line, " = ")
		if !ok {
			continue
		}
		if v, err := hex.DecodeString(strings.TrimSpace(value)); err == nil {
			out[strings.TrimSpace(name)] = v
		}
	}
	return out
}
