package capturetest

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Dir finds a folder below ike/testdata, from whichever package the test runs in.
func Dir(tb testing.TB, name string) string {
	tb.Helper()
	at, err := os.Getwd()
	if err != nil {
		tb.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(at, "go.mod")); err == nil {
			return filepath.Join(at, "ike", "testdata", name)
		}
		up := filepath.Dir(at)
		if up == at {
			tb.Fatal("test does not run inside the module")
		}
		at = up
	}
}

// Names gives the names of all recordings, sorted. Having none is an error.
func Names(tb testing.TB) []string {
	tb.Helper()
	files, err := filepath.Glob(filepath.Join(Dir(tb, "captures"), "*.pcap"))
	if err != nil || len(files) == 0 {
		tb.Fatalf("no recordings found: %v", err)
	}
	var names []string
	for _, f := range files {
		names = append(names, strings.TrimSuffix(filepath.Base(f), ".pcap"))
	}
	return names
}

// Load reads one recording.
func Load(tb testing.TB, name string) *Capture {
	tb.Helper()
	base := filepath.Join(Dir(tb, "captures"), name)
	pcap, err := os.ReadFile(base + ".pcap")
	if err != nil {
		tb.Fatal(err)
	}
	told, err := os.ReadFile(base + ".json")
	if err != nil {
		tb.Fatal(err)
	}
	c := &Capture{}
	if err := json.Unmarshal(told, c); err != nil {
		tb.Fatalf("%s: %v", name, err)
	}
	if c.Datagrams, err = readPcap(pcap); err != nil {
		tb.Fatalf("%s: %v", name, err)
	}
	return c
}

// SA gives the ISAKMP SA with this initiator cookie; nil if there is none.
func (c *Capture) SA(icookie []byte) *ISAKMPSA {
	for i := range c.ISAKMP {
		if string(c.ISAKMP[i].ICookie) == string(icookie) {
			return &c.ISAKMP[i]
		}
	}
	return nil
}
