package view

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"ezvpn/client/diagnose"
	"ezvpn/client/status"
	"ezvpn/gui/words"
	"ezvpn/service/ipc"
)

var now = time.Date(2026, 11, 2, 12, 0, 0, 0, time.UTC)

func facts(s *status.Snapshot) Facts {
	return Facts{Words: words.For("en", nil), Now: now, Snapshot: s, Profiles: []ipc.ProfileInfo{{Name: "office"}}}
}

func up(peer string) *status.Snapshot {
	return &status.Snapshot{State: status.Active, Since: now.Add(-75 * time.Minute), Profile: "office",
		Peers: []status.Peer{{Name: peer, Health: "active"}}, Network: &status.Network{Address: netip.MustParseAddr("10.99.1.2")}}
}

// TestOf: every state and what it says at one glance.
func TestOf(t *testing.T) {
	trying := []status.Peer{{Name: "a", Health: "down"}, {Name: "b", Health: "trying"}}
	refused := &status.Diagnosis{Cause: "xauth-refused", Sentence: "The gateway refused the code.", Next: "Type it again."}
	prompt := &status.Prompt{ID: "1", Peer: "b"}
	for _, c := range []struct {
		s               *status.Snapshot
		icon            Icon
		state, sentence string
	}{
		{nil, Blocked, "No service", "The ezvpn service does not answer."},
		{&status.Snapshot{State: status.ConnectRequired}, Off, "Not connected", "No tunnel is up."},
		{&status.Snapshot{State: status.ConnectRequired, Diagnosis: refused}, Blocked, "Not connected", "The gateway refused the code."},
		{&status.Snapshot{State: status.ConnectRequired, Diagnosis: &status.Diagnosis{Cause: "cancelled", Sentence: "x"}}, Off, "Not connected", "No tunnel is up."},
		{&status.Snapshot{State: status.Resolving, Peers: trying}, Connecting, "Connecting", "Looking up b."},
		{&status.Snapshot{State: status.Securing, Peers: trying}, Connecting, "Connecting", "Talking to b."},
		{&status.Snapshot{State: status.Securing}, Connecting, "Connecting", "Talking to the gateway."},
		{&status.Snapshot{State: status.Configuring, Peers: trying}, Connecting, "Connecting", "b let us in and sets up the tunnel."},
		{&status.Snapshot{State: status.XAuthRequired, Prompt: prompt}, Attention, "Waiting for you", "b asks you something."},
		{up("a"), On, "Connected", "The tunnel to a is up: 1 h 15 min."},
		{&status.Snapshot{State: status.Active, Prompt: prompt}, Attention, "Connected", "b asks you something."},
		{&status.Snapshot{State: status.FailingOver, Diagnosis: &status.Diagnosis{Cause: "peer-dead", Sentence: "a stopped answering."}}, Attention, "Changing gateways", "a stopped answering. The next gateway is tried."},
		{&status.Snapshot{State: status.FailingOver}, Attention, "Changing gateways", "The gateway stopped answering; the next one is tried."},
		{&status.Snapshot{State: status.Waiting, Diagnosis: &status.Diagnosis{Cause: "no-answer", Sentence: "b did not answer."}}, Attention, "Trying again soon", "b did not answer."},
		{&status.Snapshot{State: status.Standby}, Off, "Standing by", "The tunnel comes up with the next packet for the inside."},
		{&status.Snapshot{State: status.Disconnecting}, Connecting, "Disconnecting", "The tunnel is taken down."},
		{&status.Snapshot{State: status.Blocked, Diagnosis: refused}, Blocked, "Blocked", "The gateway refused the code."},
		{&status.Snapshot{State: status.Blocked}, Blocked, "Blocked", "The tunnel is down and needs you."},
	} {
		v := Of(facts(c.s))
		if v.Icon != c.icon || v.State != c.state || v.Sentence != c.sentence {
			t.Errorf("%+v: %+v", c, v)
		}
	}
	f := facts(&status.Snapshot{State: status.ConnectRequired})
	f.Profiles = []ipc.ProfileInfo{}
	if v := Of(f); v.Sentence != "There is no profile to connect with." {
		t.Errorf("%+v", v)
	}
	f = facts(nil)
	f.Trouble = &ipc.Error{Code: ipc.VersionMismatch, Sentence: "The service is of another release.", Next: "Install both."}
	if v := Of(f); v.Sentence != "The service is of another release." || v.Next != "Install both." {
		t.Errorf("%+v", v)
	}
}

// TestGermanCauses: each cause of the service has a German sentence, in which the peer stands.
func TestGermanCauses(t *testing.T) {
	for _, c := range diagnose.Causes() {
		d := diagnose.Of(diagnose.Evidence{Cause: c, Peer: "vpn.example.com"})
		f := facts(&status.Snapshot{State: status.Blocked, Diagnosis: &d})
		english := Of(f)
		f.Words = words.For("de", nil)
		v := Of(f)
		if c != diagnose.Cancelled && (v.Sentence == english.Sentence || v.Next == english.Next) || strings.Contains(v.Sentence+v.Next, "{{") {
			t.Errorf("%s: %q, %q", c, v.Sentence, v.Next)
		}
	}
}

func labels(items []Item) (out []string) {
	for _, i := range items {
		out = append(out, i.Label)
	}
	return out
}

func TestMenu(t *testing.T) {
	s := up("vpn.example.com")
	s.Peers = append(s.Peers, status.Peer{Name: "backup.example.com", Health: "down"})
	s.DPD.RTT = 12300 * time.Microsecond
	f := facts(s)
	f.Profiles = []ipc.ProfileInfo{{Name: "home"}, {Name: "office"}, {Name: "broken", Errors: []string{"x"}}, {Name: "old", Errors: []string{"x"}, Using: "2026"}}
	want := []string{"Connected · vpn.example.com · 1 h 15 min", "", "Disconnect office", "Connect home", "Connect old", "",
		"● vpn.example.com · active · 12 ms", "✕ backup.example.com · down", "Address 10.99.1.2 (click to copy)", "",
		"Open window", "Import profile…", "Diagnose…", "", "Quit"}
	if got := labels(Menu(f)); !slices.Equal(got, want) {
		t.Errorf("%q\nwant %q", got, want)
	}
	for _, c := range []struct {
		s     *status.Snapshot
		names []string
		want  []string
	}{
		{nil, []string{"office"}, []string{"No service", "", "", "Open window"}},
		{&status.Snapshot{State: status.ConnectRequired}, []string{"office"}, []string{"Not connected", "", "Connect", ""}},
		{&status.Snapshot{State: status.ConnectRequired}, nil, []string{"Not connected", "", "New profile…", ""}},
		{&status.Snapshot{State: status.Blocked, Profile: "office"}, []string{"office"}, []string{"Blocked", "", "Connect", ""}},
		{&status.Snapshot{State: status.Securing, Profile: "office"}, []string{"office"}, []string{"Connecting", "", "Stop connecting office", ""}},
		{&status.Snapshot{State: status.XAuthRequired, Profile: "office", Prompt: &status.Prompt{}}, []string{"office"}, []string{"Waiting for you", "Answer the gateway…", "", "Stop connecting office", ""}},
		{&status.Snapshot{State: status.Disconnecting, Profile: "office"}, []string{"office"}, []string{"Disconnecting", "", "", "Open window"}},
		{&status.Snapshot{State: status.Active, Profile: ""}, nil, []string{"Connected", "", "Disconnect", ""}}, // of somebody else
	} {
		f := facts(c.s)
		f.Profiles = nil
		for _, n := range c.names {
			f.Profiles = append(f.Profiles, ipc.ProfileInfo{Name: n})
		}
		if got := labels(Menu(f)); !slices.Equal(got[:len(c.want)], c.want) {
			t.Errorf("%q\nwant %q", got, c.want)
		}
	}
}

// TestHostileMenu: a gateway and a profile that want to break the menu get short lines of plain text, and not too many.
func TestHostileMenu(t *testing.T) {
	s := up(strings.Repeat("a\u202e\n", 5000))
	for i := range 50 {
		s.Peers = append(s.Peers, status.Peer{Name: fmt.Sprint(i, "\x1b[31m"), Health: "odd\n" + strings.Repeat("x", 1000)})
	}
	f := facts(s)
	for range 1000 {
		f.Profiles = append(f.Profiles, ipc.ProfileInfo{Name: strings.Repeat("p", 64)})
	}
	items := Menu(f)
	if len(items) > 45 {
		t.Errorf("%d rows", len(items))
	}
	for _, i := range items {
		if len([]rune(i.Label)) > 120 || strings.ContainsAny(i.Label, "\n\x1b\u202e") {
			t.Errorf("%.120q", i.Label)
		}
	}
}

func TestNotices(t *testing.T) {
	off := &status.Snapshot{State: status.ConnectRequired}
	asked := &status.Snapshot{State: status.XAuthRequired, Prompt: &status.Prompt{ID: "7", Peer: "a"}}
	over := &status.Snapshot{State: status.FailingOver, Profile: "office", Peers: []status.Peer{{Name: "a", Health: "down", Reason: "it stopped answering", Since: now}, {Name: "b", Health: "trying"}}}
	moved := up("b")
	moved.Peers = append(moved.Peers, status.Peer{Name: "a", Health: "down", Reason: "it stopped answering", Since: now})
	moved.Totals.Failovers = 1
	ended := &status.Snapshot{State: status.ConnectRequired, Diagnosis: &status.Diagnosis{Cause: "peer-deleted", Sentence: "a ended the connection."}}
	for _, c := range []struct {
		name        string
		before, now *status.Snapshot
		want        []Notice
	}{
		{"first", nil, up("a"), nil},
		{"first, with a question", nil, asked, []Notice{{NoticeCode, "The gateway needs an answer", "a asks you something."}}},
		{"the same question", asked, asked, nil},
		{"up", off, up("a"), []Notice{{NoticeUp, "Connected", "The tunnel to a is up."}}},
		{"still up", up("a"), up("a"), nil},
		{"breaks", up("a"), over, nil},
		{"fails over", over, moved, []Notice{{NoticeOver, "Gateway changed", "From a to b: it stopped answering."}}},
		{"fails over at once", up("a"), moved, []Notice{{NoticeOver, "Gateway changed", "From a to b: it stopped answering."}}},
		{"back", moved, up("a"), []Notice{{NoticeOver, "Gateway changed", "From b to a."}}},
		{"ended by the gateway", up("a"), ended, []Notice{{NoticeEnded, "Disconnected", "a ended the connection."}}},
		{"a connect that fails", asked, ended, []Notice{{NoticeFailed, "Not connected", "a ended the connection."}}},
		{"ended by the user", up("a"), off, nil},
		{"the service went away", up("a"), nil, nil},
	} {
		if got := Notices(facts(c.now), c.before); !slices.Equal(got, c.want) {
			t.Errorf("%s: %+v, want %+v", c.name, got, c.want)
		}
	}
}
