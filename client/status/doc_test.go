package status_test

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"ezvpn/client/diagnose"
	"ezvpn/client/status"
)

// sections cuts docs/status.md at its headings.
func sections(t *testing.T) map[string]string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("..", "..", "docs", "status.md"))
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for part := range strings.SplitSeq(strings.ReplaceAll(string(data), "\r\n", "\n"), "\n## ") {
		name, body, _ := strings.Cut(part, "\n")
		out[name] = body
	}
	return out
}

func TestEveryJSONKeyIsDocumented(t *testing.T) {
	docs, seen := sections(t), map[reflect.Type]bool{}
	var visit func(reflect.Type)
	visit = func(x reflect.Type) {
		for x.Kind() == reflect.Pointer || x.Kind() == reflect.Slice {
			x = x.Elem()
		}
		if x.Kind() != reflect.Struct || x.PkgPath() != reflect.TypeFor[status.Snapshot]().PkgPath() || seen[x] {
			return
		}
		seen[x] = true
		section := docs[x.Name()]
		for i := range x.NumField() {
			f := x.Field(i)
			key, options, _ := strings.Cut(f.Tag.Get("json"), ",")
			if key == "" || key == "-" {
				t.Errorf("%s.%s has no JSON name", x.Name(), f.Name)
			}
			row := rowOf(section, key)
			if row == "" {
				t.Errorf("docs/status.md has no row for %s under ## %s", key, x.Name())
			}
			if optional := strings.Contains(options, "omit"); optional != strings.Contains(row, "optional |") {
				t.Errorf("%s under ## %s: the code says optional = %v", key, x.Name(), optional)
			}
			visit(f.Type)
		}
		if rows := strings.Count(section, "\n| `"); rows != x.NumField() {
			t.Errorf("## %s has %d rows for %d keys", x.Name(), rows, x.NumField())
		}
	}
	visit(reflect.TypeFor[status.Snapshot]())
	if len(seen) != 13 {
		t.Errorf("visited %d types", len(seen))
	}
}

func rowOf(section, key string) string {
	for line := range strings.SplitSeq(section, "\n") {
		if strings.HasPrefix(line, "| `"+key+"` |") {
			return line
		}
	}
	return ""
}

func TestStatesAndCausesAreDocumented(t *testing.T) {
	docs := sections(t)
	for _, s := range []status.State{status.ConnectRequired, status.Resolving, status.Securing, status.XAuthRequired,
		status.Configuring, status.Active, status.FailingOver, status.Waiting, status.Disconnecting, status.Blocked} {
		if !strings.Contains(docs["States"], "| `"+string(s)+"` |") {
			t.Errorf("state %s is not documented", s)
		}
		if s.Meaning() == string(s) {
			t.Errorf("state %s has no words", s)
		}
	}
	for _, c := range diagnose.Causes() {
		if !strings.Contains(docs["Diagnosis"], "`"+string(c)+"`") {
			t.Errorf("cause %s is not documented", c)
		}
	}
}
