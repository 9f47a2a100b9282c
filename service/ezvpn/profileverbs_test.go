//go:build linux || darwin

package main

import (
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"ezvpn/service/ipc"
)

// bodies keeps what the verbs of the profiles were asked, and answers each.
type bodies struct {
	*fakeDaemon
	asked map[string]string
}

func (b *bodies) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	b.asked[r.URL.Path] = string(body)
	if e := b.refuse[r.URL.Path]; e != nil {
		ipc.Refuse(w, e)
		return
	}
	switch r.URL.Path {
	case ipc.PathVersion:
		ipc.Reply(w, ipc.Version{API: ipc.API})
	case ipc.PathProfileShow:
		ipc.Reply(w, ipc.ProfileShown{Profile: "office", Text: "name = \"office\"\n", Errors: []string{"office.toml:1: peers"},
			Settings: []ipc.ProfileSetting{{Key: "dpd.interval", Value: 20, Origin: "managed", File: "managed.d/office.toml", Line: 2, Locked: true, By: "Example\x1b[2J IT"},
				{Key: "group.key", Value: "redacted", Origin: "sealed"}, {Key: "dns.mode", Origin: "default"}}})
	default:
		ipc.Reply(w, ipc.ProfileChanged{Profile: "office", Effect: "live", Keys: []string{"dpd.interval"}, Notices: []string{"a notice"}})
	}
}

// TestProfileVerbs: each command asks its verb, and only that; secrets come from standard input alone.
func TestProfileVerbs(t *testing.T) {
	file := filepath.Join(t.TempDir(), "office.toml")
	if err := os.WriteFile(file, []byte("text"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args, stdin string
		path, body  string
		code        int
		says        string
	}{
		{args: "set office dpd.interval 30", path: ipc.PathProfileSet, body: `{"profile":"office","key":"dpd.interval","value":"30","layer":"user"}`, says: "uses it from now on"},
		{args: "set --machine office dpd.interval 30", path: ipc.PathProfileSet, body: `{"profile":"office","key":"dpd.interval","value":"30","layer":"machine"}`, says: "a notice"},
		{args: "unset office dpd.interval", path: ipc.PathProfileUnset, body: `{"profile":"office","key":"dpd.interval","layer":"user"}`, says: "taken out"},
		{args: "remove office", path: ipc.PathProfileRemove, body: `{"profile":"office"}`, says: "removed"},
		{args: "put " + file, path: ipc.PathProfilePut, body: `{"name":"office","text":"text"}`},
		{args: "put --replace --name home -", stdin: "other", path: ipc.PathProfilePut, body: `{"name":"home","text":"other","replace":true}`},
		{args: "secret office group-key", stdin: "the key\n", path: ipc.PathProfileSecret, body: `{"profile":"office","key":"group.key","value":"the key"}`, says: "sealed"},
		{args: "secret office xauth-password", stdin: " pass word \r\n", path: ipc.PathProfileSecret, body: `{"profile":"office","key":"xauth.password","value":" pass word "}`},
		{args: "secret --forget office xauth-password", path: ipc.PathProfileSecret, body: `{"profile":"office","key":"xauth.password","value":""}`, says: "forgotten"},
		{args: "secret office group-key", code: exitUsage, says: "no group-key came"},
		{args: "secret office dpd-interval", stdin: "c4n4ry\n", code: exitUsage, says: "no secret"},
		{args: "secret office group-key c4n4ry", code: exitUsage},
		{args: "set office group.key c4n4ry", code: exitUsage, says: "profile secret office group-key"},
		{args: "set office xauth.password c4n4ry", code: exitUsage, says: "profile secret office xauth-password"},
		{args: "put " + file + ".none", code: exitProfile},
		{args: "show --origins " + file, code: exitProfile, says: "cannot be used"},
		{args: "show office home", code: exitUsage, says: "one profile"},
	} {
		b := &bodies{fakeDaemon: fake(t), asked: map[string]string{}}
		b.serve(t, b)
		code, out, errs := b.run(t.Context(), c.stdin, append([]string{"profile"}, strings.Fields(c.args)...)...)
		if code != c.code || !strings.Contains(out+errs, c.says) {
			t.Errorf("%s: exit %d, %s%s", c.args, code, out, errs)
		}
		if b.asked[c.path] != c.body || c.path == "" && len(b.asked) != 0 {
			t.Errorf("%s asks %v", c.args, b.asked)
		}
		if strings.Contains(out+errs, "c4n4ry") || c.stdin != "" && strings.Contains(out+errs, strings.TrimSpace(c.stdin)) {
			t.Errorf("%s: the secret is printed", c.args)
		}
	}
}

// TestProfileShowNamed: the profile as text, its origins in columns, all of it as JSON.
func TestProfileShowNamed(t *testing.T) {
	b := &bodies{fakeDaemon: fake(t), asked: map[string]string{}}
	b.serve(t, b)
	code, out, errs := b.run(t.Context(), "", "profile", "show", "office")
	if code != 0 || out != "name = \"office\"\n" || !strings.Contains(errs, "office.toml:1: peers") {
		t.Errorf("exit %d: %q %q", code, out, errs)
	}
	code, out, _ = b.run(t.Context(), "", "profile", "show", "office", "--origins")
	want := "dpd.interval  managed managed.d/office.toml:2, locked by Example[2J IT  20\ngroup.key     sealed                                                \"redacted\"\n"
	if code != 0 || strings.Join(strings.Fields(out), " ") != strings.Join(strings.Fields(want), " ") {
		t.Errorf("exit %d:\n%s", code, out)
	}
	code, out, _ = b.run(t.Context(), "", "profile", "show", "office", "--json")
	var shown ipc.ProfileShown
	if err := json.Unmarshal([]byte(out), &shown); code != 0 || err != nil || len(shown.Settings) != 3 {
		t.Errorf("exit %d: %v\n%s", code, err, out)
	}
	for code, e := range map[int]string{exitRights: ipc.KeyLocked, exitProfile: ipc.KeyUnknown} {
		b.refuse[ipc.PathProfileSet] = &ipc.Error{Code: e, Sentence: "managed by Example IT", Next: "ask"}
		if got, _, errs := b.run(t.Context(), "", "profile", "set", "office", "peers", "x"); got != code || !strings.Contains(errs, "managed by Example IT") {
			t.Errorf("%s: exit %d, %s", e, got, errs)
		}
	}
}

// TestProfileListKinds: a good profile, one that is used although its file is wrong, one that cannot be used, and what
// is no profile.
func TestProfileListKinds(t *testing.T) {
	d := fake(t)
	d.list = []ipc.ProfileInfo{{Name: "good", Connect: "auto", Summary: "192.0.2.1", Layers: []string{"machine", "managed"}},
		{Name: "older", Connect: "manual", Summary: "192.0.2.2", Using: "2026-03-25T15:47:00Z", Errors: []string{"older.toml:1: a", "older.toml:2: b"}},
		{Name: "wrong", Errors: []string{"wrong.toml:1: c"}}}
	code, out, _ := d.run(t.Context(), "", "profile", "list")
	for _, want := range []string{"machine+managed", "the version of 2026-03-25T15:47:00Z is used", "older.toml:1: a", "older.toml:2: b", "cannot be used", "wrong.toml:1: c"} {
		if code != 0 || !strings.Contains(out, want) {
			t.Errorf("exit %d, %q is not said:\n%s", code, want, out)
		}
	}
	code, out, _ = d.run(t.Context(), "", "profile", "list", "--json")
	var list ipc.Profiles
	if err := json.Unmarshal([]byte(out), &list); code != 0 || err != nil || len(list.Profiles) != 3 || list.Profiles[1].Using == "" {
		t.Errorf("exit %d: %v\n%s", code, err, out)
	}
}
