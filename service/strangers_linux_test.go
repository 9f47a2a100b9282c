package service

import (
	"encoding/json"
	"net"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"ezvpn/service/ipc"
)

// TestLevelsOfRealUsers asks a real daemon for every verb as users of the machine: one without rights, two of the group
// (which they hold as a supplementary group only), and root; while nobody has a session, and while the first does.
func TestLevelsOfRealUsers(t *testing.T) {
	p := daemon(t)
	people := map[string]person{"stranger": stranger, "op1": op1, "op2": op2, "root": theRoot}
	const office = `{"profile":"office"}`
	for _, session := range []bool{false, true} {
		if session {
			if code, reply := op1.ask(t, p.address, "POST", ipc.PathUp, office); code != "" {
				t.Fatalf("op1 connects: %s", reply)
			}
		}
		for _, v := range verbs {
			for name, who := range people {
				if v.path == ipc.PathUp && !session || session && name != "stranger" && name != "op2" {
					continue // it would succeed, and change what the others see
				}
				body := ""
				if in := shapes[v.path].in; in != nil {
					body = string(mustJSON(t, reflect.Zero(in).Interface()))
				}
				code, reply := who.ask(t, p.address, v.method, v.path, body)
				want := name == "stranger" && v.level != Look || name != "root" && v.level == Administer ||
					name == "op2" && session && v.level == Own
				if got := code == ipc.NotAllowed || code == ipc.NotOwner; got != want {
					t.Errorf("%s by %s, session %v: %s", v.path, name, session, reply)
				}
			}
		}
	}
	if _, reply := op2.ask(t, p.address, "GET", ipc.PathStatus, ""); strings.Contains(reply, "office") || strings.Contains(reply, "70001") || strings.Contains(reply, "192.0.2.1") {
		t.Errorf("op2 sees of op1's session: %s", reply)
	}
	if code, reply := op2.ask(t, p.address, "POST", ipc.PathUp, office); code != ipc.Busy || strings.Contains(reply, "70001") {
		t.Errorf("op2 connects: %s", reply)
	}
	if code, reply := op1.ask(t, p.address, "POST", ipc.PathDown, "{}"); code != "" {
		t.Errorf("op1 disconnects: %s", reply)
	}
	if log := p.stop(t); strings.Count(log, "msg=refused ") == 0 || strings.Contains(log, "panic") {
		t.Errorf("the log is\n%s", log)
	}
}

func mustJSON(t *testing.T, v any) []byte {
	t.Helper()
	b, err := json.Marshal(v)
	must(t, err)
	return b
}

// TestGroupIsLookedUpForEachCall: the group is taken away while a connection is open.
func TestGroupIsLookedUpForEachCall(t *testing.T) {
	p := daemon(t)
	c, err := op1.dial(t, p.address)
	must(t, err)
	defer c.Close()
	if code, reply := over(t, c, "GET", ipc.PathProfiles, ""); code != "" {
		t.Fatal(reply)
	}
	must(t, os.WriteFile(filepath.Join(p.dir, "group"), []byte("root:x:0:\n"), 0o644))
	if code, reply := over(t, c, "GET", ipc.PathProfiles, ""); code != ipc.NotAllowed {
		t.Errorf("without a group ezvpn: %s", reply)
	}
}

// TestPassedConnection: a connection is its maker's, whoever holds it later. One who hands it on hands on what he may
// do; one who gets it gains nothing that the maker has not, and a stranger's connection is a stranger's in root's hands.
func TestPassedConnection(t *testing.T) {
	p := daemon(t)
	for _, h := range []struct {
		from, to person
		want     string
	}{{stranger, theRoot, ipc.NotAllowed}, {stranger, op1, ipc.NotAllowed}, {op1, stranger, ""}} {
		pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
		must(t, err)
		c, err := h.from.dial(t, p.address)
		must(t, err)
		raw, err := c.(syscall.Conn).SyscallConn()
		must(t, err)
		h.from.does(t, func() {
			raw.Control(func(fd uintptr) { err = unix.Sendmsg(pair[0], []byte{0}, unix.UnixRights(int(fd)), nil, 0) })
		})
		must(t, err)
		c.Close()
		h.to.does(t, func() { err = receiveAndAsk(t, pair[1], h.want) })
		must(t, err)
		unix.Close(pair[0])
		unix.Close(pair[1])
	}
}

func receiveAndAsk(t *testing.T, pair int, want string) error {
	oob := make([]byte, unix.CmsgSpace(4))
	_, n, _, _, err := unix.Recvmsg(pair, make([]byte, 1), oob, unix.MSG_CMSG_CLOEXEC)
	if err != nil {
		return err
	}
	messages, err := unix.ParseSocketControlMessage(oob[:n])
	if err != nil {
		return err
	}
	fds, err := unix.ParseUnixRights(&messages[0])
	if err != nil {
		return err
	}
	defer unix.Close(fds[0])
	if err := unix.SetNonblock(fds[0], false); err != nil {
		return err
	}
	const request = "GET /v1/profiles HTTP/1.1\r\nHost: ezvpn\r\nEzvpn-Api: 1\r\nConnection: close\r\n\r\n"
	if _, err := unix.Write(fds[0], []byte(request)); err != nil {
		return err
	}
	answer, buf := "", make([]byte, 4096)
	for {
		n, err := unix.Read(fds[0], buf)
		if err != nil || n == 0 {
			break
		}
		answer += string(buf[:n])
	}
	if want == "" && !strings.Contains(answer, "office") || want != "" && !strings.Contains(answer, want) {
		t.Errorf("over a connection that was passed on: %s, want %q", answer, want)
	}
	return nil
}

// TestEffectiveUserDecides: as for a file, the effective user counts, so a program that is setuid root speaks as root
// and one that gave root up does not.
func TestEffectiveUserDecides(t *testing.T) {
	p := daemon(t)
	for want, ids := range map[string][2]int{ipc.NotAllowed: {0, stranger.uid}, "": {stranger.uid, 0}} {
		theRoot.does(t, func() {
			if _, _, errno := unix.RawSyscall(unix.SYS_SETRESUID, uintptr(ids[0]), uintptr(ids[1]), ^uintptr(0)); errno != 0 {
				t.Error(errno)
				return
			}
			c, err := net.Dial("unix", p.address)
			if err != nil {
				t.Error(err)
				return
			}
			defer c.Close()
			if code, reply := over(t, c, "GET", ipc.PathProfiles, ""); code != want {
				t.Errorf("real user %d, effective user %d: %s", ids[0], ids[1], reply)
			}
		})
	}
}

// TestRootOfAUserNamespace: root in a namespace of one's own is who one was outside.
func TestRootOfAUserNamespace(t *testing.T) {
	p := daemon(t)
	c := again("ask:" + p.address)
	c.SysProcAttr = &syscall.SysProcAttr{Cloneflags: unix.CLONE_NEWUSER,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: stranger.uid, Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: stranger.gid, Size: 1}},
		Credential:  &syscall.Credential{Uid: 0, Gid: 0}}
	out, err := c.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if s := string(out); !strings.Contains(s, "uid 0: ") || !strings.Contains(s, "but not use it") {
		t.Errorf("root of a namespace: %s", s)
	}
}

// TestWatchersOfOthers: while op1 has a session, op2's stream tells its state and nothing else, line by line.
func TestWatchersOfOthers(t *testing.T) {
	p := daemon(t)
	c, err := op2.dial(t, p.address)
	must(t, err)
	defer c.Close()
	_, err = c.Write([]byte("GET /v1/watch HTTP/1.1\r\nHost: ezvpn\r\nEzvpn-Api: 1\r\n\r\n"))
	must(t, err)
	if code, reply := op1.ask(t, p.address, "POST", ipc.PathUp, `{"profile":"office"}`); code != "" {
		t.Fatal(reply)
	}
	var seen string
	for buf := make([]byte, 4096); strings.Count(seen, `"serial"`) < 2; {
		n, err := c.Read(buf)
		must(t, err)
		seen += string(buf[:n])
	}
	if strings.Contains(seen, "office") || strings.Contains(seen, "192.0.2.1") || strings.Contains(seen, "70001") {
		t.Errorf("op2 was sent %s", seen)
	}
}
