package service

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"ezvpn/service/ipc"
)

// openFiles is how many the process has.
func (p *process) openFiles(t *testing.T) int {
	t.Helper()
	all, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", p.cmd.Process.Pid))
	must(t, err)
	return len(all)
}

// TestHalfOpenConnections: a stranger opens 10,000 connections and sends half a request over each. The daemon keeps 16,
// its open files stay where they are, and root and the operators are served all the while.
func TestHalfOpenConnections(t *testing.T) {
	p := daemon(t)
	before, most, slowest := p.openFiles(t), 0, time.Duration(0)
	var held []net.Conn
	defer func() {
		for _, c := range held {
			c.Close()
		}
	}()
	for batch := range 100 {
		stranger.does(t, func() {
			for range 100 {
				c, err := net.Dial("unix", p.address)
				if err != nil {
					t.Errorf("not even refused: %v", err)
					return
				}
				c.Write([]byte("GET /v1/status HTTP/1.1\r\nHost: ez"))
				held = append(held, c)
			}
		})
		if batch%10 == 0 {
			for _, who := range []person{theRoot, op1} {
				begin := time.Now()
				if code, reply := who.ask(t, p.address, "GET", ipc.PathStatus, ""); code != "" {
					t.Errorf("user %d after %d connections: %s", who.uid, len(held), reply)
				}
				slowest = max(slowest, time.Since(begin))
			}
			most = max(most, p.openFiles(t))
		}
		if len(held) >= 1000 { // as many as this process may have open
			for _, c := range held[ipc.MaxUserConns:] {
				c.Close()
			}
			held = held[:ipc.MaxUserConns]
		}
	}
	t.Logf("%d open files before, %d at most; the slowest status took %v", before, most, slowest)
	if most > before+ipc.MaxUserConns+8 {
		t.Errorf("%d open files, %d before", most, before)
	}
	if log := p.stop(t); strings.Count(log, "msg=refused ") > 20 || !strings.Contains(log, "refused more often than is logged") {
		t.Errorf("the log of it has %d refusals:\n%.2000s", strings.Count(log, "msg=refused "), log)
	}
}

// TestSquatter: a user who has made the socket's directory, or may write to it, or sits on the socket itself, keeps the
// daemon from starting; it does not serve beside him.
func TestSquatter(t *testing.T) {
	for want, squat := range map[string]func(run string){
		"belongs to user 65534": func(run string) { must(t, os.Chown(run, stranger.uid, stranger.gid)) },
		"chmod 755":             func(run string) { must(t, os.Chmod(run, 0o777)) },
		"not a socket":          func(run string) { must(t, os.Symlink("/etc/passwd", filepath.Join(run, "s"))) },
		"another ezvpnd": func(run string) {
			must(t, os.Chmod(run, 0o777))
			stranger.does(t, func() {
				l, err := net.Listen("unix", filepath.Join(run, "s"))
				must(t, err)
				t.Cleanup(func() { l.Close() })
			})
			must(t, os.Chmod(run, 0o755))
		},
	} {
		dir := place(t)
		run := filepath.Join(dir, "run")
		must(t, os.Mkdir(run, 0o755))
		squat(run)
		p, ready := launch(t, dir)
		if ready || !strings.Contains(p.log.String(), want) {
			t.Errorf("%s: served %v, and said\n%s", want, ready, p.log.String())
		}
	}
}

// TestNothingListensOnTheNetwork: no TCP port, no UDP port without a session, no abstract socket.
func TestNothingListensOnTheNetwork(t *testing.T) {
	p := daemon(t)
	for _, proto := range []string{"tcp", "tcp6", "udp", "udp6"} {
		b, err := os.ReadFile(fmt.Sprintf("/proc/%d/net/%s", p.cmd.Process.Pid, proto))
		must(t, err)
		if lines := strings.Count(strings.TrimSpace(string(b)), "\n"); lines > 0 {
			t.Errorf("%s:\n%s", proto, b)
		}
	}
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/net/unix", p.cmd.Process.Pid))
	must(t, err)
	if strings.Contains(string(b), " @") || !strings.Contains(string(b), p.address) {
		t.Errorf("unix sockets:\n%s", b)
	}
}

// TestStartWithoutMeans: with too few files, no room to write, or little memory, the daemon serves, or ends with one
// sentence that says what it lacks. It never panics, and leaves no socket that nobody answers.
func TestStartWithoutMeans(t *testing.T) {
	for _, limit := range []string{"nofile=8", "fsize=0", "as=64M", "nofile=8 fsize=0"} {
		p, ready := launch(t, place(t), "EZVPN_TEST_LIMIT="+limit)
		if ready {
			if code, reply := theRoot.ask(t, p.address, "GET", ipc.PathStatus, ""); code != "" {
				t.Errorf("%s: %s", limit, reply)
			}
			p.stop(t)
		}
		log := p.log.String()
		oom := limit == "as=64M" && !ready // the runtime of Go itself does not start in 64 MiB of addresses
		if strings.Contains(log, "goroutine ") && !oom || !ready && !oom && !strings.Contains(log, "not started") {
			t.Errorf("%s: ready %v, and said\n%s", limit, ready, log)
		}
		if _, err := os.Lstat(p.address); err == nil && !oom {
			t.Errorf("%s: a socket is left", limit)
		}
		t.Logf("%s: ready %v: %.200s", limit, ready, log)
	}
}

// TestHostileEnvironment: what a user's environment holds changes nothing: no file that it names is made, no program
// that it offers runs.
func TestHostileEnvironment(t *testing.T) {
	dir := place(t)
	bait := filepath.Join(dir, "bait")
	must(t, os.Mkdir(bait, 0o777))
	must(t, os.WriteFile(filepath.Join(bait, "resolvconf"), []byte("#!/bin/sh\necho > "+bait+"/ran\n"), 0o755))
	p, ready := launch(t, dir, "PATH="+bait, "SSLKEYLOGFILE="+bait+"/keys", "GODEBUG=inittrace=0", "GOTRACEBACK=crash",
		"EZVPN_SOCKET="+bait+"/s", "TMPDIR="+bait, "HOME="+bait, "NOTIFY_SOCKET="+bait+"/notify", "WATCHDOG_USEC=-1",
		"RES_OPTIONS=debug", "LOCALDOMAIN=evil.example", "HTTP_PROXY=http://127.0.0.1:1", "DBUS_SYSTEM_BUS_ADDRESS=unix:path="+bait+"/bus")
	if !ready {
		t.Fatalf("not started:\n%s", p.log.String())
	}
	if code, reply := op1.ask(t, p.address, "POST", ipc.PathUp, `{"profile":"office"}`); code != "" {
		t.Error(reply)
	}
	if code, reply := op1.ask(t, p.address, "POST", ipc.PathDown, `{}`); code != "" {
		t.Error(reply)
	}
	p.stop(t)
	left, err := os.ReadDir(bait)
	must(t, err)
	if len(left) != 1 {
		t.Errorf("files were made: %v", left)
	}
}

// TestNamesOfProfiles: what is no name of a profile is none for anybody, and no file is looked for.
func TestNamesOfProfiles(t *testing.T) {
	s := serve(t)
	writeProfile(t, s.dir, "office", goodProfile)
	for _, name := range []string{"../x", "../office", "/etc/passwd", "a/b", `a\b`, "CON", "nul.toml/", "office\x00", "x\x00y",
		strings.Repeat("a", 300), "\u202eoffice", "office ", " office", ".office", "-office", "off:ice", `\\h\s`, "Office",
		"office\n", "%6fffice", "", ".", "..", "ofﬁce"} {
		if code := s.raw(t, root, "POST", ipc.PathUp, string(mustJSON(t, ipc.Up{Profile: name}))); code != ipc.ProfileUnknown {
			t.Errorf("%q: %q", name, code)
		}
	}
	if calls := s.done(); len(calls) != 0 {
		t.Errorf("the session was asked: %v", calls)
	}
}
