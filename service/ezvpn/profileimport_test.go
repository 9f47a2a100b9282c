//go:build linux || darwin

package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const pcf = "[main]\r\nDescription=Head Office\r\nHost=vpn.example.com\r\nGroupName=staff\r\nGroupPwd=c4n4ry\r\n"

// TestProfileImport: what import writes is what check takes, and what export writes is what import takes.
func TestProfileImport(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "office.pcf")
	if err := os.WriteFile(path, []byte(pcf), 0o600); err != nil {
		t.Fatal(err)
	}
	d := &fakeDaemon{address: filepath.Join(dir, "none")} // needs no service
	code, out, err := d.run(t.Context(), "", "profile", "import", "--dry-run", path)
	if code != 0 || !strings.Contains(out, "GroupPwd -> group.key") || strings.Contains(out+err, "c4n4ry") {
		t.Errorf("exit %d: %s%s", code, out, err)
	}
	code, out, _ = d.run(t.Context(), "", "profile", "import", "--json", path)
	if code != 0 || !strings.Contains(out, `"kind": "mapped"`) || strings.Contains(out, "c4n4ry") {
		t.Errorf("exit %d: %s", code, out)
	}
	toml := filepath.Join(dir, "head-office.toml")
	for want, what := range map[int]string{0: "written", 5: "not written over"} {
		if want == 5 {
			os.WriteFile(toml, []byte("mine"), 0o600)
		} else {
			os.Remove(toml)
		}
		if code, _, err := d.run(t.Context(), "", "profile", "import", "--output", dir, path); code != want {
			t.Errorf("%s: exit %d: %s", what, code, err)
		}
	}
	os.Remove(toml)
	d.run(t.Context(), "", "profile", "import", "--output", dir, path)
	if code, _, err := d.run(t.Context(), "", "profile", "check", toml); code != 0 {
		t.Errorf("check: exit %d: %s", code, err)
	}
	for _, format := range []string{"pcf", "ios"} {
		code, out, _ := d.run(t.Context(), "", "profile", "export", "--format", format, toml)
		back := filepath.Join(dir, "back."+format)
		os.WriteFile(back, []byte(out), 0o600)
		if again, text, _ := d.run(t.Context(), "", "profile", "import", back); code != 0 || again != 0 || !strings.Contains(text, `key = "c4n4ry"`) {
			t.Errorf("%s: exit %d, then %d: %s", format, code, again, text)
		}
	}
	if code, _, _ := d.run(t.Context(), "", "profile", "export", "--format", "word", toml); code != 2 {
		t.Errorf("a format that there is not: exit %d", code)
	}
}

func TestProfileNew(t *testing.T) {
	d := &fakeDaemon{}
	code, out, err := d.run(t.Context(), "c4n\"4ry\n", "profile", "new", "office", "--gateway", "192.0.2.1,vpn.example.com", "--group", "staff", "--user", "alice")
	if code != 0 || !strings.Contains(out, `key = "c4n\"4ry"`) || !strings.Contains(out, `peers = ["192.0.2.1", "vpn.example.com"]`) {
		t.Errorf("exit %d: %s%s", code, out, err)
	}
	for name, args := range map[string][]string{
		"no gateway": {"office", "--group", "staff"}, "no key": {"office", "--group", "staff", "--gateway", "192.0.2.1"},
	} {
		if code, _, err := d.run(t.Context(), "", append([]string{"profile", "new"}, args...)...); code != 2 {
			t.Errorf("%s: exit %d: %s", name, code, err)
		}
	}
	if code, _, err := d.run(t.Context(), "c4n4ry\n", "profile", "new", "Of Fice", "--group", "g", "--gateway", "192.0.2.1"); code != 5 || strings.Contains(err, "c4n4ry") {
		t.Errorf("a bad name: exit %d: %s", code, err)
	}
}
