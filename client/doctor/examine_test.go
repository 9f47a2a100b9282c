package doctor

import (
	"fmt"
	"net/netip"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"ezvpn/client/status"
)

var at = time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)

func addr(s string) netip.Addr { return netip.MustParseAddr(s) }

// healthy are the facts of a machine on which nothing is wrong.
func healthy() Facts {
	return Facts{Release: "v1", Built: at.Add(-time.Hour), Now: at, Clock: Synced, Service: Service{Release: "v1"},
		Profile: Profile{Name: "office"}, Session: &status.Snapshot{State: status.ConnectRequired},
		Links: []Link{{Name: "eth0", MTU: 1500, Networks: []netip.Prefix{netip.MustParsePrefix("192.168.1.7/24")}}},
		Peers: []Peer{{Host: "vpn.example.com", Address: addr("198.51.100.1"), Link: "eth0", Source: addr("192.168.1.7"),
			Ports: []Port{{Number: 500, Sent: 1, Reply: Answered, What: "it takes up the exchange"}, {Number: 4500, Sent: 1, Reply: Answered, What: "it says NO-PROPOSAL-CHOSEN"}}}},
		Left: Left{Looked: true, Alive: true}}
}

func second(p Peer) Peer {
	p.Host, p.Address = "backup.example.com", addr("198.51.100.2")
	return p
}

func silent(f *Facts) {
	f.Peers[0].Ports = []Port{{Number: 500, Sent: 2, Reply: Silent}, {Number: 4500, Sent: 2, Reply: Silent}}
}

// TestExamine: one change of a healthy machine, and what is said of it.
func TestExamine(t *testing.T) {
	for _, c := range []struct {
		change func(*Facts)
		id     string
		level  Level
		says   string // part of sentence, evidence or next
	}{
		{func(f *Facts) {}, "service", OK, "release v1"},
		{func(f *Facts) {}, "session", Note, "ezvpn up"},
		{func(f *Facts) {}, "clock", OK, "kept by a time service"},
		{func(f *Facts) {}, "reach", OK, "vpn.example.com (198.51.100.1) answers"},
		{func(f *Facts) {}, "nat", OK, "UDP 4500, which it needs, is open"},
		{func(f *Facts) {}, "mtu", OK, "1500"},
		{func(f *Facts) {}, "vpn", OK, "no other VPN"},
		{func(f *Facts) { f.Service = Service{} }, "service", Fault, "service install"},
		{func(f *Facts) { f.Service = Service{Installed: true} }, "service", Fault, "service start"},
		{func(f *Facts) { f.Service = Service{Installed: true, Problem: "exit status 1"} }, "service", Fault, "exit status 1"},
		{func(f *Facts) { f.Service = Service{Release: "v2"} }, "service", Warning, "release v2, this command of v1"},
		{func(f *Facts) { f.Service = Service{Code: versionMismatch, Why: "too old"} }, "service", Fault, "too old"},
		{func(f *Facts) { f.Service = Service{Release: "v1", Code: notAllowed, Next: "join the group ezvpn"} }, "service", Fault, "join the group"},
		{func(f *Facts) { f.Session.State = status.Active }, "session", OK, "is up"},
		{func(f *Facts) { f.Session.Warnings = []string{"the state cannot be written"} }, "session", Warning, "cannot be written"},
		{func(f *Facts) {
			f.Session.State, f.Session.Diagnosis = status.Blocked, &status.Diagnosis{Sentence: "the password was refused"}
		}, "session", Fault, "the password was refused"},
		{func(f *Facts) {
			f.Session.State, f.Session.Diagnosis = status.Waiting, &status.Diagnosis{Sentence: "nobody answers"}
		}, "session", Warning, "nobody answers"},
		{func(f *Facts) { f.TUN = "no such file" }, "device", Fault, "no such file"},
		{func(f *Facts) { f.Profile = Profile{} }, "profile", Fault, "profile new"},
		{func(f *Facts) { f.Profile = Profile{Choice: []string{"a", "b"}} }, "profile", Note, "--profile a"},
		{func(f *Facts) { f.Profile = Profile{Why: "permission denied"} }, "profile", Unknown, "permission denied"},
		{func(f *Facts) { f.Profile.Errors, f.Peers = []string{"office.toml:3: no"}, nil }, "profile", Fault, "office.toml:3"},
		{func(f *Facts) { f.Profile.Errors = []string{"office.toml:3: no"} }, "profile", Warning, "an older version is in use"},
		{func(f *Facts) { f.Now = at.AddDate(-5, 0, 0) }, "clock", Warning, "before this program was written"},
		{func(f *Facts) { f.Now = at.AddDate(30, 0, 0) }, "clock", Warning, "many years after"},
		{func(f *Facts) { f.Clock = Unsynced }, "clock", Note, "nothing keeps the clock right"},
		{func(f *Facts) { f.Peers[0] = Peer{Host: "vpn.example.com", Lookup: "no such host", Unknown: true} }, "dns", Fault, "does not exist"},
		{func(f *Facts) { f.Peers[0] = Peer{Host: "vpn.example.com", Lookup: "i/o timeout"} }, "dns", Fault, "no name server answers"},
		{func(f *Facts) { f.Peers[0].Took = 3 * time.Second }, "dns", Warning, "took 3s"},
		{func(f *Facts) {
			f.Peers = append(f.Peers, Peer{Host: "old.example.com", Lookup: "no such host", Unknown: true})
		}, "dns", Warning, "old.example.com does not exist"}, // the other one is there
		{func(f *Facts) { f.Peers[0].Literal, f.Peers[0].Host = true, "198.51.100.1" }, "dns", OK, "no name server is needed"},
		{func(f *Facts) { f.Peers[0].NoWay, f.Peers[0].Ports = "no route", nil }, "network", Fault, "no route"},
		{func(f *Facts) { f.Peers[0].Link = "wg0" }, "vpn", Warning, "WireGuard"},
		{func(f *Facts) {
			f.Links = append(f.Links, Link{Name: "tailscale0", Networks: []netip.Prefix{netip.MustParsePrefix("100.70.0.1/32")}})
		}, "vpn", Note, "Tailscale"},
		{func(f *Facts) { f.Links = append(f.Links, Link{Name: "utun3"}) }, "vpn", OK, "no other VPN"}, // macOS has some, without an address
		{func(f *Facts) { f.Links = append(f.Links, Link{Name: "ezvpn0"}) }, "vpn", OK, "no other VPN"},
		{func(f *Facts) {
			f.Session.Network = &status.Network{Interface: "ezvpn0", Include: []netip.Prefix{netip.MustParsePrefix("192.168.0.0/16")}}
		}, "vpn", Warning, "192.168.1.0/24 is on eth0"},
		{func(f *Facts) {
			f.Session.Network = &status.Network{Interface: "ezvpn0", Include: []netip.Prefix{everything}}
		}, "vpn", OK, "no other VPN"},
		{silent, "reach", Warning, "ezvpn up"},
		{func(f *Facts) { silent(f); f.Session.Diagnosis = &status.Diagnosis{Cause: "no-answer"} }, "reach", Fault, "try another network"},
		{func(f *Facts) {
			f.Peers = append(f.Peers, second(f.Peers[0]))
			silent(f)
			f.Session.Diagnosis = &status.Diagnosis{Cause: "no-answer"}
		}, "reach", Warning, "try another network"},
		{func(f *Facts) { f.Peers[0].Ports[1].Reply = Silent }, "reach", Warning, "not on 4500"},
		{func(f *Facts) { f.Peers[0].Ports[1].Reply = Silent; f.Profile.ForceNATT = true }, "reach", Fault, "to which the tunnel moves"},
		{func(f *Facts) { f.Peers[0].Ports[0].Reply = Silent }, "reach", Warning, `"vpn.example.com:4500"`},
		{func(f *Facts) { f.Peers[0].Ports[0].Reply, f.Peers[0].Ports[1].Reply = Refused, Refused }, "reach", Fault, "nobody listens for IKE"},
		{func(f *Facts) { f.Peers[0].Up, f.Peers[0].Ports = true, nil }, "reach", OK, "the tunnel stands"},
		{func(f *Facts) { silent(f); f.Peers[0].Web = &Web{} }, "portal", OK, "no web server"},
		{func(f *Facts) { silent(f); f.Peers[0].Web = &Web{Status: 302, Location: "login.hotel.example"} }, "portal", Warning, "login.hotel.example"},
		{func(f *Facts) { silent(f); f.Peers[0].Web = &Web{Status: 301, Location: "vpn.example.com"} }, "portal", OK, "301"},
		{func(f *Facts) { silent(f); f.Peers[0].Web = &Web{Status: 511} }, "portal", Fault, "wants a login"},
		{func(f *Facts) { f.Peers[0].Ports[1].Reply = Silent }, "nat", Note, "let UDP 4500 out"},
		{func(f *Facts) { f.Session.ISAKMP = &status.ISAKMPSA{NAT: "none", Remote: "198.51.100.1:500"} }, "nat", OK, "no NAT"},
		{func(f *Facts) { f.Session.ISAKMP = &status.ISAKMPSA{NAT: "both"} }, "nat", OK, "passes on UDP 4500"},
		{func(f *Facts) { f.Links[0].MTU = 1492 }, "mtu", OK, "1492"},
		{func(f *Facts) { f.Links[0].MTU = 1400 }, "mtu", Note, "1400"},
		{func(f *Facts) { f.Links[0].MTU = 1300 }, "mtu", Warning, "1300"},
		{func(f *Facts) { f.Held, f.Profile.LocalPort = "another program has it", 500 }, "port", Fault, "UDP port 500"},
		{func(f *Facts) { f.Left = Left{Why: "only root may"} }, "leftovers", Unknown, "only root may"},
		{func(f *Facts) { f.Left = Left{Looked: true} }, "leftovers", OK, "nothing"},
		{func(f *Facts) { f.Left = Left{Looked: true, Changes: []string{"delete route 10.0.0.0/8"}} }, "leftovers", Fault, "delete route"},
	} {
		f := healthy()
		c.change(&f)
		found := Examine(f)
		i := slices.IndexFunc(found, func(x Finding) bool {
			return x.ID == c.id && x.Level == c.level && strings.Contains(fmt.Sprint(x.Sentence, x.Evidence, x.Next), c.says)
		})
		if i < 0 {
			t.Errorf("%s should be %s and say %q: %+v", c.id, c.level, c.says, found)
		}
		for _, x := range found {
			if (x.Level == Fault || x.Level == Warning) && x.Next == "" {
				t.Errorf("nothing to do about: %s", x.Sentence)
			}
		}
		if n := i; c.level == Fault && n >= 0 && Worst(found) != Fault {
			t.Errorf("the worst of %+v is %s", found, Worst(found))
		}
	}
}

// TestNothingKnown: what nobody looked at is not called good, but what the missing of which is a fault.
func TestNothingKnown(t *testing.T) {
	for _, f := range Examine(Facts{}) {
		if f.Level == OK {
			t.Errorf("said without a look: %+v", f)
		}
	}
}

// TestDocumented: docs/doctor.md has a row for every check, and none for others.
func TestDocumented(t *testing.T) {
	b, err := os.ReadFile("../../docs/doctor.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range Checks() {
		if row := "| `" + c[0] + "` | " + c[1] + " |"; !strings.Contains(string(b), row) {
			t.Errorf("docs/doctor.md has no row %s", row)
		}
	}
	if n := strings.Count(string(b), "\n| `"); n != len(Checks()) {
		t.Errorf("%d rows for %d checks", n, len(Checks()))
	}
	for _, l := range []Level{OK, Unknown, Note, Warning, Fault} {
		if !strings.Contains(string(b), "`"+string(l)+"`") {
			t.Errorf("the level %s is not documented", l)
		}
	}
}
