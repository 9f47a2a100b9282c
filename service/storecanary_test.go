//go:build linux || darwin

package service

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"ezvpn/client/profile"
	"ezvpn/service/ipc"
)

// spelled is a secret as it could leak: in clear, in hex, in base64, in UTF-16.
func spelled(secret string) [][]byte {
	var wide []byte
	for _, c := range []byte(secret) {
		wide = append(wide, c, 0)
	}
	return [][]byte{[]byte(secret), []byte(hex.EncodeToString([]byte(secret))),
		[]byte(base64.StdEncoding.EncodeToString([]byte(secret))), wide}
}

// TestSecretsStayPut: the group key and the password of a profile that is pushed, put, shown, listed, broken, connected
// and laid open are in the store of the secrets, and 0 times anywhere else.
func TestSecretsStayPut(t *testing.T) {
	const password = "c4n4ry-p4ssw0rd"
	text := pushed + "[xauth]\r\nusername = \"till\"\r\npassword = \"" + password + "\"\r\n"
	var log lockedBuffer
	s := serveLogging(t, slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})))
	var out bytes.Buffer
	note := func(v any, err error) {
		t.Helper()
		if e := json.NewEncoder(&out).Encode(v); e != nil {
			t.Fatal(e)
		}
		if err != nil {
			out.WriteString(err.Error())
		}
	}
	seen := func(c ipc.Caller) {
		cl := s.client(t, c)
		list, err := cl.ListProfiles(t.Context())
		note(list, err)
		shown, err := cl.ShowProfile(t.Context(), "office")
		note(shown, err)
		snap, err := cl.Status(t.Context())
		note(snap, err)
	}
	writeProfile(t, s.dir, "office", text)
	must(t, os.Chmod(filepath.Join(s.dir, "office.toml"), 0o644))
	writeProfile(t, s.managed, "policy", strings.Replace(text, `"office"`, `"policy"`, 1))
	s.api.start()
	s.api.store.settle(t.Context())
	seen(root)
	state, err := s.client(t, alice).Up(t.Context(), ipc.Up{Profile: "office"})
	note(state, err)
	if s.profile.Group.Key != profile.Secret(canary) || s.profile.XAUTH.Password != password {
		t.Fatal("the session does not get the secrets")
	}
	seen(alice)
	broken := strings.Replace(text, "192.0.2.1", "not an address", 1) // holds the secrets in clear
	writeProfile(t, s.dir, "office", broken)
	s.api.apply("")
	seen(alice)
	must(t, os.Remove(filepath.Join(s.dir, "office.toml")))
	done, err := s.client(t, root).PutProfile(t.Context(), "second", strings.Replace(broken, `"office"`, `"second"`, 1), false)
	note(done, err)
	done, err = s.client(t, root).PutProfile(t.Context(), "second", strings.Replace(text, `"office"`, `"second"`, 1), false)
	note(done, err)
	done, err = s.client(t, root).SealSecret(t.Context(), ipc.ProfileSecret{Profile: "second", Key: "group.key", Value: ipc.Secret(canary + "\x00")})
	note(done, err)
	done, err = s.client(t, root).SetProfile(t.Context(), ipc.ProfileSet{Profile: "second", Key: "group.key", Value: canary})
	note(done, err)
	seen(root)
	out.WriteString(log.String())
	for _, dir := range []string{s.dir, s.managed, s.state} {
		must(t, filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || filepath.Dir(path) == filepath.Join(s.state, "secrets") {
				return err
			}
			b, err := os.ReadFile(path)
			out.Write(b)
			return err
		}))
	}
	for _, secret := range []string{canary, password} {
		for _, form := range spelled(secret) {
			if i := bytes.Index(out.Bytes(), form); i >= 0 {
				t.Errorf("%q is told: …%q…", form, out.Bytes()[max(0, i-200):min(out.Len(), i+80)])
			}
		}
	}
	if !bytes.Contains(out.Bytes(), []byte("redacted")) || !bytes.Contains(out.Bytes(), []byte("192.0.2.1")) || out.Len() < 4000 {
		t.Error("what was looked at holds too little to be all")
	}
}
