package profile

import (
	"fmt"
	"strconv"
	"strings"
)

// Show prints the profile as it is used, preset and defaults filled in, in the form of a profile file. Secrets print
// as "redacted".
func (p *Profile) Show() string {
	var b strings.Builder
	table := ""
	for _, k := range keys {
		v := k.kind.get(p)
		if v == nil || k.later {
			continue
		}
		t, name := cutLast(k.path)
		if t != table {
			fmt.Fprintf(&b, "\n[%s]\n", t)
			table = t
		}
		fmt.Fprintf(&b, "%s = %s\n", name, literal(v))
	}
	return b.String()
}

// literal is a value in TOML.
func literal(v any) string {
	switch v := v.(type) {
	case string:
		return quoteTOML(v)
	case []string:
		parts := make([]string, len(v))
		for i, s := range v {
			parts[i] = quoteTOML(s)
		}
		return "[" + strings.Join(parts, ", ") + "]"
	case bool:
		return strconv.FormatBool(v)
	}
	return fmt.Sprint(v)
}

// quoteTOML writes a text that has no control characters.
func quoteTOML(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
}
