//go:build linux || darwin

package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestDiagnosticsWithoutDaemon: doctor, probe and bundle on a machine where no service answers.
func TestDiagnosticsWithoutDaemon(t *testing.T) {
	dir := t.TempDir()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(os.WriteFile(filepath.Join(dir, "office.toml"), []byte("peers = [\"127.0.0.1:4501\"]\n[group]\nname = \"staff\"\nkey = \"k\"\n"), 0o600))
	places := []string{"--profiles", dir, "--managed", dir, "--state", filepath.Join(dir, "state")}
	there, zip := filepath.Join(dir, "there"), filepath.Join(dir, "b.zip")
	must(os.WriteFile(there, nil, 0o600))
	for _, c := range []struct {
		args []string
		code int
		says string
	}{
		{append([]string{"doctor"}, places...), exitFailed, "nobody listens for IKE"},
		{append([]string{"doctor", "--offline"}, places...), exitFailed, "no service runs"},
		{append([]string{"doctor", "--offline", "--json"}, places...), exitFailed, `"worst": "fault"`},
		{append([]string{"doctor", "--profile", "nosuch"}, places...), exitFailed, "there is no profile nosuch"},
		{[]string{"probe", "127.0.0.1"}, exitUsage, "add --yes"},
		{[]string{"probe", "127.0.0.1:none"}, exitUsage, "not a port"},
		{[]string{"probe", "127.0.0.1", "--yes", "--write", there}, exitUsage, "is there already"},
		{[]string{"debug", "keys"}, exitUsage, "name a directory with -o"},
		{[]string{"debug", "keys", "-o", zip, "--for", "2h"}, exitUsage, "1s to 1h"},
		{[]string{"debug", "keys", "-o", zip}, exitUsage, "add --yes"},
		{[]string{"debug", "keys", "-o", zip, "--yes"}, exitUnreachable, "no service answers"},
		{[]string{"probe"}, exitUsage, "accepts 1 arg"},
		{append([]string{"bundle", "--offline"}, places...), exitUsage, "add --yes"},
		{append([]string{"bundle", "--offline", "--show"}, places...), 0, "==> log.txt is missing"},
		{append([]string{"bundle", "--offline", "--yes", "--json", "-o", zip}, places...), 0, `"findings.json"`},
		{append([]string{"bundle", "--offline", "--yes", "-o", zip}, places...), exitUsage, "is there already"},
	} {
		var out, err strings.Builder
		a := &app{in: strings.NewReader(""), out: &out, err: &err}
		code := a.run(t.Context(), append([]string{"--socket", filepath.Join(dir, "nobody")}, c.args...))
		if all := out.String() + err.String(); code != c.code || !strings.Contains(all, c.says) {
			t.Errorf("%v: exit code %d, want %d and %q:\n%s", c.args, code, c.code, c.says, all)
		}
	}
}
