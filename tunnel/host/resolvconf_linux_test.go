package host

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// The test binary stands in for resolvconf: under a name that begins so it writes down how it was called. "open" in
// the name makes it answer --version as openresolv does, "broken" makes it fail.
func TestMain(m *testing.M) {
	if strings.HasPrefix(filepath.Base(os.Args[0]), "resolvconf") {
		os.Exit(playResolvconf())
	}
	os.Exit(m.Run())
}

type resolvconfCall struct {
	Args []string
	In   string
	Env  []string
}

func playResolvconf() int {
	name := filepath.Base(os.Args[0])
	switch {
	case slices.Contains(os.Args, "--version") && strings.Contains(name, "open"):
		fmt.Println("openresolv 3.13.2")
		return 0
	case slices.Contains(os.Args, "--version"):
		fmt.Fprintln(os.Stderr, "Error: Command not recognized")
		return 99 // Debian's answer to what it does not know
	case strings.Contains(name, "broken"):
		fmt.Fprintln(os.Stderr, "disk full")
		return 1
	}
	in, _ := io.ReadAll(os.Stdin)
	b, _ := json.Marshal(resolvconfCall{os.Args[1:], string(in), os.Environ()})
	if os.WriteFile(os.Args[0]+".called", b, 0o600) != nil {
		return 2
	}
	return 0
}

func standIn(t *testing.T, name string) resolvconf {
	t.Helper()
	self, err := os.Executable()
	must(t, err)
	path := filepath.Join(t.TempDir(), name)
	must(t, os.Symlink(self, path))
	return resolvconf{find: func() string { return path }}
}

func TestResolvconf(t *testing.T) {
	const split = "search corp.example\nnameserver 10.0.0.53\nnameserver 198.18.0.53\n"
	for _, c := range []struct {
		name, program string
		do            func(resolvconf) error
		args, in      string
	}{
		{"Debian sets", "resolvconf", func(r resolvconf) error { return r.set(dnsRecord{DNS: fullConfig().DNS}) }, "-a tun.ezvpn", split},
		{"Debian clears", "resolvconf", func(r resolvconf) error { _, err := r.clear(dnsRecord{}); return err }, "-d tun.ezvpn", ""},
		{"openresolv, split", "resolvconf-open", func(r resolvconf) error { return r.set(dnsRecord{DNS: splitConfig().DNS}) }, "-a tun.ezvpn -m 0", split},
		{"openresolv, full: exclusive", "resolvconf-open", func(r resolvconf) error { return r.set(dnsRecord{DNS: fullConfig().DNS}) }, "-a tun.ezvpn -m 0 -x", split},
		{"openresolv clears what may not be there", "resolvconf-open", func(r resolvconf) error { _, err := r.clear(dnsRecord{}); return err }, "-f -d tun.ezvpn", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Setenv("LD_PRELOAD_LIKE", "must not reach the program")
			r := standIn(t, c.program)
			must(t, c.do(r))
			b, err := os.ReadFile(r.find() + ".called")
			must(t, err)
			var call resolvconfCall
			must(t, json.Unmarshal(b, &call))
			if got := strings.Join(call.Args, " "); got != c.args || call.In != c.in {
				t.Errorf("called with %q, input %q; want %q, %q", got, call.In, c.args, c.in)
			}
			if len(call.Env) != 2 {
				t.Errorf("environment %q", call.Env)
			}
		})
	}
}

func TestResolvconfFails(t *testing.T) {
	if err := standIn(t, "resolvconf-broken").set(dnsRecord{DNS: splitConfig().DNS}); err == nil || !strings.Contains(err.Error(), "disk full") {
		t.Errorf("set: %v", err)
	}
	gone := resolvconf{find: func() string { return "" }}
	if note, err := gone.clear(dnsRecord{}); err != nil || !strings.Contains(note, "no longer installed") {
		t.Errorf("clear without the program: %q, %v", note, err)
	}
	if err := gone.set(dnsRecord{DNS: splitConfig().DNS}); err == nil {
		t.Error("set without the program succeeded")
	}
}

// A program that others may write is not run.
func TestResolvconfTrust(t *testing.T) {
	path := filepath.Join(t.TempDir(), "resolvconf")
	must(t, os.WriteFile(path, nil, 0o755))
	if err := trusted(path); (err == nil) != (os.Geteuid() == 0) {
		t.Errorf("of user %d: %v", os.Geteuid(), err)
	}
	must(t, os.Chmod(path, 0o775))
	if trusted(path) == nil {
		t.Error("writable by a group, and trusted")
	}
}
