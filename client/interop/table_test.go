//go:build interop && linux

package interop

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// soak is the long form of the tests: EZVPN_SOAK is set.
var soak = os.Getenv("EZVPN_SOAK") != ""

// either gives the short value, or that for the soak.
func either[T any](short, long T) T {
	if soak {
		return long
	}
	return short
}

// table is what the run measured; TestMain writes it to the file EZVPN_TABLE.
var table struct {
	mu   sync.Mutex // guards rows
	rows []string
}

// measured adds a line to the table.
func measured(t testing.TB, what, format string, args ...any) {
	t.Helper()
	line := fmt.Sprintf("%-44s %s", what, fmt.Sprintf(format, args...))
	t.Log(line)
	table.mu.Lock()
	defer table.mu.Unlock()
	table.rows = append(table.rows, line)
}

// spread is the middle and the ends of some times.
func spread(all []time.Duration) string {
	if len(all) == 0 {
		return "none"
	}
	all = slices.Sorted(slices.Values(all))
	round := func(d time.Duration) time.Duration { return d.Round(10 * time.Millisecond) }
	return fmt.Sprintf("median %v, min %v, max %v of %d", round(all[len(all)/2]), round(all[0]), round(all[len(all)-1]), len(all))
}

func writeTable() error {
	path := os.Getenv("EZVPN_TABLE")
	if path == "" || len(table.rows) == 0 {
		return nil
	}
	slices.Sort(table.rows)
	return os.WriteFile(path, []byte(strings.Join(table.rows, "\n")+"\n"), 0o644)
}
