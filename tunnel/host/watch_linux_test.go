package host

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"testing"
)

func TestNamesResolv(t *testing.T) {
	event := func(name string) []byte {
		b := make([]byte, 16, 32)
		size := (len(name) + 15) / 16 * 16
		binary.NativeEndian.PutUint32(b[12:], uint32(size))
		return append(append(b, name...), make([]byte, size-len(name))...)
	}
	for _, c := range []struct {
		name string
		b    []byte
		want bool
	}{
		{"another file", event("passwd"), false},
		{"our temporary file", event(resolvTemp), false},
		{"second of two", append(event("passwd"), event("resolv.conf")...), true},
		{"the file itself", event(""), true},
		{"cut", event("passwd")[:20], true},
		{"less than a header", make([]byte, 15), false},
	} {
		if got := namesResolv(c.b); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
}

func TestDiffers(t *testing.T) {
	path := filepath.Join(t.TempDir(), "resolv.conf")
	changed := differs(path)
	for i, c := range []struct {
		content string
		want    bool
	}{{"a", true}, {"a", false}, {"b", true}, {fileMark + "nameserver 10.0.0.53\n", false}, {"b", true}} {
		must(t, os.WriteFile(path, []byte(c.content), 0o644))
		if got := changed(); got != c.want {
			t.Errorf("write %d: %v", i, got)
		}
	}
}
