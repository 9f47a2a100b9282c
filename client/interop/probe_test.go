//go:build interop && linux

package interop

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"ezvpn/client/probe"
	"ezvpn/client/profile"
)

// asking is the host of who asks a gateway; no client of its own is there.
const asking host = "asking"

// TestRemoteProbe: what a probe finds is what the configuration of the gateway lists, all of it and nothing else; and
// the doctor finds the same gateway on both ports.
func TestRemoteProbe(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("lab/gateway.sh")
	if err != nil {
		t.Fatal(err)
	}
	var want []string
	for _, m := range regexp.MustCompile(`(?m)^ike="(?:\$ike, )?([^"$]+)"`).FindAllStringSubmatch(string(text), -1) {
		want = append(want, strings.Split(m[1], ", ")...)
	}
	slices.Sort(want)
	r := asking.try(t, "", filepath.Join(bin, "ezvpn"), "probe", "--yes", "--json", "--group", "ezgroup", steadfast.address())
	var report probe.Report
	if err := json.Unmarshal([]byte(r.out), &report); err != nil || r.code != 0 {
		t.Fatalf("exit code %d, %v: %s%s", r.code, err, r.out, r.err)
	}
	var got []string
	for _, a := range report.Accepted {
		got = append(got, a.Proposal)
	}
	slices.Sort(got)
	if !slices.Equal(got, want) || len(want) < 5 || !report.Complete || !report.XAUTH || !slices.Contains(report.Vendors, "Cisco Unity") {
		t.Errorf("took %v, configured %v: %+v", got, want, report)
	}
	if _, err := profile.Parse("probed", []byte(report.Profile(steadfast.address(), "ezgroup"))); err != nil {
		t.Error(err)
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "office.toml"), []byte(groupProfile(steadfast, "ezgroup")), 0o600); err != nil {
		t.Fatal(err)
	}
	r = asking.try(t, "", filepath.Join(bin, "ezvpn"), "doctor", "--profiles", dir, "--managed", dir, "--state", filepath.Join(dir, "state"), "--all")
	for _, s := range []string{"✓ " + steadfast.address() + " answers", "UDP 500: it takes up the exchange", "UDP 4500: it takes up the exchange"} {
		if !strings.Contains(r.out, s) {
			t.Errorf("the doctor does not say %q:\n%s%s", s, r.out, r.err)
		}
	}
}
