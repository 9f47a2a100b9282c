package profile

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var write = flag.Bool("write", false, "write docs/profile.md")

func TestReferenceIsOnDisk(t *testing.T) {
	file := filepath.Join("..", "..", "docs", "profile.md")
	if *write {
		if err := os.WriteFile(file, []byte(Reference()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	have, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if strings.ReplaceAll(string(have), "\r\n", "\n") != Reference() {
		t.Fatal("docs/profile.md is not what the table says; run go test ./client/profile -run Reference -write")
	}
}

func TestReferenceHasEveryKeyAndPreset(t *testing.T) {
	text := Reference()
	for _, k := range keys {
		_, name := cutLast(k.path)
		if !strings.Contains(text, "| `"+name+"` |") || !strings.Contains(text, k.doc) {
			t.Errorf("%s is not described", k.path)
		}
		if k.doc == "" || k.kind.allowed == "" || k.kind.typ == "" {
			t.Errorf("%s: the table has no doc, type or range", k.path)
		}
	}
	for _, p := range presets {
		if !strings.Contains(text, "### "+p.name+"\n") {
			t.Errorf("preset %s is not described", p.name)
		}
	}
}
