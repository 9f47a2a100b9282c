//go:build linux || darwin

package service

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestCasesAreHeld: each of the 35 cases of a hostile local client has a row in docs/attacksurface.md, and each row
// names tests that there are.
func TestCasesAreHeld(t *testing.T) {
	b, err := os.ReadFile("../docs/attacksurface.md")
	must(t, err)
	tests := map[string]bool{}
	declared := regexp.MustCompile(`(?m)^func ((?:Test|Fuzz)\w+)\(`)
	must(t, filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		src, err := os.ReadFile(path)
		for _, m := range declared.FindAllStringSubmatch(string(src), -1) {
			tests[m[1]] = true
		}
		return err
	}))
	named := regexp.MustCompile("`((?:Test|Fuzz)\\w+)`")
	for i := 1; i <= 35; i++ {
		_, row, found := strings.Cut(string(b), fmt.Sprintf("\n| I-%02d | ", i))
		row, _, _ = strings.Cut(row, "\n")
		names := named.FindAllStringSubmatch(row, -1)
		if !found || len(names) == 0 || strings.Count(row, " | ") != 2 {
			t.Errorf("I-%02d has no row with its tests: %q", i, row)
		}
		for _, n := range names {
			if !tests[n[1]] {
				t.Errorf("I-%02d names %s, which does not exist", i, n[1])
			}
		}
	}
}
