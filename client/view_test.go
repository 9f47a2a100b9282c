package client

import (
	"strings"
	"testing"
	"time"

	"ezvpn/client/status"
	"ezvpn/dpd"
	"ezvpn/ike"
	"ezvpn/ike/isakmp"
	"ezvpn/tunnel"
)

// Whatever a gateway pushes as text is clean when it is shown.
func TestNothingHostileIsShown(t *testing.T) {
	const evil = "x\x1b]0;title\a\u202egnp\r\nnext\x00"
	net := configured.event.(ike.Configured).Net
	net.Banner, net.Version, net.Dropped, net.BackupServers = evil, evil, []string{evil}, []string{evil}
	sec := evIKE{ike.Secured{SA: ike.ISAKMPSA{DPD: true, PeerIdentity: ike.Identity{Kind: isakmp.IDFQDN, Data: evil}}}}
	ask := evIKE{ike.AskXAUTH{Round: 1, Message: evil, Fields: []ike.XAUTHField{{Name: "passcode", Text: evil}}}}
	m, _ := play(t, newMachine(t0), connectTo("manual", gw1), sec, ask)
	n, _ := play(t, m, evAnswer{}, accepted, evIKE{ike.Configured{Net: net}}, saUp, ready{})
	for _, s := range []status.Snapshot{snapshotOf(t0, m, counters{}), snapshotOf(t0, n, counters{})} {
		var texts []string
		texts = append(texts, s.Banner)
		texts = append(texts, s.Warnings...)
		if s.Prompt != nil {
			texts = append(texts, s.Prompt.Message, s.Prompt.Fields[0].Text)
		}
		if s.Network != nil {
			texts = append(texts, s.Network.GatewayVersion)
			texts = append(texts, s.Network.Backup...)
		}
		texts = append(texts, s.ISAKMP.PeerID)
		seen := 0
		for _, x := range texts {
			if strings.ContainsAny(x, "\x1b\a\x00\r\u202e") {
				t.Errorf("%q", x)
			}
			if x != "" {
				seen++
			}
		}
		if seen < 3 {
			t.Errorf("only %d texts are shown: %q", seen, texts)
		}
	}
}

// What a gateway says goes into the timeline without control characters.
func TestTimelineIsClean(t *testing.T) {
	inLab(t, func(l *lab) {
		l.c.s.do(func(now time.Time) { l.c.s.note(now, "xauth", "no\x1b[2J\r\nway") })
		e := l.c.Snapshot().Events
		if len(e) != 1 || e[0].Text != "no[2J way" || e[0].Kind != "xauth" {
			t.Errorf("%q", e)
		}
	})
}

func TestDPDView(t *testing.T) {
	m, _ := play(t, newMachine(t0), up(connectTo("manual", gw1))...)
	d := dpd.New(dpdPolicy(m.profile), 1)
	heard := t0
	for s := 10; s <= 14; s += 2 {
		d.Step(t0.Add(time.Duration(s)*time.Second), dpd.Activity{Heard: heard, Left: t0.Add(time.Second)})
	}
	if v := dpdView(m, counters{heard: heard, watch: d}); v.Misses != 2 || v.Mode != "on-demand" || !v.Heard.Equal(heard) {
		t.Errorf("three probes are out, the last one may still be answered: %+v", v)
	}
	deaf := *m.isakmp
	deaf.DPD = false
	m.isakmp = &deaf
	if v := dpdView(m, counters{}); v.Mode != "unsupported" {
		t.Errorf("a peer that announces no DPD: %+v", v)
	}
}

// Counters of the data path are put to the SA with the same inbound SPI.
func TestIPsecView(t *testing.T) {
	m, _ := play(t, newMachine(t0), up(connectTo("manual", gw1))...)
	s := snapshotOf(t0, m, counters{sas: []tunnel.SAStats{{InSPI: 1, InBytes: 9}, {InSPI: 0x1001, InBytes: 3, OutBytes: 4, InPackets: 1, OutPackets: 2}}})
	if len(s.IPsec) != 1 || s.IPsec[0].InSPI != "0x00001001" || s.IPsec[0].OutSPI != "0x00002001" || s.IPsec[0].InBytes != 3 ||
		s.IPsec[0].OutBytes != 4 || s.IPsec[0].InPackets != 1 || s.IPsec[0].OutPackets != 2 {
		t.Errorf("%+v", s.IPsec)
	}
}

// A diagnosis says what happened in the present round; one of yesterday goes when today has its own.
func TestDiagnosisOfARound(t *testing.T) {
	m, _ := play(t, newMachine(t0), connectTo("auto", gw1, gw2), failed(ike.NoAddress), failed(ike.NoAnswer))
	if m.state != status.Waiting || causeOf(m) != "no-address" {
		t.Fatalf("%s, %s: a gateway that answered tells more", m.state, causeOf(m))
	}
	m, _ = play(t, m, time.Minute)
	if causeOf(m) != "no-address" {
		t.Errorf("%q: it stays until there is another", causeOf(m))
	}
	m, _ = play(t, m, failed(ike.NoAnswer))
	if causeOf(m) != "no-answer" {
		t.Errorf("%q after a round of silence", causeOf(m))
	}
}

// The offer that worked is made first again after the tunnel broke.
func TestOfferIsRemembered(t *testing.T) {
	events := up(connectTo("auto", gw1))
	events = append([]event{events[0], failed(ike.ProposalRefused)}, events[1:]...)
	m, did := play(t, newMachine(t0), append(events, failed(ike.PeerDeleted))...)
	if last := did[len(did)-1]; last != "dial "+gw1+":500 offer 1 initial false" {
		t.Errorf("%s, state %s", last, m.state)
	}
}
