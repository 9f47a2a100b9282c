//go:build interop && linux

package interop

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"ezvpn/client/status"
)

// Directories as the host sees them.
const (
	profiles = "/run/ezvpn-profiles"
	stateDir = "/run/ezvpn-state"
	socket   = "/run/ezvpn/ezvpn.sock"
)

// daemon is ezvpnd on a host.
type daemon struct {
	host host
	cmd  *exec.Cmd
	log  *syncBuffer
	done chan error
}

// syncBuffer is written by the process's reader, and read by the test.
type syncBuffer struct {
	mu sync.Mutex // guards b
	b  bytes.Buffer
}

func (s *syncBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *syncBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

// start runs ezvpnd until the test ends, and waits until it answers.
func start(t testing.TB, h host) *daemon {
	t.Helper()
	for d, mode := range map[string]os.FileMode{profiles: 0o755, stateDir: 0o700, filepath.Dir(socket): 0o755} {
		if err := os.MkdirAll(h.file(d), mode); err != nil {
			t.Fatal(err)
		}
	}
	d := &daemon{host: h, log: &syncBuffer{}, done: make(chan error, 1)}
	d.cmd = h.command(context.Background(), filepath.Join(bin, "ezvpnd"), "run", "--log-level", "debug",
		"--profiles", profiles, "--socket", socket, "--state", stateDir)
	d.cmd.Stdout, d.cmd.Stderr = d.log, d.log
	if err := d.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { d.done <- d.cmd.Wait() }()
	t.Cleanup(func() {
		d.stop(t, syscall.SIGTERM)
		if t.Failed() {
			t.Logf("ezvpnd on %s:\n%s", h, d.log)
		}
	})
	eventually(t, 10*time.Second, "ezvpnd answers", func() bool { return d.ezvpn(t, "", "status").code == 0 })
	return d
}

// stop ends the daemon with a signal and waits for its end.
func (d *daemon) stop(t testing.TB, s syscall.Signal) {
	if d.cmd == nil {
		return
	}
	d.cmd.Process.Signal(s)
	select {
	case err := <-d.done:
		if err != nil && s != syscall.SIGKILL {
			t.Errorf("ezvpnd ended with %v", err)
		}
	case <-time.After(20 * time.Second):
		d.cmd.Process.Kill()
		t.Errorf("ezvpnd did not end within 20 s after %v", s)
	}
	d.cmd = nil
}

// ezvpn runs the command of the user.
func (d *daemon) ezvpn(t testing.TB, stdin string, args ...string) result {
	t.Helper()
	return d.host.try(t, stdin, append([]string{filepath.Join(bin, "ezvpn"), "--socket", socket}, args...)...)
}

// profile writes a profile for the daemon.
func (d *daemon) profile(t testing.TB, name, text string) {
	t.Helper()
	if err := os.WriteFile(d.host.file(filepath.Join(profiles, name+".toml")), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

const answers = "alice\nalice-pw\n"

// up connects; it must succeed.
func (d *daemon) up(t testing.TB, name string) result {
	t.Helper()
	r := d.ezvpn(t, answers, "up", name, "--stdin")
	if r.code != 0 {
		t.Fatalf("ezvpn up %s: exit code %d\n%s%s", name, r.code, r.out, r.err)
	}
	return r
}

func (d *daemon) down(t testing.TB) {
	t.Helper()
	if r := d.ezvpn(t, "", "down"); r.code != 0 {
		t.Fatalf("ezvpn down: exit code %d\n%s%s", r.code, r.out, r.err)
	}
}

// snapshot is the status as programs read it.
func (d *daemon) snapshot(t testing.TB) status.Snapshot {
	t.Helper()
	r := d.ezvpn(t, "", "status", "--json")
	var s status.Snapshot
	if err := json.NewDecoder(strings.NewReader(r.out)).Decode(&s); err != nil || r.code != 0 {
		t.Fatalf("ezvpn status --json: exit code %d, %v\n%s%s", r.code, err, r.out, r.err)
	}
	return s
}
