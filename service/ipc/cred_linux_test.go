package ipc

import (
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// as runs f on a thread with another user and group, as far as the kernel is concerned. The thread ends with it.
func as(t *testing.T, uid, gid int, groups []uint32, f func()) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("NOT ROOT: callers of other users were not tested")
	}
	done := make(chan unix.Errno, 1)
	go func() {
		runtime.LockOSThread() // and never unlocked
		_, _, errno := unix.RawSyscall(unix.SYS_SETGROUPS, uintptr(len(groups)), uintptr(pointer(groups)), 0)
		if errno == 0 {
			_, _, errno = unix.RawSyscall(unix.SYS_SETRESGID, ^uintptr(0), uintptr(gid), ^uintptr(0))
		}
		if errno == 0 {
			_, _, errno = unix.RawSyscall(unix.SYS_SETRESUID, ^uintptr(0), uintptr(uid), ^uintptr(0))
		}
		if errno == 0 {
			f()
		}
		done <- errno
	}()
	if errno := <-done; errno != 0 {
		t.Fatalf("becoming another user: %v", errno)
	}
}

// TestCallerIsTheKernelsWord: user and groups are those that the caller had when it connected.
func TestCallerIsTheKernelsWord(t *testing.T) {
	callers := make(chan Caller, 1)
	_, address := start(t, Identify, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, err := CallerOf(r.Context())
		if err != nil {
			t.Error(err)
		}
		callers <- c
		Reply(w, Version{API: API})
	}))
	ask := func(c net.Conn) Caller {
		c.Write([]byte("GET /v1/version HTTP/1.1\r\nHost: ezvpn\r\nX-User: 0\r\n\r\n"))
		return <-callers
	}
	own, err := net.Dial("unix", address)
	if err != nil {
		t.Fatal(err)
	}
	defer own.Close()
	if got := ask(own); got.User != strconv.Itoa(os.Geteuid()) || !got.Admin {
		t.Errorf("the daemon's own user is %+v", got)
	}
	// The socket's path must be open to the other user.
	for d := filepath.Dir(address); strings.HasPrefix(d, os.TempDir()+"/"); d = filepath.Dir(d) {
		if err := os.Chmod(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	var other net.Conn
	many := make([]uint32, 100) // more than the first guess of peerGroups
	for i := range many {
		many[i] = uint32(70000 + i)
	}
	as(t, 65534, 65533, many, func() { other, err = net.Dial("unix", address) })
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	got := ask(other)
	if got.User != "65534" || got.Admin || got.Groups[0] != "65533" || len(got.Groups) != 101 ||
		!slices.Contains(got.Groups, "70099") {
		t.Errorf("user 65534 is %+v", got)
	}
	if !strings.Contains(got.Label(), "65534") {
		t.Errorf("the label %q does not tell users apart", got.Label())
	}
}

// TestRogueServer: a password does not go to a process of another user that took the socket's place.
func TestRogueServer(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	var l net.Listener
	var err error
	dir := filepath.Dir(path)
	if err := os.Chmod(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	for d := filepath.Dir(dir); strings.HasPrefix(d, os.TempDir()+"/"); d = filepath.Dir(d) {
		if err := os.Chmod(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	as(t, 65534, 65533, nil, func() { l, err = net.Listen("unix", path) })
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	heard := make(chan int, 1)
	go func() {
		c, err := l.Accept()
		if err != nil {
			heard <- -1
			return
		}
		defer c.Close()
		n, _ := c.Read(make([]byte, 100))
		heard <- n
	}()
	cl := NewClient(path)
	defer cl.Close()
	_, err = cl.Up(t.Context(), Up{Profile: "office", Answers: Fields{"password": "x"}})
	if codeOf(err) != WrongServer {
		t.Errorf("%v", err)
	}
	if n := <-heard; n != 0 {
		t.Errorf("%d bytes went to the other process", n)
	}
}
