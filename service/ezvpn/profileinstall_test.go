//go:build linux || darwin

package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"ezvpn/service/ipc"
)

// TestProfilesGoToTheService: what is imported or made new goes to the service as a whole profile, the key with it, and
// nothing of the key on the terminal; what lacks something does not go; what the service shows can be exported.
func TestProfilesGoToTheService(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	pcf := write("office.pcf", "[main]\nHost=192.0.2.1\nAuthType=1\nGroupName=staff\nGroupPwd=c4n4ry\n")
	short := write("short.pcf", "[main]\nHost=192.0.2.1\nAuthType=1\nGroupName=staff\n")
	for _, c := range []struct {
		args  []string
		stdin string
		code  int
		put   bool
	}{
		{[]string{"profile", "import", "--install", pcf}, "", 0, true},
		{[]string{"profile", "import", "--install", "--replace", pcf}, "", 0, true},
		{[]string{"profile", "import", "--install", short}, "", exitProfile, false},
		{[]string{"profile", "new", "office", "--gateway", "192.0.2.1", "--group", "staff", "--install"}, "c4n4ry\n", 0, true},
	} {
		d := &bodies{fake(t), map[string]string{}}
		d.serve(t, d)
		var out, errs strings.Builder
		a := &app{in: strings.NewReader(c.stdin), out: &out, err: &errs}
		code := a.run(t.Context(), append([]string{"--socket", d.address}, c.args...))
		if code != c.code || strings.Contains(out.String()+errs.String(), "c4n4ry") {
			t.Errorf("%v: exit code %d, want %d:\n%s%s", c.args, code, c.code, out.String(), errs.String())
		}
		var put struct {
			Name, Text string
			Replace    bool
		}
		if err := json.Unmarshal([]byte(d.asked[ipc.PathProfilePut]), &put); (err == nil) != c.put {
			t.Errorf("%v: asked %q", c.args, d.asked[ipc.PathProfilePut])
		}
		if c.put && (put.Name != "office" || !strings.Contains(put.Text, `key = "c4n4ry"`) || !strings.Contains(put.Text, `"192.0.2.1"`) || put.Replace != strings.Contains(strings.Join(c.args, " "), "--replace")) {
			t.Errorf("%v: %+v", c.args, put)
		}
	}
}
