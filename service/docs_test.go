package service

import (
	"os"
	"strings"
	"testing"

	"ezvpn/service/ipc"
)

// TestDocumented: docs/ipc.md has a row for each verb with its level, and one for each code; and no more.
func TestDocumented(t *testing.T) {
	b, err := os.ReadFile("../docs/ipc.md")
	if err != nil {
		t.Fatal(err)
	}
	doc := string(b)
	for _, v := range verbs {
		if row := "| `" + v.method + " " + v.path + "` | `" + string(v.level) + "` |"; !strings.Contains(doc, row) {
			t.Errorf("no row %s", row)
		}
	}
	if n := strings.Count(doc, "| `GET /") + strings.Count(doc, "| `POST /"); n != len(verbs) {
		t.Errorf("%d verbs are documented, %d exist", n, len(verbs))
	}
	for _, c := range ipc.Codes() {
		if !strings.Contains(doc, "\n| `"+c+"` | ") {
			t.Errorf("no row for the code %s", c)
		}
	}
	for _, l := range []Level{Look, Use, Own, Administer} {
		if !strings.Contains(doc, "\n| `"+string(l)+"` | ") {
			t.Errorf("no row for the level %s", l)
		}
	}
}
