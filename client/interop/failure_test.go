//go:build interop && linux

package interop

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"ezvpn/client/status"
)

// last is the gateway of the tests that spoil something, so that those of TestStrongSwan are left alone.
const last gateway = 3

// TestFailure shows that each way to fail ends with its own reason, and leaves nothing behind.
func TestFailure(t *testing.T) {
	for _, f := range []struct {
		name   string
		text   string // of the profile, behind peers
		stdin  string
		dead   bool     // the gateway does not answer
		causes []string // any of these
		asked  int      // XAUTH attempts that the gateway saw
	}{
		{name: "wrong-group-key", text: "[group]\nname = \"ezgroup\"\nkey = \"wrong\"\n", stdin: answers,
			causes: []string{"group-key-wrong", "group-refused"}},
		{name: "unknown-group", text: "[group]\nname = \"nobody\"\nkey = \"group-secret\"\n", stdin: answers,
			causes: []string{"group-key-wrong", "group-refused"}},
		{name: "refused-phase-1-proposal", text: goodGroup + "[ike]\nproposals = [\"aes256-sha512-ecp521\"]\n", stdin: answers,
			causes: []string{"proposal-refused"}},
		{name: "refused-phase-2-proposal", text: goodGroup + "[esp]\nproposals = [\"aes256-sha512\"]\n", stdin: answers,
			causes: []string{"proposal-refused", "sa-refused"}, asked: 1},
		{name: "wrong-password", text: goodGroup, stdin: "alice\nwrong\nalice\nalice-pw\n",
			causes: []string{"xauth-refused"}, asked: 1},
		{name: "no-answer", text: goodGroup, stdin: answers, dead: true, causes: []string{"no-answer"}},
	} {
		t.Run(f.name, func(t *testing.T) {
			mark := len(last.log(t))
			last.onFailure(t, mark)
			before := behindNAT.settings(t)
			if f.dead {
				network(t, "kill-gw", last.number())
				defer network(t, "revive-gw", last.number())
			}
			d := start(t, behindNAT)
			d.profile(t, f.name, fmt.Sprintf("peers = [%q]\n%s", last.address(), f.text))
			r := d.ezvpn(t, f.stdin, "up", f.name, "--stdin")
			if r.code != 6 {
				t.Errorf("exit code %d, want 6\n%s%s", r.code, r.out, r.err)
			}
			explained(t, d.snapshot(t), r, f.causes)
			log := last.since(t, mark)
			if n := strings.Count(log, "parsed TRANSACTION response") - strings.Count(log, "HASH CPA(X_STATUS)"); n != f.asked {
				t.Errorf("the gateway got %d XAUTH answers, want %d", n, f.asked)
			}
			if now := behindNAT.settings(t); now != before {
				t.Errorf("the machine is not as before:\n%s\n--- before:\n%s", now, before)
			}
		})
	}
}

const goodGroup = "[group]\nname = \"ezgroup\"\nkey = \"group-secret\"\n"

// explained shows that status and command say the same: what happened, and what to do.
func explained(t *testing.T, s status.Snapshot, r result, causes []string) {
	t.Helper()
	d := s.Diagnosis
	if d == nil {
		t.Fatalf("no diagnosis in state %s", s.State)
	}
	if s.State == status.Active || !slices.Contains(causes, d.Cause) {
		t.Errorf("state %s, cause %s, want one of %v: %s", s.State, d.Cause, causes, d.Sentence)
	}
	if d.Sentence == "" || d.Next == "" || len(d.Evidence) == 0 {
		t.Errorf("diagnosis is not complete: %+v", *d)
	}
	if !strings.Contains(r.err, d.Sentence) || !strings.Contains(r.err, d.Next) {
		t.Errorf("ezvpn up does not say %q and %q, but:\n%s", d.Sentence, d.Next, r.err)
	}
}
