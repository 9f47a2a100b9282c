package client

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"ezvpn/client/gateway"
	"ezvpn/client/profile"
	"ezvpn/client/status"
)

const gw3, gw4 = "198.51.100.103", "198.51.100.104"

// names lists peers with their origins, the one in use in brackets.
func (l peerList) names() string {
	var out []string
	for i, p := range l.list {
		s := p.Host + " " + p.origin
		if i == l.at {
			s = "[" + s + "]"
		}
		out = append(out, s)
	}
	return strings.Join(out, ", ")
}

func listOf(hosts ...string) peerList { return newPeerList(testProfile("auto", hosts...).Peers, t0) }

// at puts the cursor at a peer.
func (l peerList) atPeer(i int) peerList { l.at = i; return l }

func TestPushedList(t *testing.T) {
	two := netip.MustParseAddr(gw2)
	tests := []struct {
		name   string
		list   peerList
		pushed []string
		want   string
	}{
		{"in the place of the others, in order", listOf("a.example.com", "b.example.com"), []string{gw4, "c.example.com", gw3},
			"[a.example.com profile], 198.51.100.104 pushed, c.example.com pushed, 198.51.100.103 pushed"},
		{"empty: no others", listOf(gw1, gw2, gw3), nil, "[198.51.100.101 profile]"},
		{"one of the profile stays one", listOf(gw1, gw2, gw3), []string{gw3}, "[198.51.100.101 profile], 198.51.100.103 profile"},
		{"the first one again", listOf(gw1), []string{gw1, gw2, gw2, " " + gw2}, "[198.51.100.101 profile], 198.51.100.102 pushed"},
		{"by another than the first", listOf(gw1, gw2, gw3).atPeer(1), []string{gw4}, "198.51.100.101 profile, 198.51.100.104 pushed, [198.51.100.102 profile]"},
		{"by one that lists itself", listOf(gw1, gw2).atPeer(1), []string{gw4, gw2, gw3},
			"198.51.100.101 profile, 198.51.100.104 pushed, [198.51.100.102 profile], 198.51.100.103 pushed"},
		{"empty, by another than the first", listOf(gw1, gw2, gw3).atPeer(2), nil, "198.51.100.101 profile, [198.51.100.103 profile]"},
		{"after a redirect", listOf(gw1, gw3).redirected(two, t0), []string{gw4}, "198.51.100.101 profile, [198.51.100.102 redirect], 198.51.100.104 pushed"},
		{"after a redirect, with itself in it", listOf(gw1, gw3).redirected(two, t0), []string{gw4, gw2},
			"198.51.100.101 profile, [198.51.100.102 redirect], 198.51.100.104 pushed, 198.51.100.102 pushed"},
		{"after a redirect by another than the first", listOf(gw1, gw3).atPeer(1).redirected(two, t0), []string{gw4, gw3},
			"198.51.100.101 profile, 198.51.100.104 pushed, 198.51.100.103 profile, [198.51.100.102 redirect]"},
		{"after two redirects", listOf(gw1).redirected(netip.MustParseAddr(gw3), t0).redirected(two, t0), []string{gw4},
			"198.51.100.101 profile, 198.51.100.103 redirect, [198.51.100.102 redirect], 198.51.100.104 pushed"},
		{"junk", listOf(gw1), []string{"0.0.0.0", "127.0.0.1", "224.0.0.1", "255.255.255.255", "2001:db8::1", "::ffff:10.0.0.1", "a b", "a\x00.example.com",
			"a\x1b[31m.example.com", "", " ", "localhost", "co.uk", "-a.example.com", "10.1.1", "999.1.1.1", "fe80::1%eth0", strings.Repeat("a.", 200) + "com",
			"a.example.com/../b", gw2}, "[198.51.100.101 profile], 198.51.100.102 pushed"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			before := tt.list.names()
			if got := tt.list.pushed(tt.pushed, t0).names(); got != tt.want {
				t.Errorf("%s\nwant %s", got, tt.want)
			}
			if tt.list.names() != before {
				t.Error("the list before was changed")
			}
		})
	}
}

// A gateway that names fifty gets ten of them tried, and the same list again changes nothing.
func TestPushedListIsBounded(t *testing.T) {
	var many []string
	for i := range 50 {
		many = append(many, "no name", fmt.Sprintf("gw%d.example.com", i))
	}
	l := listOf(gw1, gw2).pushed(many, t0)
	if len(l.list) != 1+maxBackup || l.list[1].Host != "gw0.example.com" || l.list[10].Host != "gw9.example.com" {
		t.Errorf("%s", l.names())
	}
	for i := range 100 {
		if l = l.pushed(many, t0); len(l.list) != 1+maxBackup {
			t.Fatalf("after %d more: %s", i+1, l.names())
		}
		for j := range many {
			many[j] = fmt.Sprintf("gw%d-%d.example.com", i, j)
		}
	}
}

// What is known of a peer is not forgotten when a gateway names it.
func TestPushedKeepsHealth(t *testing.T) {
	l := listOf(gw1, gw2).mark(t0, "down", "no-answer").atPeer(1).mark(t0, "active", "")
	l = l.pushed([]string{gw3, gw2}, t0.Add(time.Hour))
	if p := l.current(); p.Host != gw2 || p.health != "active" || !p.since.Equal(t0) || l.list[0].reason != "no-answer" {
		t.Errorf("%+v", l.list)
	}
}

// After a round in vain the peers of the profile count again, in their order, before the pushed ones, and the next round
// begins with one that was left out.
func TestPushedInVain(t *testing.T) {
	p := testProfile("auto", gw1, gw2, gw3).Peers
	l := newPeerList(p, t0).pushed([]string{gw4, gw3}, t0).atPeer(1)
	l.round = 1
	if got := l.inVain(p, t0).names(); got != l.names() {
		t.Errorf("after the round in which the tunnel broke: %s", got)
	}
	l.round = 2
	if got, want := l.inVain(p, t0).names(), "198.51.100.101 profile, [198.51.100.102 profile], 198.51.100.103 profile, 198.51.100.104 pushed"; got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
	if got := l.inVain(p, t0).inVain(p, t0).names(); got != l.inVain(p, t0).names() {
		t.Errorf("a second time: %s", got)
	}
	l = newPeerList(p, t0).atPeer(2) // nothing was pushed
	if got := l.inVain(p, t0).names(); got != l.names() {
		t.Errorf("without a pushed list: %s", got)
	}
}

// accepting is a profile that takes backup servers, and asks every ten seconds.
func accepting(peers ...string) *profile.Profile {
	p := stored("auto", peers...)
	p.DPD.Mode, p.AcceptBackupServers = "periodic", true
	return p
}

func pushes(servers ...string) func(*gateway.Policy) {
	return func(p *gateway.Policy) { p.Net.BackupServers, p.Net.BackupSaid = servers, true }
}

func origins(s status.Snapshot) (out []string) {
	for _, p := range s.Peers {
		out = append(out, p.Name+" "+p.Origin)
	}
	return out
}

// The pushed list takes the place of the profile's backups: failover goes to the one that the gateway named. A new
// connect begins with the list of the profile.
func TestFailoverToPushed(t *testing.T) {
	inLab(t, func(l *lab) {
		g := l.serve(gw1, pushes(gw3))
		second := l.serve(gw2, nil)
		l.serve(gw3, nil)
		s := l.up(accepting(gw1, gw2))
		if want := []string{gw1 + " profile", gw3 + " pushed"}; !slices.Equal(origins(s), want) || !slices.Equal(s.Network.Backup, []string{gw3}) {
			t.Errorf("%v, want %v", origins(s), want)
		}
		g.Break(gateway.Silent, true)
		began := time.Now()
		l.until(time.Minute, "with the pushed one", func(s status.Snapshot) bool {
			return s.State == status.Active && strings.HasPrefix(s.ISAKMP.Remote, gw3+":")
		})
		if took := time.Since(began); took > 22*time.Second || second.Attempts() != 0 || l.pings(3, time.Millisecond) != 3 {
			t.Errorf("after %v; %d logins at the profile's backup", took, second.Attempts())
		}
		if c, _ := l.host.Current(); !slices.Contains(c.Gateways, netip.MustParseAddr(gw3)) {
			t.Errorf("the pushed one has no route outside: %v", c.Gateways)
		}
		if err := l.c.Disconnect(context.Background()); err != nil {
			t.Fatal(err)
		}
		l.connect(accepting(gw1, gw2))
		if s := l.c.Snapshot(); !slices.Equal(origins(s), []string{gw1 + " profile", gw2 + " profile"}) {
			t.Errorf("a new connect begins with %v", origins(s))
		}
		l.until(time.Minute, "with the backup of the profile", func(s status.Snapshot) bool {
			return s.State == status.Active && s.Peers[1].Health == "active"
		})
	})
}

// With accept_backup_servers = false nobody but the profile says where the tunnel may go.
func TestPushedIsIgnored(t *testing.T) {
	inLab(t, func(l *lab) {
		g := l.serve(gw1, pushes(gw3))
		l.serve(gw2, nil)
		third := l.serve(gw3, nil)
		p := accepting(gw1, gw2)
		p.AcceptBackupServers = false
		if s := l.up(p); !slices.Equal(origins(s), []string{gw1 + " profile", gw2 + " profile"}) {
			t.Errorf("%v", origins(s))
		}
		g.Break(gateway.Silent, true)
		l.until(time.Minute, "with the backup of the profile", func(s status.Snapshot) bool {
			return s.State == status.Active && s.Peers[1].Health == "active"
		})
		if third.Attempts() != 0 {
			t.Error("the pushed one was tried")
		}
	})
}

// An empty pushed list means that there are no backups: the same gateway is tried again first.
func TestPushedNone(t *testing.T) {
	inLab(t, func(l *lab) {
		g := l.serve(gw1, pushes())
		second := l.serve(gw2, nil)
		if s := l.up(accepting(gw1, gw2)); !slices.Equal(origins(s), []string{gw1 + " profile"}) {
			t.Errorf("%v", origins(s))
		}
		g.Break(gateway.ForgetSAs, true)
		l.state(time.Minute, status.FailingOver)
		l.state(time.Minute, status.Active)
		if second.Attempts() != 0 || g.Attempts() != 2 {
			t.Errorf("%d logins at the first, %d at the second", g.Attempts(), second.Attempts())
		}
	})
}

// A pushed list that leads nowhere does not end the search: the backups of the profile are next.
func TestPushedLeadsNowhere(t *testing.T) {
	for _, pushed := range [][]string{{gw3, gw4}, nil} {
		inLab(t, func(l *lab) {
			g := l.serve(gw1, pushes(pushed...))
			l.serve(gw2, nil)
			l.up(accepting(gw1, gw2))
			g.Break(gateway.Silent, true)
			s := l.until(10*time.Minute, "with the backup of the profile", func(s status.Snapshot) bool {
				return s.State == status.Active && strings.HasPrefix(s.ISAKMP.Remote, gw2+":")
			})
			if s.Peers[1].Name != gw2 || len(s.Peers) != 2+len(pushed) {
				t.Errorf("%v", origins(s))
			}
		})
	}
}
