//go:build linux || darwin

package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestProfileCheck(t *testing.T) {
	const good = "name = \"office\"\npeers = [\"192.0.2.1\"]\n[group]\nname = \"unity\"\nkey = \"c4n4ry\"\n"
	d := &fakeDaemon{address: filepath.Join(t.TempDir(), "none")} // needs no service
	for name, c := range map[string]struct {
		file, text string
		code       int
		says       string
	}{
		"good":        {"office.toml", good, 0, "is good"},
		"unknown key": {"office.toml", "script = \"x\"\n" + good, 5, "script"},
		"empty":       {"office.toml", "", 5, "cannot be used"},
		"other name":  {"home.toml", good, 5, "office.toml"},
		"too large":   {"office.toml", good + strings.Repeat("#", 64<<10), 5, "64 KiB"},
	} {
		path := filepath.Join(t.TempDir(), c.file)
		if err := os.WriteFile(path, []byte(c.text), 0o600); err != nil {
			t.Fatal(err)
		}
		code, out, err := d.run(t.Context(), "", "profile", "check", path)
		if code != c.code || !strings.Contains(out+err, c.says) {
			t.Errorf("%s: exit %d, %s%s", name, code, out, err)
		}
		if strings.Contains(out+err, "c4n4ry") {
			t.Errorf("%s: the key is printed", name)
		}
	}
	if code, _, err := d.run(t.Context(), "", "profile", "check", filepath.Join(t.TempDir(), "none")); code != 5 {
		t.Errorf("no file: exit %d, %s", code, err)
	}
}

// TestProfileExample: what the command offers to begin with is a profile that check takes and show prints.
func TestProfileExample(t *testing.T) {
	d := &fakeDaemon{}
	_, example, _ := d.run(t.Context(), "", "profile", "example")
	path := filepath.Join(t.TempDir(), "office.toml")
	if err := os.WriteFile(path, []byte(example), 0o600); err != nil {
		t.Fatal(err)
	}
	if code, _, err := d.run(t.Context(), "", "profile", "check", path); code != 0 {
		t.Errorf("exit %d: %s", code, err)
	}
	code, out, err := d.run(t.Context(), "", "profile", "show", path)
	if code != 0 || !strings.Contains(out, "[group]") || !strings.Contains(out, "redacted") {
		t.Errorf("exit %d: %s%s", code, out, err)
	}
}
