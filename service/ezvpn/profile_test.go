//go:build linux || darwin

package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"ezvpn/client/profile"
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
		"other name":  {"home.toml", good, 5, "make them the same"},
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

// A directory is checked whole, and a program can read what came of it.
func TestProfileCheckMany(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"a.toml":    "peers = [\"192.0.2.1\"]\n[group]\nname = \"unity\"\nkey = \"c4n4ry\"\n",
		"b.toml":    "peers = [\"192.0.2.1\"]\n[group]\nname = \"unity\"\nkey = \"c4n4ry\"\n[dpd]\nintervall = 30\n",
		"c.toml":    "[dpd]\ninterval = 30\n[managed]\nby = \"Example IT\"\nlocked = [\"peers\"]\n",
		"notes.txt": "not a profile",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	d := &fakeDaemon{}
	code, out, _ := d.run(t.Context(), "", "profile", "check", dir)
	if code != 5 || !strings.Contains(out, "b.toml:6: dpd.intervall: there is no such key (did you mean interval under [dpd]?)") ||
		!strings.Contains(out, "3 files, 2 good, 1 wrong") {
		t.Errorf("exit %d: %s", code, out)
	}
	code, out, _ = d.run(t.Context(), "", "profile", "check", "--json", dir)
	var doc struct{ Files []checked }
	if err := json.Unmarshal([]byte(out), &doc); err != nil || code != 5 || len(doc.Files) != 3 {
		t.Fatalf("exit %d, %v: %s", code, err, out)
	}
	if f := doc.Files; !f[0].OK || f[1].OK || f[1].Errors[0].Line != 6 || !f[2].OK || f[2].Layer != "managed" {
		t.Errorf("%+v", f)
	}
	if code, _, _ := d.run(t.Context(), "", "profile", "check", "--layer", "machine", filepath.Join(dir, "c.toml")); code != 5 {
		t.Errorf("a part of a profile as a machine's file: exit %d", code)
	}
	if code, _, _ := d.run(t.Context(), "", "profile", "check", "--layer", "mine", dir); code != 2 {
		t.Errorf("a layer that there is not: exit %d", code)
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

// Files of one profile show as the service would have them, without it.
func TestShowFilesWithOrigins(t *testing.T) {
	dir := t.TempDir()
	office, managed := filepath.Join(dir, "office.toml"), filepath.Join(dir, "managed.toml")
	for file, text := range map[string]string{office: profile.Example(), managed: "[managed]\nby = \"Example IT\"\n[dpd]\ninterval = 60\n"} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var out, errs strings.Builder
	a := app{in: strings.NewReader(""), out: &out, err: &errs}
	if code := a.run(t.Context(), []string{"profile", "show", "--origins", office, managed}); code != 0 {
		t.Fatalf("exit %d: %s", code, errs.String())
	}
	text := strings.Join(strings.Fields(out.String()), " ")
	for _, want := range []string{"dpd.interval managed " + managed + ":4, locked by Example IT 60", "esp.lifetime preset 28800", "nat.keepalive default 20", `"redacted"`} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, out.String())
		}
	}
	if !strings.Contains(errs.String(), "office.toml:14: dpd.interval: managed by Example IT") || strings.Contains(out.String()+errs.String(), "change me") {
		t.Errorf("the note is %q", errs.String())
	}
}
