//go:build linux || darwin

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"ezvpn/client/status"
	"ezvpn/service/ipc"
)

var traced = time.Date(2026, 3, 25, 15, 17, 14, 131_000_000, time.Local)

func debugLine(serial uint64, text string) status.DebugLine {
	return status.DebugLine{Serial: serial, Time: traced, Text: text}
}

func TestPeers(t *testing.T) {
	d := fake(t)
	d.snap.State = status.Active
	d.snap.Peers = []status.Peer{
		{Name: "vpn.example.com", Address: "192.0.2.1:500", Origin: "profile", Health: "down", Reason: "5 probes\nunanswered\x1b[2J"},
		{Name: "vpn2.example.com", Address: "192.0.2.2:4500", Origin: "profile", Health: "active"},
	}
	code, out, err := d.run(t.Context(), "", "peers")
	if want := "  vpn.example.com   192.0.2.1:500   profile  down    5 probes unanswered[2J\n* vpn2.example.com  192.0.2.2:4500  profile  active\n"; code != 0 || !strings.HasSuffix(out, want) {
		t.Errorf("exit %d: %s\n%s", code, err, out)
	}
	code, out, _ = d.run(t.Context(), "", "peers", "--json")
	var got []status.Peer
	if e := json.Unmarshal([]byte(out), &got); code != 0 || e != nil || len(got) != 2 || got[1] != d.snap.Peers[1] {
		t.Errorf("exit %d, %v: %s", code, e, out)
	}
}

func TestNoPeers(t *testing.T) {
	d := fake(t)
	for state, want := range map[status.State]string{status.ConnectRequired: "no session is up\n", status.Active: "somebody else's"} {
		d.snap.State, d.snap.Peers = state, nil
		if code, out, _ := d.run(t.Context(), "", "peers"); code != 0 || !strings.Contains(out, want) {
			t.Errorf("exit %d: %s", code, out)
		}
		if code, out, _ := d.run(t.Context(), "", "peers", "--json"); code != 0 || out != "[]\n" {
			t.Errorf("exit %d: %s", code, out)
		}
	}
}

// TestClear: what was cleared is told, and what was asked reaches the service as it was given.
func TestClear(t *testing.T) {
	at := ipc.Cleared{Cleared: true, State: status.Securing, Profile: "office", Local: "198.51.100.7:40001", Remote: "192.0.2.1:4500"}
	ended, none, other, early := at, ipc.Cleared{State: status.ConnectRequired}, at, ipc.Cleared{Cleared: true, State: status.Resolving, Profile: "office"}
	ended.State, other.Cleared = status.ConnectRequired, false
	for name, c := range map[string]struct {
		answer ipc.Cleared
		args   string
		code   int
		says   string
		asked  ipc.Clear
	}{
		"all":        {at, "clear", 0, "cleared office from 198.51.100.7:40001 to 192.0.2.1:4500; connecting again", ipc.Clear{}},
		"one end":    {at, "clear --remote 192.0.2.1", 0, "cleared office from", ipc.Clear{Remote: "192.0.2.1"}},
		"both":       {at, "clear --local 198.51.100.7:40001 --remote=192.0.2.1:4500", 0, "cleared office from", ipc.Clear{Local: "198.51.100.7:40001", Remote: "192.0.2.1:4500"}},
		"manual":     {ended, "clear", 0, "to 192.0.2.1:4500; the session ends", ipc.Clear{}},
		"early":      {early, "clear", 0, "cleared office; connecting again", ipc.Clear{}},
		"no session": {none, "clear", 6, "nothing was cleared: there are no SAs", ipc.Clear{}},
		"no match":   {other, "clear --remote 192.0.2.9", 6, "nothing was cleared: the session is from 198.51.100.7:40001 to 192.0.2.1:4500", ipc.Clear{Remote: "192.0.2.9"}},
	} {
		d := fake(t)
		d.cleared = c.answer
		code, out, err := d.run(t.Context(), "", strings.Fields(c.args)...)
		if code != c.code || !strings.Contains(out+err, c.says) {
			t.Errorf("%s: exit %d: %s%s", name, code, out, err)
		}
		if len(d.clears) != 1 || d.clears[0] != c.asked {
			t.Errorf("%s: asked for %+v", name, d.clears)
		}
	}
}

// TestWrongUsage: what cannot be meant is said before the service is asked.
func TestWrongUsage(t *testing.T) {
	for _, args := range [][]string{{"clear", "--remote", "vpn.example.com"}, {"clear", "--remote", "192.0.2.1:0"}, {"clear", "--local", "192.0.2.1:99999"},
		{"clear", "--local", "0.0.0.0"}, {"clear", "--remote", ""}, {"clear", "192.0.2.1"}, {"clear", "--remote", "192.0.2.1 192.0.2.2"},
		{"debug", "isakmp", "--since", "yesterday"}, {"debug", "isakmp", "--since", "-10m"}, {"debug", "isakmp", "--since", ""},
		{"debug", "isakmp", "--since", "999999h99999"}, {"debug", "isakmp", "x"}, {"debug", "ipsec"}, {"debug", "isakmp", "--follow=maybe"}, {"peers", "x"}} {
		d := fake(t)
		code, _, err := d.run(t.Context(), "", args...)
		if code != 2 || !strings.Contains(err, "next: ") || len(d.calls) != 0 {
			t.Errorf("%q: exit %d, asked %v: %s", args, code, d.calls, err)
		}
	}
}

func TestDebugTopics(t *testing.T) {
	d := fake(t)
	if code, out, _ := d.run(t.Context(), "", "debug"); code != 0 || !strings.Contains(out, "isakmp") || len(d.calls) != 0 {
		t.Errorf("exit %d, asked %v: %s", code, d.calls, out)
	}
}

// TestDebugLines: each line as on a router, with the time of this place; lost lines are told where they are missing.
func TestDebugLines(t *testing.T) {
	d := fake(t)
	d.debug = []status.DebugLine{debugLine(7, "ISAKMP:(1001):IKE_DPD is enabled, initializing timers"), debugLine(8, "a\x1b[2J\nb"),
		debugLine(10, "c"), debugLine(20, "%CRYPTO-5-SESSION_STATUS: Crypto tunnel is DOWN.  Peer 10.2.80.209:500       Id: 10.2.80.209")}
	code, out, err := d.run(t.Context(), "", "debug", "isakmp", "--since", "10m")
	want := `*Mar 25 15:17:14.131: ISAKMP:(1001):IKE_DPD is enabled, initializing timers
*Mar 25 15:17:14.131: a[2J b
(1 line lost)
*Mar 25 15:17:14.131: c
(9 lines lost)
*Mar 25 15:17:14.131: %CRYPTO-5-SESSION_STATUS: Crypto tunnel is DOWN.  Peer 10.2.80.209:500       Id: 10.2.80.209
`
	if code != 0 || out != want {
		t.Errorf("exit %d: %s\n%s", code, err, out)
	}
	_, out, _ = d.run(t.Context(), "", "debug", "isakmp", "--since", "10m", "--json")
	var got []status.DebugLine
	for line := range strings.Lines(out) {
		var l status.DebugLine
		if e := json.Unmarshal([]byte(line), &l); e != nil {
			t.Fatal(e)
		}
		got = append(got, l)
	}
	if len(got) != 4 || got[3].Serial != 20 || got[1].Text != "a\x1b[2J\nb" || !got[0].Time.Equal(traced) || strings.Contains(out, "\x1b") {
		t.Errorf("%s", out)
	}
}

// TestDebugRequests: what the flags ask for.
func TestDebugRequests(t *testing.T) {
	for args, want := range map[string]ipc.Debug{
		"--since 10m":                           {SinceSeconds: 600},
		"--since 1h30m --follow=false":          {SinceSeconds: 5400},
		"--since 1500ms":                        {SinceSeconds: 2},
		"--since 2026-03-25T15:47:00Z":          {Since: "2026-03-25T15:47:00Z"},
		"--since=2026-03-25T15:47:00+01:00":     {Since: "2026-03-25T15:47:00+01:00"},
		"--follow=false":                        {Since: "1970-01-01T00:00:00Z"},
		"":                                      {Follow: true},
		"--follow":                              {Follow: true},
		"--since 0s --follow":                   {Follow: true},
		"--since 10m --follow":                  {SinceSeconds: 600, Follow: true},
		"--follow --since 2026-03-25T15:47:00Z": {Since: "2026-03-25T15:47:00Z", Follow: true},
	} {
		d := fake(t)
		d.ends = true
		code, _, err := d.run(t.Context(), "", append([]string{"debug", "isakmp"}, strings.Fields(args)...)...)
		if len(d.debugs) != 1 || d.debugs[0] != want {
			t.Errorf("%q asks for %+v, want %+v", args, d.debugs, want)
		}
		if wantCode := map[bool]int{true: exitUnreachable, false: 0}[want.Follow]; code != wantCode { // who follows wants to know that it ended
			t.Errorf("%q: exit %d: %s", args, code, err)
		}
	}
}

// TestDebugInterrupt: Ctrl-C is how following ends.
func TestDebugInterrupt(t *testing.T) {
	d := fake(t)
	d.debug = []status.DebugLine{debugLine(1, "one")}
	ctx, cancel := context.WithCancel(t.Context())
	var out cancelling
	out.after, out.cancel = "one\n", cancel
	var e bytes.Buffer
	a := &app{in: strings.NewReader(""), out: &out, err: &e}
	if code := a.run(ctx, []string{"--socket", d.address, "debug", "isakmp"}); code != 0 || e.Len() != 0 {
		t.Errorf("exit %d: %s", code, e.String())
	}
}

// cancelling is a terminal where Ctrl-C is pressed after this text.
type cancelling struct {
	text   bytes.Buffer
	after  string
	cancel func()
}

func (c *cancelling) Write(b []byte) (int, error) {
	n, err := c.text.Write(b)
	if strings.HasSuffix(c.text.String(), c.after) {
		c.cancel()
	}
	return n, err
}

// TestOperatorExitCodes: refusals of the new verbs end as those of the others.
func TestOperatorExitCodes(t *testing.T) {
	for code, want := range map[string]int{ipc.NotAllowed: 4, ipc.NotOwner: 4, ipc.UnknownVerb: 1, ipc.Stopping: 3, ipc.Internal: 1} {
		for path, args := range map[string]string{ipc.PathClear: "clear", ipc.PathDebug: "debug isakmp", ipc.PathStatus: "peers"} {
			d := fake(t)
			d.refuse[path] = &ipc.Error{Code: code, Sentence: "no, " + code, Next: "do this"}
			got, _, err := d.run(t.Context(), "", strings.Fields(args)...)
			if got != want || !strings.Contains(err, "no, "+code) || !strings.Contains(err, "next: do this") {
				t.Errorf("%s, %s: exit %d: %s", args, code, got, err)
			}
		}
	}
}

// TestCompletion: the shell knows the commands, their flags, and the ends of the tunnel.
func TestCompletion(t *testing.T) {
	d := fake(t)
	d.snap.ISAKMP = &status.ISAKMPSA{Local: "198.51.100.7:4500", Remote: "192.0.2.1:4500"}
	for line, want := range map[string][]string{
		"":                      {"peers", "clear", "debug"},
		"debug|":                {"isakmp"},
		"debug|isakmp|--":       {"--since", "--follow", "--json"},
		"debug|isakmp|--since|": {"10m"},
		"clear|--":              {"--local", "--remote"},
		"clear|--local|":        {"198.51.100.7:4500"},
		"clear|--remote|":       {"192.0.2.1:4500"},
		"peers|--":              {"--json"},
	} {
		// the socket is a flag of the line that is completed
		args := append([]string{"__complete", "--socket", d.address}, strings.Split(line, "|")...)
		var o bytes.Buffer
		a := &app{in: strings.NewReader(""), out: &o, err: &o}
		if code := a.run(t.Context(), args); code != 0 {
			t.Fatalf("%s: exit %d", line, code)
		}
		for _, w := range want {
			if !strings.Contains("\n"+o.String(), "\n"+w) {
				t.Errorf("%q does not offer %s:\n%s", line, w, o.String())
			}
		}
	}
}

// TestHelpOfTheOperator: the help names what the flags do and how the command ends.
func TestHelpOfTheOperator(t *testing.T) {
	d := &fakeDaemon{}
	for args, want := range map[string][]string{
		"clear --help":        {"IP[:PORT]", "exit code is 6", "ezvpn clear --remote"},
		"debug isakmp --help": {"until Ctrl-C", "--follow=false", "exit code 0", "ezvpn debug isakmp --since 10m"},
		"peers --help":        {"NEXT TRY", "--json", "ezvpn peers"},
	} {
		code, out, _ := d.run(t.Context(), "", strings.Fields(args)...)
		for _, w := range want {
			if code != 0 || !strings.Contains(out, w) {
				t.Errorf("%s lacks %q (exit %d):\n%s", args, w, code, fmt.Sprint(out))
			}
		}
	}
}
