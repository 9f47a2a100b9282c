//go:build linux || darwin

package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestProxyRefuses: what is wrong is said before anything is sent or listened on.
func TestProxyRefuses(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string, mode os.FileMode) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		return path
	}
	good := "peers = [\"127.0.0.1:1\"]\n[group]\nname = \"staff\"\nkey = \"c4n4ry\"\n"
	office, open := write("office.toml", good, 0o600), write("open.toml", good, 0o640)
	filed := write("filed.toml", strings.Replace(good, `key = "c4n4ry"`, `key_file = "k"`, 1), 0o600)
	extension := write("extension.toml", "mode = \"network-extension\"\n"+good+"[inside]\nnetworks = [\"10.0.0.0/24\"]\n", 0o600)
	bad, users, noUsers := write("bad.toml", "peer = 1\n", 0o600), write("users", "u:p\n", 0o600), write("nousers", "u\n", 0o600)
	for _, c := range []struct {
		args []string
		code int
		says string
	}{
		{[]string{}, exitUsage, "accepts 1 arg"},
		{[]string{filepath.Join(dir, "none.toml")}, exitProfile, "no such file"},
		{[]string{open}, exitProfile, "chmod 600"},
		{[]string{bad}, exitProfile, "bad.toml"},
		{[]string{filed}, exitProfile, "no such file"},
		{[]string{extension, "--listen", "127.0.0.1:0"}, exitFailed, "no inside address"},
		{[]string{office, "--listen", "0.0.0.0:1080"}, exitUsage, "--allow-remote with --users"},
		{[]string{office, "--listen", "localhost"}, exitUsage, "ADDRESS:PORT"},
		{[]string{office, "--listen", ""}, exitUsage, "nothing to listen on"},
		{[]string{office, "--allow-remote"}, exitUsage, "needs --users"},
		{[]string{office, "--users", noUsers}, exitUsage, "USER:PASSWORD"},
		{[]string{office, "--users", users, "--listen", "0.0.0.0:1080"}, exitUsage, "not an address of this machine alone"},
	} {
		var out, err strings.Builder
		a := &app{in: strings.NewReader(""), out: &out, err: &err}
		code := a.run(t.Context(), append([]string{"proxy"}, c.args...))
		if all := out.String() + err.String(); code != c.code || !strings.Contains(all, c.says) || strings.Contains(all, "c4n4ry") {
			t.Errorf("%v: exit code %d, want %d and %q:\n%s", c.args, code, c.code, c.says, all)
		}
	}
}
