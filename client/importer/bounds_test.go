package importer

import (
	"fmt"
	"strings"
	"testing"
)

// TestBounds: what no honest file holds is refused, or counted, and takes no time.
func TestBounds(t *testing.T) {
	const pcf = "[main]\nHost=vpn.example.com\nGroupName=staff\nGroupPwd=S3cretGroup\n"
	var blocks strings.Builder
	for i := range maxProfiles + 1 {
		fmt.Fprintf(&blocks, "crypto ipsec client ezvpn n%d\n", i)
	}
	for name, c := range map[string]struct{ text, says string }{
		"a large client file": {pcf + strings.Repeat(";", maxFile), "64 KiB"},
		"a larger file":       {"!" + strings.Repeat("x", maxRunning), "1 MiB"},
		"many blocks":         {blocks.String(), "at most 64"},
		"an empty file":       {"", "no known kind"},
	} {
		if _, err := Read("f", []byte(c.text)); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", name, err)
		}
	}
	all, err := Read("f", []byte("[main]\n"+strings.Repeat("Port=1\n", 9000)))
	if err != nil || len(all[0].Report.Entries) > maxEntries+len(gaps) || all[0].Report.Count(Missing) != 3 {
		t.Errorf("many entries: %v, %d", err, len(all[0].Report.Entries))
	}
}
