//go:build interop && linux

package interop

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

// gateway is one of the strongSwan gateways.
type gateway int

func (g gateway) address() string { return fmt.Sprintf("198.51.100.10%d", int(g)) }
func (g gateway) number() string  { return fmt.Sprint(int(g)) }

func (g gateway) logFile() string { return fmt.Sprintf("%s/run/gw%d/charon.log", lab, int(g)) }

// log is what the gateway logged.
func (g gateway) log(t testing.TB) string {
	t.Helper()
	b, err := os.ReadFile(g.logFile())
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// since is what the gateway logged after the first mark bytes.
func (g gateway) since(t testing.TB, mark int) string { return g.log(t)[mark:] }

// holds says whether the gateway has an SA with this text in its listing.
func (g gateway) holds(t testing.TB, text string) bool {
	return strings.Contains(network(t, "swan", g.number(), "--list-sas"), text)
}

// onFailure shows the end of the gateway's log with a test that failed.
func (g gateway) onFailure(t testing.TB, mark int) {
	t.Cleanup(func() {
		if !t.Failed() {
			return
		}
		lines := strings.Split(strings.TrimSpace(g.since(t, mark)), "\n")
		if len(lines) > 60 {
			lines = lines[len(lines)-60:]
		}
		t.Logf("gateway %d:\n%s", int(g), strings.Join(lines, "\n"))
	})
}
