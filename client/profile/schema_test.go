package profile

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/BurntSushi/toml"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

func compiled(t *testing.T) *jsonschema.Schema {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(Schema()))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("profile.json", doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("profile.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func byTOML(t *testing.T, text string) (doc map[string]any, ok bool) {
	t.Helper()
	_, err := toml.Decode(text, &doc)
	return doc, err == nil
}

// What is a profile is one by the schema, too: the examples, and every preset.
func TestSchemaTakesProfiles(t *testing.T) {
	s := compiled(t)
	docs, err := os.ReadFile(filepath.Join("..", "..", "docs", "profile.md"))
	if err != nil {
		t.Fatal(err)
	}
	texts := []string{Example(), least + pushed}
	for i, part := range strings.Split(strings.ReplaceAll(string(docs), "\r\n", "\n"), "```") {
		if text, ok := strings.CutPrefix(part, "toml\n"); ok && i%2 == 1 {
			texts = append(texts, text)
		}
	}
	for _, name := range presetNames() {
		texts = append(texts, mustParse(t, fmt.Sprintf("preset = %q\n", name)+least).Show())
	}
	for _, text := range texts {
		doc, ok := byTOML(t, text)
		if !ok {
			t.Fatalf("no TOML:\n%s", text)
		}
		if err := s.Validate(doc); err != nil {
			t.Errorf("%v\n%s", err, text)
		}
	}
}

// What is wrong with one key is wrong by the schema, too.
func TestSchemaRefusesMistakes(t *testing.T) {
	s, n := compiled(t), 0
	for _, k := range keys {
		if k.later || k.only != "" {
			continue
		}
		for what, line := range mistakes(k) {
			text := line + "\n"
			if table, _ := cutLast(k.path); table != "" {
				text = "[" + table + "]\n" + text
			}
			doc, ok := byTOML(t, text)
			if !ok {
				continue // an editor says that without a schema
			}
			n++
			if s.Validate(doc) == nil {
				t.Errorf("%s, %s: the schema takes\n%s", k.path, what, text)
			}
		}
	}
	if n < 150 {
		t.Errorf("only %d mistakes were seen", n)
	}
}
