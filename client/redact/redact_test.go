package redact

import (
	"encoding/json"
	"strings"
	"testing"
)

func learned(names bool) *Redactor {
	r := New([32]byte{1}, names)
	r.Learn(Peer, "vpn.acme.example", "198.51.100.7")
	r.Learn(Group, "acme-staff")
	r.Learn(User, "bo", "alice")
	r.Learn(Profile, "acme")
	r.Allow("dpd.interval")
	return r
}

// TestText: what must be gone, and what must stay.
func TestText(t *testing.T) {
	for in, gone := range map[string][]string{
		"trying vpn.acme.example (198.51.100.7:500)":    {"acme", "198.51"},
		"user Alice of ACME-STAFF":                      {"lice", "ACME", "STAFF"},
		"bo is in, and bob is not":                      {"bo is"},
		"x198.51.100.7y and 203.0.113.9":                {"203.0.113.9"},
		"lookup mail.other-corp.de: no such host":       {"other", "corp"},
		"mailto carol@example.org":                      {"carol"},
		"open /home/dave/x.pcf and C:\\Users\\Erin\\y":  {"dave", "Erin"},
		"password=hunter2 psk: 'a b' group key is tops": {"hunter2", "a b", "tops"},
		`{"password":"p4ss"}`:                           {"p4ss"},
		"cookie 0123456789abcdef:fedcba9876543210":      {"0123456789abcdef", "fedcba"},
		"key 3q2+7w/AbCdEfGhIjKlMnOpQrStUv1==":          {"3q2", "rStUv1"},
		"mac 52:54:00:12:34:56 fe80::5054:ff:fe12:3456": {"52:54", "5054"},
		"2001:db8::7 via 2001:db8:1:2:3:4:5:6":          {"2001"},
	} {
		out := learned(false).Text(in)
		for _, g := range gone {
			if strings.Contains(out, g) {
				t.Errorf("%q is still in %q", g, out)
			}
		}
	}
	for _, in := range []string{
		"IPsec SA 0xa51edd2d up: AES-GCM-16-128", "address 10.99.1.2, 192.168.77.0/24 through the tunnel", "dpd.interval: 10",
		"office.toml:3: no such key", "no answer after 127.0.0.1:4500", "at 15:04:05 it was up", "0.0.0.0/0", "bob", "MODP2048 with SHA2-256",
		"this is a sentence about nothing in particular, and rather a long one", "group-9eab0e8b", "/var/lib/ezvpn/good",
	} {
		if out := learned(false).Text(in); out != in {
			t.Errorf("%q became %q", in, out)
		}
	}
}

// TestTokens: one name has one token, in whatever place and spelling; another key gives another.
func TestTokens(t *testing.T) {
	r := learned(false)
	if a, b := r.Value(Peer, "VPN.acme.example"), r.Text("via vpn.Acme.example."); "via "+a+"." != b {
		t.Errorf("%q and %q", a, b)
	}
	if r.Value(Host, "vpn.acme.example") != r.Value(Peer, "vpn.acme.example") {
		t.Error("a name has two tokens")
	}
	if r.Value(User, "alice") == New([32]byte{2}, false).Value(User, "alice") {
		t.Error("tokens of two bundles can be compared")
	}
	if n := r.Replaced(); n != 5 || r.Replaced() != 0 || r.Tokens() != 2 {
		t.Errorf("%d, %d", n, r.Tokens())
	}
}

// TestNames: with names, gateways and groups stay; persons and secrets do not.
func TestNames(t *testing.T) {
	in := "alice of acme-staff at vpn.acme.example (198.51.100.7), password=hunter2"
	out := learned(true).Text(in)
	if !strings.Contains(out, "of acme-staff at vpn.acme.example (198.51.100.7)") || strings.Contains(out, "alice") || strings.Contains(out, "hunter2") {
		t.Error(out)
	}
}

func TestDocument(t *testing.T) {
	doc := `{"state": "UP", "n": 12345678901234567890, "on": true, "peers": [{"name": "vpn.acme.example", "address": "198.51.100.7:500", "why": "alice"}],
		"new": "anything", "net": ["10.0.0.0/8", "203.0.113.0/24", "0.0.0.0/0"], "banner": "Welcome to ACME", "all": {"a": "x", "b": {"c": "y"}}, "none": null}`
	r := learned(false)
	out, err := r.Document([]byte(doc), Rules{"state": Keep, "peers.name": As(Peer), "peers.address": Address, "peers.*": Read, "net": Address, "banner": Drop, "all.*": Keep})
	if err != nil {
		t.Fatal(err)
	}
	var v map[string]any
	if err := json.Unmarshal(out, &v); err != nil {
		t.Fatal(err)
	}
	for _, s := range []string{`"state": "UP"`, `12345678901234567890`, `"on": true`, `"10.0.0.0/8"`, `/24"`, `"0.0.0.0/0"`, `"a": "x"`, `"c": "y"`, `"new": "text-`,
		`"banner": "[redacted]"`, `:500"`, `"none": null`} {
		if !strings.Contains(string(out), s) {
			t.Errorf("no %s in %s", s, out)
		}
	}
	for _, s := range []string{"acme", "ACME", "alice", "198.51", "203.0", "anything"} {
		if strings.Contains(string(out), s) {
			t.Errorf("%s in %s", s, out)
		}
	}
	if _, err := r.Document([]byte("{"), nil); err == nil {
		t.Error("half a document")
	}
}

// FuzzText plants names in any text: none comes out.
func FuzzText(f *testing.F) {
	for _, s := range []string{"", "at  with", "\xff\xfe", "key=", "a.b.c:", "::1", "[", "user@", "/home/"} {
		f.Add(s, s)
	}
	f.Fuzz(func(t *testing.T, before, after string) {
		r := New([32]byte{3}, false)
		r.Learn(User, "canary-user")
		r.Learn(Peer, "canary.gateway.example")
		for _, planted := range []string{"canary-user", "CANARY-user", "Canary.Gateway.Example"} {
			out := r.Text(before + planted + after)
			if rest := strings.ToLower(out); strings.Contains(rest, "canary") && !strings.Contains(strings.ToLower(before+after), "canary") {
				t.Fatalf("%q: %q", planted, out)
			}
		}
	})
}
