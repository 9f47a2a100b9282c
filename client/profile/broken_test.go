package profile

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// mistakes are what can be wrong with one key, in the words of a file. Each gives the lines of the key's table.
func mistakes(k key) map[string]string {
	_, name := cutLast(k.path)
	wrong := map[string]string{"text": "3", "list of texts": "true", "whole number": `"many"`, "true or false": `"yes"`}
	out := map[string]string{
		"the wrong type":   name + " = " + wrong[k.kind.typ],
		"a float":          name + " = 1.5",
		"a table":          name + " = {a = 1}",
		"a typo":           name + "x = " + wrong[k.kind.typ],
		"no value":         name + " =",
		"an open quote":    name + ` = "x`,
		"something behind": name + " = 1 2",
	}
	switch k.kind.typ {
	case "whole number":
		out["too large"] = fmt.Sprintf("%s = %d", name, k.kind.bounds.max+1)
		out["negative"] = name + " = -1"
	case "list of texts":
		out["an empty list"] = name + " = []"
		out["an empty entry"] = name + ` = [""]`
		out["an entry that is no text"] = name + " = [1]"
	case "text":
		out["an empty text"] = name + ` = ""`
		out["a text too long"] = name + ` = "` + strings.Repeat("x", 300) + `"`
	}
	return out
}

// Whatever is wrong, the error names the line; and whoever reads the file, says the same.
func TestEveryMistakeNamesItsLine(t *testing.T) {
	n := 0
	for _, k := range keys {
		if k.later || k.only != "" {
			continue
		}
		for what, line := range mistakes(k) {
			n++
			text, want := "# a profile\n", 0
			if table, _ := cutLast(k.path); table != "" {
				text += "[" + table + "]\n" + line + "\n"
				want = 3
			} else {
				text += line + "\n"
				want = 2
			}
			_, err := Parse("office.toml", []byte(text))
			var all Errors
			if !errors.As(err, &all) {
				t.Errorf("%s, %s: no error in\n%s", k.path, what, text)
				continue
			}
			if !slices.ContainsFunc(all, func(e FieldError) bool { return e.Line == want && e.File == "office.toml" }) {
				t.Errorf("%s, %s: no error is of line %d:\n%v", k.path, what, want, all)
			}
			if _, again := Compose("office", Layer{Machine, "office.toml", []byte(text)}); again.Error() != err.Error() {
				t.Errorf("%s, %s: the service says\n%v\nthe check\n%v", k.path, what, again, err)
			}
		}
	}
	if n < 200 {
		t.Errorf("only %d mistakes were made", n)
	}
}
