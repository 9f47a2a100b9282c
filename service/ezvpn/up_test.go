//go:build linux || darwin

package main

import (
	"context"
	"net/netip"
	"path/filepath"
	"strings"
	"testing"

	"ezvpn/client/status"
	"ezvpn/service/ipc"
)

var (
	securing    = status.Snapshot{State: status.Securing, Peers: []status.Peer{{Name: "vpn.example.com", Health: "trying"}}}
	configuring = status.Snapshot{State: status.Configuring}
	active      = status.Snapshot{State: status.Active, Banner: "Welcome\nto the office\x1b[2J",
		Peers:   []status.Peer{{Name: "vpn.example.com", Health: "active"}},
		Network: &status.Network{Interface: "ezvpn0", Address: netip.MustParseAddr("10.3.0.5")}}
	askPassword = status.Snapshot{State: status.XAuthRequired, Prompt: &status.Prompt{ID: "q1", Peer: "vpn.example.com",
		Fields: []status.PromptField{{Name: "username", Label: "User name"}, {Name: "password", Label: "Password", Hidden: true}}}}
	askPasscode = status.Snapshot{State: status.XAuthRequired, Prompt: &status.Prompt{ID: "q2",
		Fields: []status.PromptField{{Name: "passcode", Label: "Passcode", Hidden: true}}}}
	refused = status.Snapshot{State: status.Blocked, Diagnosis: &status.Diagnosis{Cause: "xauth-refused",
		Sentence: "the gateway refused the password", Evidence: []string{"XAUTH status is FAIL"}, Next: "check the password"}}
)

func TestUp(t *testing.T) {
	d := fake(t, securing, configuring, active)
	code, out, err := d.run(t.Context(), "", "up", "office")
	if code != 0 {
		t.Fatalf("exit %d: %s", code, err)
	}
	for _, want := range []string{"Message from the gateway:\n  Welcome\n  to the office", "office is up: 10.3.0.5 on ezvpn0, through vpn.example.com"} {
		if !strings.Contains(out, want) {
			t.Errorf("output lacks %q:\n%s", want, out)
		}
	}
	if strings.Contains(out+err, "\x1b") {
		t.Errorf("escape characters reach the terminal: %q", out+err)
	}
	if !strings.Contains(err, "negotiating with vpn.example.com") {
		t.Errorf("the states are not told:\n%s", err)
	}
}

// TestUpStdin: answers are taken line by line, over several questions, and no line more than is asked.
func TestUpStdin(t *testing.T) {
	d := fake(t, securing, askPassword, askPasscode, configuring, active)
	code, out, err := d.run(t.Context(), "alice\n p@ss word \n123456\nleft alone\n", "up", "--stdin")
	if code != 0 {
		t.Fatalf("exit %d: %s", code, err)
	}
	if len(d.answers) != 2 || d.answers[0].ID != "q1" || d.answers[0].Fields["username"] != "alice" ||
		d.answers[0].Fields["password"] != " p@ss word " || d.answers[1].Fields["passcode"] != "123456" {
		t.Errorf("%d answers, not as they were given", len(d.answers))
	}
	if strings.Contains(out+err, "p@ss") || strings.Contains(out+err, "123456") {
		t.Error("an answer is printed")
	}
}

// TestExitCodes: each way in which a command ends has the code that the help names, a sentence and a next step.
func TestExitCodes(t *testing.T) {
	refusal := func(path, code string) func(*fakeDaemon) {
		return func(d *fakeDaemon) { d.refuse[path] = &ipc.Error{Code: code, Sentence: "no, " + code, Next: "do this"} }
	}
	nothing := func(*fakeDaemon) {}
	waiting := status.Snapshot{State: status.Waiting, Diagnosis: &status.Diagnosis{Sentence: "no gateway answers", Next: "check the network"}}
	for name, c := range map[string]struct {
		script []status.Snapshot
		set    func(*fakeDaemon)
		stdin  string
		args   string
		code   int
		says   []string
	}{
		"connect failed":      {[]status.Snapshot{securing, refused}, nothing, "", "up office", 6, []string{"refused the password", "XAUTH status is FAIL", "check the password"}},
		"cancelled elsewhere": {[]status.Snapshot{securing, {State: status.ConnectRequired}}, nothing, "", "up office", 6, []string{"office is not up"}},
		"no terminal":         {[]status.Snapshot{askPassword}, nothing, "x\n", "up office", 6, []string{"User name, Password", "--stdin"}},
		"stdin ends":          {[]status.Snapshot{askPassword}, nothing, "alice\n", "up office --stdin", 6, []string{"Password", "no answer"}},
		"timeout":             {[]status.Snapshot{waiting}, nothing, "", "up office --wait=1ms", 7, []string{"goes on trying"}},
		"rights":              {nil, refusal(ipc.PathUp, ipc.NotAllowed), "", "up office", 4, []string{"no, not-allowed", "do this"}},
		"unknown profile":     {nil, refusal(ipc.PathUp, ipc.ProfileUnknown), "", "up home", 5, []string{"do this"}},
		"broken profile":      {nil, refusal(ipc.PathUp, ipc.ProfileError), "", "up home", 5, []string{"do this"}},
		"busy":                {nil, refusal(ipc.PathUp, ipc.Busy), "", "up office", 6, []string{"no, busy"}},
		"not owner":           {nil, refusal(ipc.PathDown, ipc.NotOwner), "", "down", 4, []string{"no, not-owner"}},
		"nothing to end":      {nil, refusal(ipc.PathDown, ipc.NoSession), "", "down", 0, []string{"no session is up"}},
		"other release":       {nil, refusal(ipc.PathVersion, ipc.VersionMismatch), "", "status", 3, []string{"no, version-mismatch"}},
		"a bug":               {nil, refusal(ipc.PathStatus, ipc.Internal), "", "status", 1, []string{"no, internal"}},
		"no profile":          {nil, func(d *fakeDaemon) { d.list = nil }, "", "up", 5, []string{"no profile yet", ipc.DefaultProfiles}},
		"several profiles":    {nil, func(d *fakeDaemon) { d.list = append(d.list, ipc.ProfileInfo{Name: "home"}) }, "", "up", 2, []string{"office, home"}},
		"unknown flag":        {nil, nothing, "", "up --password x", 2, []string{"--help"}},
		"unknown command":     {nil, nothing, "", "connect", 2, []string{"--help"}},
		"too many names":      {nil, nothing, "", "up a b", 2, []string{"--help"}},
		"contradiction":       {nil, nothing, "", "up --no-wait --stdin", 2, []string{"--no-wait"}},
		"no wait":             {[]status.Snapshot{securing}, nothing, "", "up office --no-wait", 0, []string{"office is connecting"}},
		"down":                {nil, nothing, "", "down", 0, []string{"office is disconnected"}},
		"status":              {nil, nothing, "", "status", 0, []string{"CONNECT_REQUIRED"}},
		"json":                {nil, nothing, "", "status --json", 0, []string{`"state": "CONNECT_REQUIRED"`}},
		"list":                {nil, nothing, "", "profile list", 0, []string{"office  manual  192.0.2.1, client mode"}},
	} {
		t.Run(name, func(t *testing.T) {
			d := fake(t, c.script...)
			c.set(d)
			code, out, err := d.run(t.Context(), c.stdin, strings.Fields(c.args)...)
			if code != c.code {
				t.Errorf("exit %d, want %d: %s%s", code, c.code, out, err)
			}
			for _, want := range c.says {
				if !strings.Contains(out+err, want) {
					t.Errorf("%q is not said:\n%s%s", want, out, err)
				}
			}
			if code != 0 && !strings.Contains(err, "next: ") {
				t.Errorf("no next step:\n%s", err)
			}
		})
	}
}

func TestNoDaemon(t *testing.T) {
	d := &fakeDaemon{address: filepath.Join(t.TempDir(), "none")}
	for _, args := range []string{"up office", "up", "down", "status", "profile list", "peers", "clear", "debug isakmp"} {
		code, _, err := d.run(t.Context(), "", strings.Fields(args)...)
		if code != 3 || !strings.Contains(err, "ezvpnd run") {
			t.Errorf("%s: exit %d, %s", args, code, err)
		}
	}
}

// TestInterrupt: Ctrl-C while connecting takes the half of a session down that there is.
func TestInterrupt(t *testing.T) {
	d := fake(t, status.Snapshot{State: status.Waiting})
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-d.watched
		cancel()
	}()
	code, _, err := d.run(ctx, "", "up", "office")
	if code != 130 || !d.called(ipc.PathDown) {
		t.Errorf("exit %d, down asked: %v, %s", code, d.called(ipc.PathDown), err)
	}
}

// TestUpWhenUp: what is wanted is there already.
func TestUpWhenUp(t *testing.T) {
	d := fake(t)
	d.snap = active
	d.snap.Profile = "office"
	d.refuse[ipc.PathUp] = &ipc.Error{Code: ipc.Busy, Sentence: "busy", Next: "wait"}
	code, out, err := d.run(t.Context(), "", "up", "office")
	if code != 0 || !strings.Contains(out, "office is up") {
		t.Errorf("exit %d: %s%s", code, out, err)
	}
}

// TestUpAnswersARenewal: the tunnel is up, and phase 1 wants a code to go on.
func TestUpAnswersARenewal(t *testing.T) {
	renewal := active
	renewal.Prompt = askPasscode.Prompt
	d := fake(t, renewal, active)
	code, out, err := d.run(t.Context(), "123456\n", "up", "office", "--stdin")
	if code != 0 || len(d.answers) != 1 || d.answers[0].Fields["passcode"] != "123456" {
		t.Errorf("exit %d, %d answers: %s%s", code, len(d.answers), out, err)
	}
	d = fake(t, renewal)
	code, out, err = d.run(t.Context(), "", "up", "office") // nobody is there to ask: the question is left to others
	if code != 0 || len(d.answers) != 0 || !strings.Contains(out, "office is up") {
		t.Errorf("exit %d, %d answers: %s%s", code, len(d.answers), out, err)
	}
}

// TestHelpTellsTheExitCodes: scripts rely on them.
func TestHelpTellsTheExitCodes(t *testing.T) {
	d := &fakeDaemon{}
	code, out, _ := d.run(t.Context(), "", "--help")
	if code != 0 || !strings.Contains(out, exitHelp) {
		t.Errorf("exit %d:\n%s", code, out)
	}
	for _, command := range []string{"up", "down", "status", "peers", "clear", "debug", "profile", "completion"} {
		if !strings.Contains(out, "\n  "+command) {
			t.Errorf("the help does not name %s", command)
		}
	}
}
