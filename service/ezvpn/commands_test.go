//go:build linux || darwin

package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"

	"ezvpn/client/status"
	"ezvpn/service/ipc"
)

// every visits a command and all below it.
func every(c *cobra.Command, f func(*cobra.Command)) {
	f(c)
	for _, sub := range c.Commands() {
		every(sub, f)
	}
}

// A command says what it does, takes only the arguments that it names, and each flag is explained.
func TestEveryCommandExplainsItself(t *testing.T) {
	a := &app{}
	every(a.root(), func(c *cobra.Command) {
		if c.Short == "" || strings.HasSuffix(c.Short, ".") {
			t.Errorf("%s: the short help is %q", c.CommandPath(), c.Short)
		}
		if c.Runnable() && c.Args == nil {
			t.Errorf("%s takes any arguments", c.CommandPath())
		}
		for line := range strings.Lines(c.Long + "\n" + c.Example) {
			if n := len([]rune(strings.TrimRight(line, "\n"))); n > 115 {
				t.Errorf("%s: a line of help has %d characters", c.CommandPath(), n)
			}
		}
	})
}

// The README shows a user each command that there is to find.
func TestReadmeNamesTheCommands(t *testing.T) {
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range (&app{}).root().Commands() {
		if !c.Hidden && !strings.Contains(string(readme), "ezvpn "+c.Name()) {
			t.Errorf("README.md does not have ezvpn %s", c.Name())
		}
	}
}

func TestManualPages(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "man")
	d := &fakeDaemon{}
	if code, _, err := d.run(t.Context(), "", "man", dir); code != 0 {
		t.Fatalf("exit %d: %s", code, err)
	}
	page, err := os.ReadFile(filepath.Join(dir, "ezvpn-status.1"))
	if err != nil || !strings.Contains(string(page), "ready is 0 if the tunnel is up") {
		t.Errorf("%v: %.300s", err, page)
	}
}

func TestStatusCheck(t *testing.T) {
	d := fake(t)
	for _, c := range []struct {
		state status.State
		what  string
		code  int
		says  string
	}{
		{status.Active, "ready", 0, "ready\n"},
		{status.FailingOver, "ready", 6, "not ready: FAILING_OVER"},
		{status.ConnectRequired, "live", 0, "live\n"},
		{status.Active, "well", 2, "one of live, ready"},
	} {
		d.snap.State = c.state
		code, out, err := d.run(t.Context(), "", "status", "--check", c.what)
		if code != c.code || !strings.Contains(out+err, c.says) {
			t.Errorf("%s in %s: exit %d, %s%s", c.what, c.state, code, out, err)
		}
	}
	none := &fakeDaemon{address: filepath.Join(t.TempDir(), "none")}
	if code, _, _ := none.run(t.Context(), "", "status", "--check", "live"); code != 3 {
		t.Errorf("without a service: exit %d", code)
	}
}

func TestWaitTakesSeconds(t *testing.T) {
	for text, want := range map[string]time.Duration{"90": 90 * time.Second, "1m30s": 90 * time.Second, "0": 0} {
		var w waitValue
		if err := w.Set(text); err != nil || time.Duration(w) != want {
			t.Errorf("%s: %v, %v", text, time.Duration(w), err)
		}
	}
	for _, text := range []string{"", "soon", "-1", "-1s", "1e9", "99999999999"} {
		if looksLikeWait(text) {
			t.Errorf("%q is a time to wait", text)
		}
	}
	d := fake(t)
	if code, _, err := d.run(t.Context(), "", "up", "--wait", "30"); code != 2 || !strings.Contains(err, "--wait=30") {
		t.Errorf("--wait 30: exit %d, %s", code, err)
	}
}

func TestVersion(t *testing.T) {
	d := fake(t)
	code, out, err := d.run(t.Context(), "", "version")
	if code != 0 || !strings.Contains(out, "ezvpn   ") || !strings.Contains(out, "ezvpnd  ") {
		t.Errorf("exit %d: %s%s", code, out, err)
	}
	none := &fakeDaemon{address: filepath.Join(t.TempDir(), "none")}
	if code, out, _ := none.run(t.Context(), "", "version"); code != 0 || !strings.Contains(out, "does not answer") {
		t.Errorf("without a service: exit %d, %s", code, out)
	}
	if code, out, _ := none.run(t.Context(), "", "version", "--json"); code != 0 || !strings.Contains(out, `"code": "`+ipc.Unreachable) {
		t.Errorf("without a service: exit %d, %s", code, out)
	}
}
