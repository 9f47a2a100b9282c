package profile

import (
	"fmt"
	"strings"
	"testing"

	"github.com/BurntSushi/toml"
)

// What costs the parser seconds, or its stack, is refused before it sees a byte.
func TestGateBounds(t *testing.T) {
	for name, c := range map[string]struct{ text, words string }{
		"too long":          {"# " + strings.Repeat("x", maxSize), "a profile has at most 65536"},
		"arrays":            {"peers = " + strings.Repeat("[", 60000), "nested more than 3 deep"},
		"arrays, closed":    {"peers = " + strings.Repeat("[", 30000) + strings.Repeat("]", 30000), "nested more than 3 deep"},
		"inline tables":     {"a = " + strings.Repeat("{a=", 16000) + "1" + strings.Repeat("}", 16000), "nested more than 3 deep"},
		"dotted key":        {strings.Repeat("a.", 32000) + "a = 1", "more than 3 parts"},
		"dotted header":     {"[" + strings.Repeat("a.", 32000) + "a]", "more than 3 parts"},
		"many tables":       {manyTables(), "more than 200 keys"},
		"many keys":         {strings.Repeat("a=1\n", 10000), "already"},
		"many array tables": {strings.Repeat("[[a]]\n", 9000), "[[…]] is not used"},
		"many inline keys":  {"a = {" + strings.Repeat("b=1,", 16000) + "}", "already"},
		"many values":       {"peers = [" + strings.Repeat("1,", 32000) + "]", "more than 1000 values"},
		"long number":       {"a = " + strings.Repeat("9", 60000), "a number of more than 32"},
		"long key":          {strings.Repeat("k", 60000) + " = 1", "a key of more than 64"},
	} {
		all := errorsOf(t, c.text)
		if !strings.Contains(all.Error(), c.words) || len(all) > maxErrors {
			t.Errorf("%s: got %d errors, the first: %v", name, len(all), all[0])
		}
	}
}

func manyTables() string {
	var b strings.Builder
	for i := range 4500 {
		fmt.Fprintf(&b, "[t%d]\n", i)
	}
	return b.String()
}

func TestGateSyntax(t *testing.T) {
	for text, words := range map[string]string{
		"key = preshared":                       "office.toml:1: a text needs quotes",
		"\n[group]\nkey = hunter2":              "office.toml:3: group.key: a text needs quotes",
		"[group]\nkey = \"hunter2":              "office.toml:2: group.key: the text has no closing quote",
		"[group]\nkey = 'hunter2":               "the text has no closing quote",
		`[group]` + "\n" + `key = "a\qhunter2"`: `write \\ for one`,
		"[group]\nkey = \"\"\"hunter2\"\"\"":    "triple quotes",
		"[group]\nkey = 'a' hunter2":            "something follows where the line should end",
		"[group]\nkey \"hunter2\"":              "expected key = value",
		"[group]\nkey =":                        "the value is missing",
		"[group]\nkey = = 'hunter2'":            "the value is missing",
		"[group\nkey = 'hunter2'":               "the closing bracket is missing",
		"\"group\".key = 'hunter2'":             "keys are written without quotes",
		"[group]\nkey = 'a'\nkey = 'hunter2'":   "office.toml:3: group.key: this key was set on line 2 already",
		"[group]\n[group]":                      "begun on line 1 already",
		"peers = ['a'":                          "the list has no closing bracket",
		"peers = ['a' 'b']":                     "expected a comma",
		"peers = [{a = 1}]":                     "a table cannot stand in a list",
		"dpd = {interval = 3":                   "closing brace",
		"dpd = {interval = 3,\n}":               "expected a key",
		"name = 1\x00":                          "a control character",
		"name = 'a\rb'":                         "a control character",
		"# a\xff":                               "not valid UTF-8",
		"name = 12:30x":                         "a text needs quotes",
		"peers = [10.10.10.10]":                 "a text needs quotes",
		"[group]\nkey = 2hunter2":               "office.toml:2: group.key: a text needs quotes",
		"[dpd]\ninterval = 1__0":                "office.toml:2: this is not valid TOML",
		"name = \"\\uD800hunter2\"":             "this is not valid TOML",
		"= 1":                                   "expected a key",
		"a.b = 1\na = 2":                        "office.toml:2: this is a table since line 1",
		"a = 1\n[a.b]":                          "has a value since line 1",
		"a.b.c = 1\na.b = 1\na.b.d = 2":         "office.toml:2: this is a table since line 1",
		"a..b = 1":                              "expected a key",
	} {
		all := errorsOf(t, text)
		if !strings.Contains(all.Error(), words) {
			t.Errorf("%q: %v", text, all)
		}
		if strings.Contains(all.Error(), "hunter2") || strings.Contains(all.Error(), "preshared") {
			t.Errorf("%q: the error quotes the file: %v", text, all)
		}
	}
}

// Two syntax errors are two errors, and what follows a broken line is still read.
func TestGateGoesOn(t *testing.T) {
	all := errorsOf(t, "name = x\npeers = ['a',\n 'b']\n[group]\nkey = y\n")
	if len(all) != 2 || all[0].Line != 1 || all[1].Line != 5 {
		t.Errorf("got %v", all)
	}
}

func TestGateLetsThrough(t *testing.T) {
	text := "\uFEFF# a comment with \"quotes\" and [brackets]\r\n" +
		"name = 'off' # ice\r\n" +
		"peers = [ # the first\r\n \"a.example\", # }\r\n 'b.example:500',\r\n]\r\n" +
		"dpd = { interval = 30, mode = \"periodic\" }\r\n" +
		"group.name = \"un\\\"ity\"\r\n  [ group2 ] \r\n"
	text = strings.Replace(text, "  [ group2 ] \r\n", "group.key = 'pre\\shared'", 1)
	p := mustParse(t, text)
	if p.Name != "off" || len(p.Peers) != 2 || p.DPD.Mode != "periodic" || p.Group.Name != `un"ity` || p.Group.Key != `pre\shared` {
		t.Errorf("got %v %v %v %q", p.Name, p.Peers, p.DPD, p.Group.Name)
	}
}

// The gate and the parser must see the same keys, or the gate could be walked around.
func TestGateAgreesWithTheParser(t *testing.T) {
	for _, text := range hostile {
		agree(t, text)
	}
	agree(t, Example())
}

func agree(t *testing.T, text string) {
	t.Helper()
	text = strings.TrimPrefix(text, "\uFEFF")
	out, errs := outlineOf("x", text)
	if len(errs) > 0 {
		return
	}
	var doc map[string]any
	if _, err := toml.Decode(text, &doc); err != nil {
		return
	}
	leaves := map[string]bool{}
	walk("", doc, leaves)
	for path := range leaves {
		if out.lines[path] == 0 {
			t.Errorf("%q: the parser has %q, the gate has not", text, path)
		}
	}
	for _, path := range out.order {
		if !leaves[path] {
			t.Errorf("%q: the gate has %q, the parser has not", text, path)
		}
	}
}

func walk(prefix string, table map[string]any, leaves map[string]bool) {
	for name, v := range table {
		path := strings.TrimPrefix(prefix+"."+name, ".")
		if t, ok := v.(map[string]any); ok {
			walk(path, t, leaves)
		} else {
			leaves[path] = true
		}
	}
}
