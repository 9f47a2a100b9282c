package client

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"ezvpn/client/profile"
	"ezvpn/client/status"
	"ezvpn/ike"
)

var t0 = time.Date(2026, 3, 25, 12, 0, 0, 0, time.UTC)

const gw1, gw2 = "198.51.100.101", "198.51.100.102"

// testProfile is a profile as Parse would give it; two DH groups make two offers.
func testProfile(connect string, peers ...string) *profile.Profile {
	p := &profile.Profile{Name: "office", Connect: connect, Mode: "client",
		Group: profile.Group{Name: "ezgroup", IDType: "key-id", Key: "group-secret"},
		XAUTH: profile.XAUTH{Username: "alice"},
		DPD:   profile.DPD{Interval: 10 * time.Second, Retry: 2 * time.Second, Mode: "on-demand"},
		IKE: profile.IKE{Proposals: []profile.Phase1{{Cipher: 7, KeyBits: 256, Hash: 4, Group: 14}, {Cipher: 7, KeyBits: 128, Hash: 2, Group: 5}},
			Exchange: "aggressive", Fragmentation: true},
		ESP: profile.ESP{Proposals: []profile.Phase2{{Cipher: 12, KeyBits: 128, Auth: 2}}},
		NAT: profile.NAT{Mode: "force", Keepalive: 20 * time.Second}}
	for _, x := range peers {
		p.Peers = append(p.Peers, profile.Peer{Host: x, Port: 500})
	}
	return p
}

var (
	asks       = evIKE{ike.AskXAUTH{Round: 1, Fields: []ike.XAUTHField{{Name: "username"}, {Name: "password", Hidden: true}}}}
	secured    = evIKE{ike.Secured{SA: ike.ISAKMPSA{DPD: true}}}
	accepted   = evIKE{ike.XAUTHDone{OK: true}}
	configured = evIKE{ike.Configured{Net: ike.ModeConfig{Address: netip.MustParseAddr("10.99.1.2"), PFS: -1,
		Include: []netip.Prefix{netip.MustParsePrefix("10.20.0.0/16")}, DNS: []netip.Addr{netip.MustParseAddr("10.20.0.53")}, Domain: "corp.example"}}}
	saUp = evIKE{ike.SAUp{SA: ike.IPsecSA{Suite: ike.Suite{Cipher: 12, KeyBits: 128, Auth: 2}, In: ike.SPIKeys{SPI: 0x1001}, Out: ike.SPIKeys{SPI: 0x2001}}}}
)

func failed(r ike.Reason) evIKE {
	return evIKE{ike.Failed{Failure: &ike.Failure{Reason: r, By: ike.Peer, Phase: ike.PhaseOne}}}
}

// ready answers the latest actConfigure.
type ready struct{}

// play runs events through a machine, a second apart, and returns it with the short names of all actions.
func play(t *testing.T, m machine, events ...event) (machine, []string) {
	t.Helper()
	var did []string
	now := t0
	for _, ev := range events {
		now = now.Add(time.Second)
		switch e := ev.(type) {
		case ready:
			ev = evHostReady{seq: m.seq, iface: "ezvpn0", mtu: 1400}
		case evAnswer:
			if m.prompt == nil {
				t.Fatal("an answer and no prompt")
			}
			e.id = m.prompt.ID
			ev = e
		case time.Duration:
			now = now.Add(e)
			ev = evTick{}
		}
		var acts []action
		m, acts = m.step(now, ev)
		for _, a := range acts {
			if s := short(a); s != "" {
				did = append(did, s)
			}
		}
	}
	return m, did
}

func short(a action) string {
	switch a := a.(type) {
	case actNote, actSyslog:
		return ""
	case actDial:
		return fmt.Sprintf("dial %s offer %d initial %v", a.to, a.attempt, a.initial)
	case actAnswer:
		if a.answer.Cancel {
			return "cancel"
		}
		var names []string
		for n := range a.answer.Fields {
			names = append(names, n)
		}
		slices.Sort(names)
		return "answer " + strings.Join(names, ",")
	case actConfigure:
		return fmt.Sprintf("configure %v gateways %v", a.host.Routes, a.host.Gateways)
	case actInstall:
		return fmt.Sprintf("install %#x", a.sa.In.SPI)
	case actRetire:
		return fmt.Sprintf("retire %#x", a.in)
	case actResolve:
		return "resolve " + a.name
	}
	return strings.TrimPrefix(fmt.Sprintf("%T", a), "client.act")
}

const dial1 = "dial " + gw1 + ":500 offer 0 initial true"

func connectTo(connect string, peers ...string) evConnect {
	return evConnect{profile: testProfile(connect, peers...), options: ConnectOptions{Owner: "alice"}}
}

// up is the way to a working tunnel.
func up(c evConnect) []event {
	return []event{c, secured, asks, evAnswer{fields: map[string]profile.Secret{"password": "pw"}}, accepted, configured, saUp, ready{}}
}

func TestStep(t *testing.T) {
	typed := evAnswer{fields: map[string]profile.Secret{"password": "pw"}}
	tests := []struct {
		name   string
		events []event
		state  status.State
		cause  string // of the diagnosis, "" for none
		did    []string
	}{
		{"connect to an address", []event{connectTo("manual", gw1)}, status.Securing, "", []string{dial1}},
		{"connect to a name", []event{connectTo("manual", "vpn.example.com")}, status.Resolving, "", []string{"resolve vpn.example.com"}},
		{"name found", []event{connectTo("manual", "vpn.example.com"), evResolved{addrs: []netip.Addr{netip.MustParseAddr(gw1)}}},
			status.Securing, "", []string{"resolve vpn.example.com", dial1}},
		{"all addresses of a name are tried", []event{connectTo("manual", "vpn.example.com"),
			evResolved{addrs: []netip.Addr{netip.MustParseAddr(gw1), netip.MustParseAddr(gw2)}}, failed(ike.NoAnswer)},
			status.Securing, "no-answer", []string{"resolve vpn.example.com", dial1, "Drop", "dial " + gw2 + ":500 offer 0 initial true"}},
		{"name unknown", []event{connectTo("manual", "vpn.example.com"), evResolved{err: errors.New("no such host")}},
			status.Disconnecting, "name-unknown", []string{"resolve vpn.example.com", "HangUp", "Release"}},
		{"up", up(connectTo("manual", gw1)), status.Active, "",
			[]string{dial1, "answer password,username", "install 0x1001", "configure [10.20.0.0/16] gateways [" + gw1 + "]"}},
		{"the machine is not ready before it says so", up(connectTo("manual", gw1))[:7], status.Configuring, "",
			[]string{dial1, "answer password,username", "install 0x1001", "configure [10.20.0.0/16] gateways [" + gw1 + "]"}},
		{"another DH group after a refusal", []event{connectTo("manual", gw1), failed(ike.ProposalRefused)}, status.Securing, "proposal-refused",
			[]string{dial1, "Drop", "dial " + gw1 + ":500 offer 1 initial true"}},
		{"no more groups", []event{connectTo("manual", gw1), failed(ike.ProposalRefused), failed(ike.ProposalRefused), evTornDown{}},
			status.ConnectRequired, "proposal-refused", []string{dial1, "Drop", "dial " + gw1 + ":500 offer 1 initial true", "Drop", "HangUp", "Release"}},
		{"silence, then the next peer", []event{connectTo("manual", gw1, gw2), failed(ike.NoAnswer)}, status.Securing, "no-answer",
			[]string{dial1, "Drop", "dial " + gw2 + ":500 offer 0 initial true"}},
		{"manual gives up after the list", []event{connectTo("manual", gw1), failed(ike.NoAnswer), evTornDown{}}, status.ConnectRequired, "no-answer",
			[]string{dial1, "Drop", "HangUp", "Release"}},
		{"auto never gives up", []event{connectTo("auto", gw1), failed(ike.NoAnswer), 10 * time.Minute}, status.Securing, "no-answer",
			[]string{dial1, "Drop", "Drop", "dial " + gw1 + ":500 offer 1 initial true"}},
		{"a refused password stops auto", []event{connectTo("auto", gw1, gw2), secured, asks, typed, evIKE{ike.XAUTHDone{}}, failed(ike.XAUTHRefused), evTornDown{}},
			status.Blocked, "xauth-refused", []string{dial1, "answer password,username", "Drop", "HangUp", "Release"}},
		{"a stored password and no verdict: once more, not twice", []event{evConnect{profile: stored("auto", gw1, gw2)}, secured, asks, failed(ike.XAUTHRefused),
			secured, asks, failed(ike.XAUTHRefused), evTornDown{}}, status.Blocked, "xauth-refused",
			[]string{dial1, "answer password,username", "Drop", "dial " + gw2 + ":500 offer 0 initial true", "answer password,username", "Drop", "HangUp", "Release"}},
		{"a stored password that is refused", []event{evConnect{profile: stored("auto", gw1, gw2)}, secured, asks, evIKE{ike.XAUTHDone{}}, failed(ike.XAUTHRefused), evTornDown{}},
			status.Blocked, "xauth-refused", []string{dial1, "answer password,username", "Drop", "HangUp", "Release"}},
		{"nobody answers the prompt", []event{connectTo("auto", gw1), secured, asks, PromptTime + time.Second, evTornDown{}}, status.Blocked, "xauth-timeout",
			[]string{dial1, "cancel", "HangUp", "Release"}},
		{"the user cancels", []event{connectTo("manual", gw1), secured, asks, evAnswer{cancel: true}, evTornDown{}}, status.ConnectRequired, "cancelled",
			[]string{dial1, "cancel", "HangUp", "Release"}},
		{"disconnect", append(up(connectTo("manual", gw1)), evDisconnect{}, evTornDown{}), status.ConnectRequired, "",
			[]string{dial1, "answer password,username", "install 0x1001", "configure [10.20.0.0/16] gateways [" + gw1 + "]", "HangUp", "retire 0x1001", "Release"}},
		{"a second disconnect changes nothing", []event{connectTo("manual", gw1), evDisconnect{}, evDisconnect{}}, status.Disconnecting, "",
			[]string{dial1, "HangUp", "Release"}},
		{"late news after disconnect", []event{connectTo("manual", gw1), evDisconnect{}, secured, asks, saUp}, status.Disconnecting, "",
			[]string{dial1, "HangUp", "Release"}},
		{"the gateway ends a manual session", append(up(connectTo("manual", gw1)), failed(ike.PeerDeleted), evTornDown{}), status.ConnectRequired, "peer-deleted",
			[]string{dial1, "answer password,username", "install 0x1001", "configure [10.20.0.0/16] gateways [" + gw1 + "]", "retire 0x1001", "Drop", "HangUp", "Release"}},
		{"the gateway ends an auto session", append(up(connectTo("auto", gw1)), failed(ike.PeerDeleted)), status.FailingOver, "peer-deleted",
			[]string{dial1, "answer password,username", "install 0x1001", "configure [10.20.0.0/16] gateways [" + gw1 + "]", "retire 0x1001", "Drop",
				"dial " + gw1 + ":500 offer 0 initial false"}},
		{"a dead peer: the next one, and the inside stays", append(up(connectTo("auto", gw1, gw2)), evPeerDead{misses: 5}), status.FailingOver, "peer-dead",
			[]string{dial1, "answer password,username", "install 0x1001", "configure [10.20.0.0/16] gateways [" + gw1 + " " + gw2 + "]", "retire 0x1001", "HangUp",
				"dial " + gw2 + ":500 offer 0 initial true"}},
		{"redirected", []event{connectTo("manual", gw1), secured, evIKE{ike.Redirected{To: netip.MustParseAddr(gw2)}}}, status.Securing, "",
			[]string{dial1, "HangUp", "dial " + gw2 + ":500 offer 0 initial true"}},
		{"redirected without end", []event{connectTo("manual", gw1), evIKE{ike.Redirected{To: netip.MustParseAddr(gw2)}},
			evIKE{ike.Redirected{To: netip.MustParseAddr(gw1)}}, evIKE{ike.Redirected{To: netip.MustParseAddr(gw2)}}, evTornDown{}}, status.ConnectRequired, "redirect-loop",
			[]string{dial1, "HangUp", "dial " + gw2 + ":500 offer 0 initial true", "HangUp", dial1, "HangUp", "HangUp", "Release"}},
		{"the machine cannot be set, and nobody looks", append(up(connectTo("auto", gw1))[:7], evHostFailed{errors.New("no permission")}, evTornDown{}), status.Waiting, "host-failed",
			[]string{dial1, "answer password,username", "install 0x1001", "configure [10.20.0.0/16] gateways [" + gw1 + "]", "HangUp", "retire 0x1001", "Release", "Drop"}},
		{"the machine cannot be set", append(up(connectTo("manual", gw1))[:7], evHostFailed{errors.New("no permission")}, evTornDown{}), status.Blocked, "host-failed",
			[]string{dial1, "answer password,username", "install 0x1001", "configure [10.20.0.0/16] gateways [" + gw1 + "]", "HangUp", "retire 0x1001", "Release"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m, did := play(t, newMachine(t0), tt.events...)
			if m.state != tt.state {
				t.Errorf("state %s, want %s", m.state, tt.state)
			}
			if got := causeOf(m); got != tt.cause {
				t.Errorf("cause %q, want %q", got, tt.cause)
			}
			if !slices.Equal(did, tt.did) {
				t.Errorf("did\n  %s\nwant\n  %s", strings.Join(did, "\n  "), strings.Join(tt.did, "\n  "))
			}
		})
	}
}

func causeOf(m machine) string {
	if m.diagnosis == nil {
		return ""
	}
	return m.diagnosis.Cause
}

// The password that somebody typed is kept in memory only where the gateway and the profile allow it.
func TestPasswordAfterFailover(t *testing.T) {
	for _, keep := range []bool{false, true} {
		c := connectTo("auto", gw1, gw2)
		c.profile.XAUTH.Save = keep
		net := configured
		mc := net.event.(ike.Configured)
		mc.Net.SavePassword = true
		events := up(c)
		events[5] = evIKE{mc}
		m, did := play(t, newMachine(t0), append(events, evPeerDead{}, secured, asks)...)
		answeredAgain := strings.Count(strings.Join(did, "\n"), "answer password") == 2
		if answeredAgain != keep || (m.prompt == nil) != keep {
			t.Errorf("keep %v: answered by itself %v, prompt %v", keep, answeredAgain, m.prompt != nil)
		}
	}
}

// A password is sent at most once in an attempt, whatever the gateway asks.
func TestPasswordIsNotSentTwice(t *testing.T) {
	c := connectTo("manual", gw1)
	c.profile.XAUTH.Password = "stored"
	again := evIKE{ike.AskXAUTH{Round: 2, Message: "wrong, again\x1b[2J", Fields: asks.event.(ike.AskXAUTH).Fields}}
	m, did := play(t, newMachine(t0), c, secured, asks, again)
	if n := strings.Count(strings.Join(did, "\n"), "answer"); n != 1 {
		t.Errorf("%d answers, want 1", n)
	}
	if m.state != status.XAuthRequired || m.prompt == nil {
		t.Fatalf("state %s, prompt %v", m.state, m.prompt)
	}
	if strings.ContainsRune(m.prompt.Message, 0x1b) {
		t.Error("the gateway's text went through unfiltered")
	}
	if len(m.prompt.Fields) != 1 || m.prompt.Fields[0].Name != "password" {
		t.Errorf("asked for %v; the user name is known", m.prompt.Fields)
	}
}

// An old machine stays true after a step: nothing that it holds is changed in place.
func TestStepLeavesTheOldMachine(t *testing.T) {
	m, _ := play(t, newMachine(t0), up(connectTo("auto", gw1, gw2))...)
	before := fmt.Sprintf("%v %v %v", m.peers, m.sas, m.host.Gateways)
	for _, ev := range []event{evPeerDead{}, failed(ike.PeerDeleted), evDisconnect{}, saUp, configured, evTick{}} {
		m.step(t0.Add(time.Hour), ev)
	}
	if after := fmt.Sprintf("%v %v %v", m.peers, m.sas, m.host.Gateways); after != before {
		t.Errorf("the old machine changed from\n%s to\n%s", before, after)
	}
}
