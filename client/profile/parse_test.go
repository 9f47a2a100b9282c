package profile

import (
	"errors"
	"fmt"
	"net/netip"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

const least = "peers = [\"10.10.10.10\"]\n[group]\nname = \"unity\"\nkey = \"preshared\"\n"

func mustParse(t *testing.T, text string) *Profile {
	t.Helper()
	p, err := Parse("office.toml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func errorsOf(t *testing.T, text string) Errors {
	t.Helper()
	_, err := Parse("office.toml", []byte(text))
	var all Errors
	if !errors.As(err, &all) {
		t.Fatalf("want Errors, got %T %v", err, err)
	}
	return all
}

func TestProfileBesideTheIOSBlock(t *testing.T) {
	p := mustParse(t, `name    = "office"
connect = "auto"
mode    = "client"
peers   = ["10.10.10.10", "vpn2.example.com", "10.3.3.3:4500"]
preset  = "cisco"
[group]
name = "unity"
key  = "preshared"
[dpd]
interval = 30
retry    = 20
mode     = "periodic"
`)
	want := []Peer{{"10.10.10.10", 500}, {"vpn2.example.com", 500}, {"10.3.3.3", 4500}}
	if p.Name != "office" || p.Connect != "auto" || p.Mode != "client" || !slices.Equal(p.Peers, want) {
		t.Errorf("got %q %q %q %v", p.Name, p.Connect, p.Mode, p.Peers)
	}
	if p.Group.Name != "unity" || p.Group.Key != "preshared" || p.Group.IDType != "key-id" {
		t.Error("group is wrong")
	}
	// crypto isakmp keepalive 30 20 periodic
	if p.DPD != (DPD{30 * time.Second, 20 * time.Second, "periodic"}) {
		t.Errorf("dpd: %+v", p.DPD)
	}
	if slices.ContainsFunc(p.ESP.Proposals, func(x Phase2) bool { return x.Cipher == 20 }) {
		t.Error("the Cisco preset offers AES-GCM, which IOS has only in IKEv2")
	}
}

func TestDefaults(t *testing.T) {
	p := mustParse(t, least)
	if p.Name != "office" || p.Connect != "manual" || p.Mode != "client" {
		t.Errorf("got %q %q %q", p.Name, p.Connect, p.Mode)
	}
	if p.DPD != (DPD{10 * time.Second, 2 * time.Second, "on-demand"}) {
		t.Errorf("without a table DPD is on demand, 10 s, retry 2; got %+v", p.DPD)
	}
	if p.NAT != (NAT{"force", 20 * time.Second}) || p.DNS.Mode != "" || p.IKE.LocalPort != 0 || !p.IKE.Fragmentation {
		t.Errorf("got %+v %+v %+v", p.NAT, p.DNS, p.IKE)
	}
	if p.IKE.Proposals[0] != (Phase1{7, 256, 4, 14}) || p.ESP.Proposals[0] != (Phase2{12, 256, 5}) {
		t.Errorf("first proposals: %v, %v", p.IKE.Proposals[0], p.ESP.Proposals[0])
	}
	if !p.AcceptBackupServers || p.Primary != (Primary{false, time.Minute}) || p.IdleTimeout != 0 {
		t.Errorf("got %v %+v %v", p.AcceptBackupServers, p.Primary, p.IdleTimeout)
	}
	if p := mustParse(t, "connect = \"traffic\"\n"+least); p.IdleTimeout != 30*time.Minute {
		t.Errorf("idle timeout %v", p.IdleTimeout)
	}
	if w := p.Weak(); w != nil {
		t.Errorf("weak algorithms that nobody allowed: %v", w)
	}
}

func TestEveryKey(t *testing.T) {
	p := mustParse(t, `name = "full.1"
connect = "traffic"
idle_timeout = 86400
mode = "network-extension-plus"
peers = ["VPN.example.com:1500", "192.0.2.1"]
accept_backup_servers = false
[group]
name = "192.0.2.7"
id_type = "address"
key_file = "office.key"
[xauth]
username = "alice"
password = "pass word"
save = true
domain = "corp"
[dpd]
interval = 3600
retry = 60
[ike]
proposals = ["3des-md5-modp1024", "aes192-sha512-ecp521"]
exchange = "aggressive"
lifetime = 300
fragmentation = false
local_port = 500
app_version = "Cisco Systems VPN Client"
peer_id = "gw@example.com"
[esp]
proposals = ["aes128gcm16", "aes192-sha384", "3des-md5"]
pfs = "curve25519"
lifetime = 86400
per_network = true
[inside]
networks = ["10.1.0.0/16", "10.2.0.1"]
[nat]
mode = "drafts"
keepalive = 5
[routes]
local_lan = true
exclude = ["192.168.0.0/16"]
metric = 7
[dns]
mode = "full"
[primary]
return = true
hold = 10
[security]
allow = ["3des", "md5", "modp1024"]
`)
	want := &Profile{
		Name: "full.1", Connect: "traffic", Mode: "network-extension-plus", Peers: []Peer{{"vpn.example.com", 1500}, {"192.0.2.1", 500}},
		IdleTimeout: 24 * time.Hour, Primary: Primary{true, 10 * time.Second},
		Group: Group{Name: "192.0.2.7", IDType: "address", KeyFile: "office.key"},
		XAUTH: XAUTH{Username: "alice", Password: "pass word", Save: true, Domain: "corp"},
		DPD:   DPD{time.Hour, time.Minute, "on-demand"},
		IKE: IKE{Proposals: []Phase1{{5, 0, 1, 2}, {7, 192, 6, 21}}, Exchange: "aggressive", Lifetime: 5 * time.Minute,
			LocalPort: 500, AppVersion: "Cisco Systems VPN Client", PeerID: "gw@example.com"},
		ESP:    ESP{Proposals: []Phase2{{20, 128, 0}, {12, 192, 6}, {3, 0, 1}}, PFS: 31, Lifetime: 24 * time.Hour, PerNetwork: true},
		Inside: Inside{Networks: []netip.Prefix{netip.MustParsePrefix("10.1.0.0/16"), netip.MustParsePrefix("10.2.0.1/32")}},
		NAT:    NAT{"drafts", 5 * time.Second},
		Routes: Routes{LocalLAN: true, Exclude: []netip.Prefix{netip.MustParsePrefix("192.168.0.0/16")}, Metric: 7},
		DNS:    DNS{"full"}, Security: Security{Allow: []string{"3des", "md5", "modp1024"}},
	}
	if !reflect.DeepEqual(p, want) {
		t.Errorf("got  %#v\nwant %#v", p, want)
	}
	if got := p.Weak(); !slices.Equal(got, []string{"3des", "md5", "modp1024"}) {
		t.Errorf("weak: %v", got)
	}
}

// One wrong file a line: what is put behind the least profile, the key and line of the error, and words in it.
func TestErrors(t *testing.T) {
	for _, c := range []struct {
		text, key string
		line      int
		words     string
	}{
		{"[dpd]\n", "dpd.interval", 5, "a [dpd] table needs an interval"},
		{"[dpd]\nretry = 5\n", "dpd.interval", 5, "10 to 3600 seconds"},
		{"dpd = {retry = 5}", "group.dpd", 5, "no such table"},
		{"[dpd]\ninterval = 9\n", "dpd.interval", 6, "9 is out of range; allowed: 10 to 3600 seconds"},
		{"[dpd]\ninterval = 3601\n", "dpd.interval", 6, "out of range"},
		{"[dpd]\ninterval = \"30\"\n", "dpd.interval", 6, "this is a text; it must be a whole number"},
		{"[dpd]\ninterval = 30.5\n", "dpd.interval", 6, "a number with a fraction"},
		{"[dpd]\ninterval = 30\nretry = 1\n", "dpd.retry", 7, "2 to 60"},
		{"[dpd]\ninterval = 30\nretry = 61\n", "dpd.retry", 7, "2 to 60"},
		{"[dpd]\ninterval = 30\nmode = \"always\"\n", "dpd.mode", 7, `"always" is not known; allowed: "on-demand", "periodic"`},
		{"[dpd]\nintervall = 30\n", "dpd.intervall", 6, "did you mean interval under [dpd]?"},
		{"[nat]\ninterval = 30\n", "nat.interval", 6, "did you mean interval under [dpd]?"},
		{"[dpdd]\ninterval = 30\n", "dpdd", 5, "there is no such table"},
		{"[proxy]\nlisten = \"127.0.0.1:1080\"\n", "proxy", 5, "there is no such table"},
		{"[security]\nallow = [\"des\"]\n", "security.allow", 6, `"3des", "md5", "modp1024"`},
		{"[security]\nkill_switch = true\n", "security.kill_switch", 6, "not available in this version"},
		{"[primary]\nreturn = 1\n", "primary.return", 6, "must be true or false"},
		{"[primary]\nhold = 9\n", "primary.hold", 6, "10 to 86400 seconds"},
		{"[inside]\ninterfaces = [\"eth0\"]\n", "inside.interfaces", 6, "not available in this version"},
		{"[inside]\nnetworks = [\"10.0.0.0/8\"]\n", "inside.networks", 6, "only the network-extension modes"},
		{"[ike]\nexchange = \"main\"\n", "ike.exchange", 6, "not available in this version"},
		{"[ike]\nproposals = [\"aes256-sha256\"]\n", "ike.proposals", 6, "is not cipher-hash-group"},
		{"[ike]\nproposals = [\"des-sha1-modp2048\"]\n", "ike.proposals", 6, `"des" is not a known cipher (aes128`},
		{"[ike]\nproposals = [\"aes128-sha1-modp768\"]\n", "ike.proposals", 6, "not a known Diffie-Hellman group"},
		{"[ike]\nproposals = [\"aes128-sha1-modp1024\"]\n", "ike.proposals", 6, `allow = ["modp1024"] under [security]`},
		{"[ike]\nproposals = [\"3des-md5-modp2048\"]\n", "ike.proposals", 6, `allow = ["3des", "md5"]`},
		{"[ike]\nproposals = []\n", "ike.proposals", 6, "the list is empty"},
		{"[ike]\nproposals = [1]\n", "ike.proposals", 6, "must be a text in quotes"},
		{"[ike]\nproposals = \"aes128-sha1-modp2048\"\n", "ike.proposals", 6, "must be a list"},
		{"[ike]\nlifetime = 299\n", "ike.lifetime", 6, "300 to 604800"},
		{"[ike]\nlocal_port = 53\n", "ike.local_port", 6, "53 belongs to another service"},
		{"[ike]\nlocal_port = 65536\n", "ike.local_port", 6, "out of range"},
		{"[ike]\npeer_id = \"a b\"\n", "ike.peer_id", 6, "is not an identity"},
		{"[esp]\nproposals = [\"null-sha1\"]\n", "esp.proposals", 6, `"null" is not a known cipher`},
		{"[esp]\nproposals = [\"aes128\"]\n", "esp.proposals", 6, "integrity"},
		{"[esp]\nproposals = [\"3des-sha1\"]\n", "esp.proposals", 6, `allow = ["3des"]`},
		{"[esp]\npfs = \"modp1024\"\n", "esp.pfs", 6, `allow = ["modp1024"]`},
		{"[esp]\nlifetime = 59\n", "esp.lifetime", 6, "60 to 86400"},
		{"[routes]\nexclude = [\"0.0.0.0/0\"]\n", "routes.exclude", 6, "is everything"},
		{"[routes]\nexclude = [\"10.0.0.1/8\"]\n", "routes.exclude", 6, `the network is "10.0.0.0/8"`},
		{"[dns]\nmode = \"all\"\n", "dns.mode", 6, `"split", "full", "off"`},
		{"[nat]\nmode = \"cisco-udp\"\n", "nat.mode", 6, "is not known"},
		{"id_type = \"address\"\n", "group.name", 3, "an IPv4 address"},
		{"key_file = \"/etc/ezvpn/key\"\n", "group.key_file", 5, "one of key and key_file"},
		{"[peer]\n", "peer", 5, "there is no such table"},
		{"peers = 5\n", "group.peers", 5, "did you mean peers, before the first table?"},
		{"group.name = 5\n", "group.group.name", 5, "no such key"},
		{"[connect]\n", "connect", 5, "there is no such table"},
	} {
		all := errorsOf(t, least+c.text)
		e := all[0]
		if e.File != "office.toml" || e.Key != c.key || e.Line != c.line || !strings.Contains(e.Error(), c.words) {
			t.Errorf("%q:\n got %v\nwant line %d, %s: … %s", c.text, all, c.line, c.key, c.words)
		}
		if len(all) != 1 {
			t.Errorf("%q: more than one error: %v", c.text, all)
		}
	}
}

func TestTopErrors(t *testing.T) {
	group := "\n[group]\nname = \"unity\"\nkey = \"preshared\"\n"
	for _, c := range []struct{ text, words string }{
		{"", "peers: missing: a profile needs at least one gateway"},
		{"peers = []", "peers: the list is empty"},
		{`peers = ["10.10.10"]`, `"10.10.10" is neither a host name nor an IPv4 address`},
		{`peers = ["a b"]`, "neither a host name"},
		{`peers = ["2001:db8::1"]`, "IPv6"},
		{`peers = ["0.0.0.0"]`, "not the address of one host"},
		{`peers = ["a.example:0"]`, "a port that is not 1 to 65535"},
		{`peers = ["a.example:99999"]`, "a port that is not 1 to 65535"},
		{`peers = ["a.example", "A.example:500"]`, "is there twice"},
		{"peers = [" + strings.Repeat(`"a.example",`, 17) + "]", "17 entries are more than 16"},
		{"peers = [\"a.example\"]\nconnect = \"always\"", `"always" is not known; allowed: "manual", "auto", "traffic"`},
		{"peers = [\"a.example\"]\nidle_timeout = 600", `only connect = "traffic" has an idle timeout`},
		{"peers = [\"a.example\"]\nconnect = \"traffic\"\nidle_timeout = 59", "60 to 86400 seconds"},
		{"peers = [\"a.example\"]\nmode = \"network-extension-plus\"", "inside.networks: mode network-extension-plus needs"},
		{"peers = [\"a.example\"]\nmode = \"network-extension\"", "inside.networks: mode network-extension needs"},
		{"peers = [\"a.example\"]\nname = \"../x\"", "is not a profile name"},
		{"peers = [\"a.example\"]\npreset = \"huawei\"", `allowed: "cisco", "fritzbox"`},
		{"peers = [\"a.example\"]\naccept_backup_servers = \"no\"", "must be true or false"},
		{"peer = [\"a.example\"]", "did you mean peers, before the first table?"},
		{"peers = [\"a.example\"]\ndpd = 5", "this is a table; write [dpd]"},
		{"peers = [\"a.example\"]\ndpd = {}", "a [dpd] table needs an interval"},
	} {
		if all := errorsOf(t, c.text+group); len(all) != 1 || !strings.Contains(all.Error(), c.words) {
			t.Errorf("%q:\n got %v\nwant one with %q", c.text, all, c.words)
		}
	}
}

func TestAllErrorsAtOnceInOrder(t *testing.T) {
	all := errorsOf(t, "connect = \"never\"\ncolour = 3\n[group]\nid_type = 7\n[dpd]\nretry = 99\n")
	var got []string
	for _, e := range all {
		got = append(got, fmt.Sprintf("%d %s", e.Line, e.Key))
	}
	want := []string{"1 connect", "2 colour", "3 group.name", "3 group.key", "4 group.id_type", "5 dpd.interval", "6 dpd.retry", "0 peers"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q\nwant %q", got, want)
	}
}

func TestWeakByAllowanceOnly(t *testing.T) {
	p := mustParse(t, least+"[security]\nallow = [\"modp1024\", \"3des\"]\n")
	last := p.IKE.Proposals[len(p.IKE.Proposals)-1]
	if last != (Phase1{5, 0, 2, 2}) {
		t.Errorf("the last attempt is %v, want 3DES, SHA-1, group 2", last)
	}
	if got := p.Weak(); !slices.Equal(got, []string{"3des", "modp1024"}) {
		t.Errorf("weak: %v", got)
	}
}

func TestPresets(t *testing.T) {
	for _, x := range presets {
		p := mustParse(t, "preset = \""+x.name+"\"\n"+least)
		if w := p.Weak(); w != nil || len(p.IKE.Proposals) == 0 || len(p.ESP.Proposals) == 0 {
			t.Errorf("%s: weak %v, %d and %d proposals", x.name, w, len(p.IKE.Proposals), len(p.ESP.Proposals))
		}
		for path, v := range x.set {
			k, ok := find(path)
			if !ok || k.later {
				t.Fatalf("%s sets %s, which is no key", x.name, path)
			}
			if why := k.kind.set(&Profile{}, v); why != "" {
				t.Errorf("%s: %s: %s", x.name, path, why)
			}
		}
	}
	p := mustParse(t, "preset = \"zyxel\"\n"+least+"id_type = \"key-id\"\n")
	if p.Group.IDType != "key-id" {
		t.Error("the file must win over the preset")
	}
	if p := mustParse(t, "preset = \"fritzbox\"\n"+least); p.ESP.Lifetime != time.Hour {
		t.Error("a FRITZ!Box wants 3600 s honoured")
	}
}

func TestDefaultsFitTheirRange(t *testing.T) {
	for _, k := range keys {
		if k.def == nil {
			continue
		}
		if why := k.kind.set(&Profile{}, k.def); why != "" {
			t.Errorf("default of %s: %s", k.path, why)
		}
	}
}

func TestProposalWords(t *testing.T) {
	// Numbers: RFC 2409 App. A, RFC 2407, IANA ipsec-registry.
	for s, want := range map[string]Phase1{
		"aes256-sha256-modp2048": {7, 256, 4, 14}, "3des-md5-modp1024": {5, 0, 1, 2}, "aes128-sha1-modp1536": {7, 128, 2, 5},
		"aes192-sha384-ecp256": {7, 192, 5, 19}, "aes128-sha512-curve25519": {7, 128, 6, 31}, "aes128-sha1-modp4096": {7, 128, 2, 16},
	} {
		if got, err := ParsePhase1(s); err != nil || got != want || got.String() != s {
			t.Errorf("%s: %v %v", s, got, err)
		}
	}
	for s, want := range map[string]Phase2{
		"aes256-sha256": {12, 256, 5}, "3des-sha1": {3, 0, 2}, "aes128gcm16": {20, 128, 0}, "aes192-sha512": {12, 192, 7}, "aes128-md5": {12, 128, 1},
	} {
		if got, err := ParsePhase2(s); err != nil || got != want || got.String() != s {
			t.Errorf("%s: %v %v", s, got, err)
		}
	}
}

// Whatever is wrong with a secret, its error does not say it.
func TestErrorsKeepSecrets(t *testing.T) {
	base := "peers = ['a.example']\n[group]\nname = 'unity'\n"
	for _, text := range []string{
		base + "key = ['hunter2']", base + "key = 'hunter2\t'", base + "key = '" + strings.Repeat("hunter2", 40) + "'", base + "key = {hunter = 'hunter2'}",
		base + "key = 'x'\n[xauth]\npassword = ['hunter2']", base + "key = 'x'\n[xauth]\npassword = \"hunter2\\u0000\"",
		base + "keys = 'hunter2'", base + "key = 'hunter2'\nkey_file = '/k'", base + "key = hunter2", base + "key = 2hunter2",
	} {
		if all := errorsOf(t, text); strings.Contains(all.Error(), "hunter2") {
			t.Errorf("%q: %v", text, all)
		}
	}
}

func TestErrorsAreOneLineEach(t *testing.T) {
	all := errorsOf(t, least+"[dns]\nmode = \"a\\nb\\u001b[0m\\u202e"+strings.Repeat("x", 100)+"\"\n")
	if s := all.Error(); strings.ContainsAny(s, "\n\x1b\u202e") || len(s) > 250 {
		t.Errorf("%q", s)
	}
	if got := (FieldError{File: "a.toml", Line: 3, Key: "dpd.retry", Why: "90 is out of range", Allowed: "2 to 60 seconds"}).Error(); got !=
		"a.toml:3: dpd.retry: 90 is out of range; allowed: 2 to 60 seconds" {
		t.Error(got)
	}
}

func TestNameOfTheFile(t *testing.T) {
	for file, want := range map[string]string{"office.toml": "office", "/etc/ezvpn/profiles.d/home-2.toml": "home-2", `C:\x\lab.toml`: "lab", "plain": "plain"} {
		if p, err := Parse(file, []byte(least)); err != nil || p.Name != want {
			t.Errorf("%s: %v %v", file, p, err)
		}
	}
	if _, err := Parse("My Office.toml", []byte(least)); err == nil || !strings.Contains(err.Error(), "name: missing") {
		t.Errorf("got %v", err)
	}
}
