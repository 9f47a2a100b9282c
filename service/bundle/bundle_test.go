//go:build linux || darwin

package bundle

import (
	"archive/zip"
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"ezvpn/client/profile"
	"ezvpn/client/redact"
	"ezvpn/client/status"
	"ezvpn/service/checkup"
	"ezvpn/service/ipc"
)

// The names of a company, its people and its secrets, as they stand in everything that the daemon gives.
const (
	gateway = "vpn.canary-corp.example"
	public  = "203.0.113.77"
	group   = "canary-staff"
	person  = "canary.person"
	office  = "canary-office"
	inside  = "intra.canary-corp.example"
	secret  = "c4n4rySecretC4n4ry"
	banner  = "Welcome to the Canary Corporation"
)

var planted = []string{"canary", "Canary", public, secret}

func snapshot() status.Snapshot {
	said := person + " of " + group + " at " + gateway + " (" + public + ":4500), password=" + secret
	return status.Snapshot{Version: 1, State: status.Active, Profile: office, Owner: person + " (1000)", Banner: banner,
		Diagnosis: &status.Diagnosis{Cause: "no-answer", Sentence: said, Evidence: []string{said}, Next: said, Peer: gateway},
		Prompt:    &status.Prompt{ID: "1", Message: banner, Peer: gateway, Fields: []status.PromptField{{Name: "password", Label: "Canary code", Text: banner}}},
		Peers:     []status.Peer{{Name: gateway, Address: public + ":4500", Health: "active", Reason: said}, {Name: public, Health: "down"}},
		Network:   &status.Network{Interface: "ezvpn0", Domain: inside, SplitDNS: []string{inside}, Backup: []string{"two." + gateway}, GatewayVersion: said},
		ISAKMP:    &status.ISAKMPSA{Cookies: "0011223344556677:8899aabbccddeeff", Local: "192.168.1.2:500", Remote: public + ":4500", PeerID: gateway, NAT: "none"},
		Warnings:  []string{said}, Events: []status.Event{{Time: time.Unix(1, 0), Kind: "peer", Text: said}}}
}

// daemon answers the verbs that a bundle asks.
func daemon(t *testing.T) *ipc.Client {
	t.Helper()
	answers := map[string]func(w http.ResponseWriter){
		ipc.PathVersion: func(w http.ResponseWriter) { ipc.Reply(w, ipc.Version{API: ipc.API, Daemon: "v1"}) },
		ipc.PathStatus:  func(w http.ResponseWriter) { ipc.Reply(w, snapshot()) },
		ipc.PathProfiles: func(w http.ResponseWriter) {
			ipc.Reply(w, ipc.Profiles{Profiles: []ipc.ProfileInfo{{Name: office, Errors: []string{office + ".toml:3: " + gateway}}}})
		},
		ipc.PathProfileShow: func(w http.ResponseWriter) {
			ipc.Reply(w, ipc.ProfileShown{Profile: office, Text: "peers = [\"" + gateway + "\"]\n[group]\nname = \"" + group + "\"\nkey = \"redacted\"\n",
				Settings: []ipc.ProfileSetting{{Key: "peers", Value: []string{gateway, public + ":4500"}, Origin: "machine", Locked: true}, {Key: "group.name", Value: group, Origin: "machine"},
					{Key: "group.key", Value: secret, Origin: "sealed"}, {Key: "xauth.username", Value: person, Origin: "user"}, {Key: "dpd.interval", Value: 10, Origin: "default"},
					{Key: "managed.by", Value: "IT of Canary", Origin: "managed"}, {Key: "new.key", Value: "Canary", Origin: "machine"}}})
		},
		ipc.PathLog: func(w http.ResponseWriter) {
			for i := range 3 {
				json.NewEncoder(w).Encode(ipc.LogLine{Serial: uint64(i), Level: "INFO", Text: "connect caller=\"" + person + " (1000)\" peer=" + gateway + " at " + public + " key=" + secret + "\x1b[31m"})
			}
		},
	}
	path := filepath.Join(t.TempDir(), "s")
	l, err := ipc.Listen(path)
	if err != nil {
		t.Fatal(err)
	}
	s := ipc.NewServer(l, ipc.Identify, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { answers[r.URL.Path](w) }), slog.New(slog.DiscardHandler))
	done := make(chan struct{})
	go func() { defer close(done); s.Serve() }()
	c := ipc.NewClient(path)
	t.Cleanup(func() { c.Close(); s.Shutdown(t.Context()); <-done })
	return c
}

func gather(t *testing.T, c *ipc.Client, names bool) *Bundle {
	t.Helper()
	b, err := Gather(t.Context(), Options{Names: names, Checkup: checkup.Options{Daemon: c, Quiet: true, Profiles: t.TempDir(), State: t.TempDir()}})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// spelled are the ways in which a text can leak.
func spelled(s string) []string {
	var wide strings.Builder
	for _, c := range []byte(s) {
		wide.WriteByte(c)
		wide.WriteByte(0)
	}
	return []string{s, strings.ToUpper(s), hex.EncodeToString([]byte(s)), base64.StdEncoding.EncodeToString([]byte(s))[:len(s)/3*4], wide.String()}
}

// TestNothingLeaks: of everything that is planted in all that the daemon says, nothing is in the bundle; every part is.
func TestNothingLeaks(t *testing.T) {
	b := gather(t, daemon(t), false)
	if len(b.Manifest.Parts) != len(plan) {
		t.Errorf("parts are missing: %+v", b.Manifest.Missing)
	}
	for name, text := range unzipped(t, b) {
		for _, p := range planted {
			for _, s := range spelled(p) {
				if strings.Contains(text, s) {
					t.Errorf("%s holds %q:\n%s", name, s, text)
				}
			}
		}
		if strings.ContainsAny(text, "\x1b\u202e") {
			t.Errorf("%s holds what a terminal obeys", name)
		}
	}
}

// TestWithNames: the names of things are there, persons and secrets are not.
func TestWithNames(t *testing.T) {
	all := ""
	for _, text := range unzipped(t, gather(t, daemon(t), true)) {
		all += text
	}
	for _, s := range []string{gateway, public, group, office, inside} {
		if !strings.Contains(all, s) {
			t.Errorf("no %s", s)
		}
	}
	for _, s := range []string{person, secret, banner} {
		if strings.Contains(all, s) {
			t.Errorf("%s is in it", s)
		}
	}
}

func unzipped(t *testing.T, b *Bundle) map[string]string {
	t.Helper()
	data, err := b.Zip()
	if err != nil {
		t.Fatal(err)
	}
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		out[f.Name] = string(text)
	}
	return out
}

// TestWithoutDaemon: what the machine itself knows is there, and what is missing says why.
func TestWithoutDaemon(t *testing.T) {
	c := ipc.NewClient(filepath.Join(t.TempDir(), "nobody"))
	defer c.Close()
	b := gather(t, c, false)
	var have, lack []string
	for _, p := range b.Manifest.Parts {
		have = append(have, p.Name)
	}
	for _, m := range b.Manifest.Missing {
		if m.Why == "" {
			t.Errorf("%s is missing without a reason", m.Name)
		}
		lack = append(lack, m.Name)
	}
	if !slices.Equal(have, []string{"findings.json", "host.json"}) || len(lack) != len(plan)-2 {
		t.Errorf("%v, without %v", have, lack)
	}
	if _, ok := unzipped(t, b)["manifest.json"]; !ok {
		t.Error("no manifest")
	}
}

// TestWrite: only the owner can read it, and nothing is replaced.
func TestWrite(t *testing.T) {
	b, dir := &Bundle{}, t.TempDir()
	path := filepath.Join(dir, "b.zip")
	if err := b.Write(path); err != nil {
		t.Fatal(err)
	}
	if st, err := os.Stat(path); err != nil || st.Mode() != 0o600 {
		t.Error(st.Mode(), err)
	}
	link := filepath.Join(dir, "link.zip")
	if err := os.Symlink(filepath.Join(dir, "elsewhere"), link); err != nil {
		t.Fatal(err)
	}
	for _, p := range []string{path, link} {
		if err := b.Write(p); !errors.Is(err, ErrExists) {
			t.Error(p, err)
		}
	}
	if err := b.Write(filepath.Join(dir, "none", "b.zip")); err == nil {
		t.Error("no directory")
	}
	if names, _ := filepath.Glob(filepath.Join(dir, ".*")); len(names) > 0 {
		t.Error("left over:", names)
	}
}

// TestEveryKeyHasARule: what the status and the profiles can hold, somebody has thought about.
func TestEveryKeyHasARule(t *testing.T) {
	for _, key := range profile.Keys() {
		if _, ok := profileRules["keys."+key]; !ok {
			t.Errorf("no rule for the key %s of a profile", key)
		}
	}
	none := redact.Rules{}.Of("x")
	var visit func(reflect.Type, string)
	visit = func(x reflect.Type, at string) {
		for x.Kind() == reflect.Pointer || x.Kind() == reflect.Slice {
			x = x.Elem()
		}
		if x.Kind() == reflect.Struct && x.PkgPath() == reflect.TypeFor[status.Snapshot]().PkgPath() {
			for i := range x.NumField() {
				key, _, _ := strings.Cut(x.Field(i).Tag.Get("json"), ",")
				visit(x.Field(i).Type, strings.TrimPrefix(at+"."+key, "."))
			}
		} else if k := x.Kind(); (k == reflect.String || k == reflect.Struct || k == reflect.Map) && statusRules.Of(at) == none {
			t.Errorf("no rule for %s of the status", at)
		}
	}
	visit(reflect.TypeFor[status.Snapshot](), "")
}

// TestDocumented: docs/bundle.md has a row for every part.
func TestDocumented(t *testing.T) {
	doc, err := os.ReadFile("../../docs/bundle.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range Parts() {
		if row := "| `" + p[0] + "` | " + p[1] + " |"; !strings.Contains(string(doc), row) {
			t.Errorf("no row %s", row)
		}
	}
}
