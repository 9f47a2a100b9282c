package diagnose

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"testing"

	"ezvpn/client/status"
	"ezvpn/ike"
)

// engine is every reason that the engine has.
var engine = []ike.Reason{ike.NoAnswer, ike.ProposalRefused, ike.GroupRefused, ike.GroupKeyWrong, ike.PeerIdentity, ike.XAUTHRefused,
	ike.XAUTHTimeout, ike.XAUTHTooMany, ike.NoAddress, ike.ConfigTimeout, ike.SATimeout, ike.SARefused, ike.PeerDeleted, ike.PeerDead,
	ike.Expired, ike.Internal}

func TestEveryCauseIsSaidInOneSentence(t *testing.T) {
	evidence := Evidence{By: "peer", Phase: "phase 1", Peer: "vpn.example.com", Address: "198.51.100.1:500", User: "alice", Sent: 5,
		Received: 2, Hint: "NO-PROPOSAL-CHOSEN", Err: errors.New("something")}
	sentences, nexts := map[string]Cause{}, map[string]Cause{}
	for _, bare := range []bool{false, true} {
		clear(sentences)
		clear(nexts)
		for _, c := range Causes() {
			e := evidence
			if bare {
				e = Evidence{}
			}
			e.Cause = c
			d := Of(e)
			if d.Cause != string(c) {
				t.Errorf("%s became %s", c, d.Cause)
			}
			if other, ok := sentences[d.Sentence]; ok {
				t.Errorf("%s and %s say the same: %s", c, other, d.Sentence)
			}
			if other, ok := nexts[d.Next]; ok {
				t.Errorf("%s and %s have the same next step: %s", c, other, d.Next)
			}
			sentences[d.Sentence], nexts[d.Next] = c, c
			if s := d.Sentence; len(s) < 20 || !strings.HasSuffix(s, ".") || strings.Contains(s, ". ") || s[:1] != strings.ToUpper(s[:1]) && !strings.HasPrefix(s, e.Peer) {
				t.Errorf("%s is not one sentence: %q", c, s)
			}
			if len(d.Next) < 20 || !strings.HasSuffix(d.Next, ".") {
				t.Errorf("%s has no next step: %q", c, d.Next)
			}
			if strings.Contains(d.Sentence+d.Next, "%!") || strings.Contains(d.Sentence, "()") || strings.Contains(d.Sentence, "  ") {
				t.Errorf("%s: %q", c, d.Sentence)
			}
		}
	}
}

func TestEveryReasonOfTheEngineIsKnown(t *testing.T) {
	for _, r := range engine {
		if d := Of(Evidence{Cause: Cause(r)}); d.Cause != string(r) {
			t.Errorf("%s became %s", r, d.Cause)
		}
	}
	if d := Of(Evidence{Cause: "never heard of"}); d.Cause != string(ike.Internal) {
		t.Errorf("an unknown cause became %s", d.Cause)
	}
}

func TestWordsAndEvidence(t *testing.T) {
	gateway := Evidence{Peer: "vpn.example.com", Address: "198.51.100.1:500"}
	for _, c := range []struct {
		cause Cause
		with  func(*Evidence)
		words []string
	}{
		{Cause(ike.NoAnswer), func(e *Evidence) { e.Sent = 5 },
			[]string{"vpn.example.com (198.51.100.1) did not answer any of 5 IKE messages on UDP 500.", "5 sent, 0 received", "UDP 500 and 4500"}},
		{Cause(ike.XAUTHRefused), func(e *Evidence) { e.User = "alice" },
			[]string{"The gateway refused the user name, password or code for alice.", "it was not retried, so that the account is not locked"}},
		{Cause(ike.ProposalRefused), func(e *Evidence) { e.Hint = "NO-PROPOSAL-CHOSEN" }, []string{"none of our proposals", "NO-PROPOSAL-CHOSEN", "[security] allow"}},
		{Cause(ike.GroupKeyWrong), nil, []string{"group key", "group.key", "do not type your password"}},
		{Cause(ike.PeerDead), func(e *Evidence) { e.Sent = 5 }, []string{"R-U-THERE sent 5 times without an answer"}},
		{NameUnknown, func(e *Evidence) { e.Err = errors.New("no such host") }, []string{"vpn.example.com", "no such host"}},
		{HostFailed, func(e *Evidence) { e.Err = errors.New("route 10.0.0.0/8: file exists") }, []string{"route 10.0.0.0/8: file exists"}},
		{NoNetwork, func(e *Evidence) { e.Address = "" }, []string{"no network path from this computer to vpn.example.com"}},
	} {
		e := gateway
		e.Cause = c.cause
		if c.with != nil {
			c.with(&e)
		}
		d := Of(e)
		all := strings.Join(append([]string{d.Sentence, d.Next}, d.Evidence...), "\n")
		for _, w := range c.words {
			if !strings.Contains(all, w) {
				t.Errorf("%s: no %q in\n%s", c.cause, w, all)
			}
		}
	}
}

func TestPermissionIsACauseOfItsOwn(t *testing.T) {
	denied := fmt.Errorf("opening the device: %w", fs.ErrPermission)
	for _, c := range []Cause{NoNetwork, DeviceFailed, HostFailed} {
		if d := Of(Evidence{Cause: c, Err: denied}); d.Cause != string(Permission) {
			t.Errorf("%s became %s", c, d.Cause)
		}
	}
	if d := Of(Evidence{Cause: Cause(ike.XAUTHRefused), Err: denied}); d.Cause != string(ike.XAUTHRefused) {
		t.Error("a verdict of the gateway is no matter of permission")
	}
}

// A gateway that answered explains more than one that did not, and a person's own doing more than both.
func TestTells(t *testing.T) {
	order := []Cause{NameUnknown, Cause(ike.NoAnswer), Cause(ike.PeerDead), Cause(ike.ProposalRefused), Cause(ike.NoAddress), Cause(ike.XAUTHRefused), HostFailed}
	rank := func(c Cause) int { return Tells(Of(Evidence{Cause: c})) }
	if !slices.IsSortedFunc(order, func(a, b Cause) int { return rank(a) - rank(b) }) || rank(NameUnknown) == rank(HostFailed) {
		t.Error("the order is wrong")
	}
	if Tells(status.Diagnosis{}) < 0 {
		t.Error("an empty diagnosis has a rank")
	}
}

func TestTextsOfTheGatewayAreFiltered(t *testing.T) {
	evil := "\x1b[31mx\u202e\ny"
	d := Of(Evidence{Cause: Cause(ike.NoAnswer), Peer: evil, Address: evil, User: evil, Hint: evil, Phase: evil, Err: errors.New(evil)})
	for _, s := range append([]string{d.Sentence, d.Next, d.Peer}, d.Evidence...) {
		if strings.ContainsAny(s, "\x1b\u202e\n") {
			t.Errorf("%q", s)
		}
	}
}
