package service

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"ezvpn/service/ipc"
)

// roleVar tells this test binary what it is to be when it is started once more.
const roleVar = "EZVPN_TEST_ROLE"

func init() {
	switch role, rest, _ := strings.Cut(os.Getenv(roleVar), ":"); role {
	case "daemon":
		os.Exit(daemonRole(rest))
	case "ask":
		os.Exit(askRole(rest))
	}
}

// daemonRole is ezvpnd as it is, in a network of its own, with its own idea of who is in the group.
func daemonRole(dir string) int {
	go func() { io.Copy(io.Discard, os.Stdin); os.Exit(4) }() // the test ended without its clean-up
	log := slog.New(slog.NewTextHandler(os.Stderr, nil))
	for _, limit := range strings.Fields(os.Getenv("EZVPN_TEST_LIMIT")) {
		kind := map[string]int{"nofile": unix.RLIMIT_NOFILE, "fsize": unix.RLIMIT_FSIZE, "as": unix.RLIMIT_AS}
		name, value, _ := strings.Cut(limit, "=")
		n := map[string]uint64{"0": 0, "8": 8, "64M": 64 << 20}[value]
		if err := syscall.Setrlimit(kind[name], &syscall.Rlimit{Cur: n, Max: n}); err != nil {
			log.Error("limit", "err", err)
			return 3
		}
	}
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		log.Error("private mounts", "err", err)
		return 3
	}
	if err := unix.Mount(filepath.Join(dir, "group"), "/etc/group", "", unix.MS_BIND, ""); err != nil {
		log.Error("own groups", "err", err)
		return 3
	}
	if err := deadEnd(); err != nil {
		log.Error("network", "err", err)
		return 3
	}
	state := filepath.Join(dir, "state")
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	d, err := Open(Options{Profiles: filepath.Join(dir, "profiles.d"), Socket: filepath.Join(dir, "run", "s"), State: state,
		Log: log, Platform: Platform(state, log)})
	if err != nil {
		log.Error("not started", "err", err)
		return 1
	}
	if err := d.Run(ctx); err != nil {
		log.Error("ended", "err", err)
		return 1
	}
	return 0
}

// deadEnd is a network in which the gateway of the profile never answers.
func deadEnd() error {
	if err := netlink.LinkAdd(&netlink.Veth{LinkAttrs: netlink.LinkAttrs{Name: "up0"}, PeerName: "up1"}); err != nil {
		return err
	}
	for _, name := range []string{"lo", "up0", "up1"} {
		l, err := netlink.LinkByName(name)
		if err == nil {
			err = netlink.LinkSetUp(l)
		}
		if err == nil && name == "up0" {
			err = errors.Join(netlink.AddrAdd(l, &netlink.Addr{IPNet: netlink.NewIPNet(net.IPv4(192, 0, 2, 2))}),
				netlink.RouteAdd(&netlink.Route{LinkIndex: l.Attrs().Index, Gw: net.IPv4(192, 0, 2, 3), Flags: int(netlink.FLAG_ONLINK)}),
				netlink.NeighAdd(&netlink.Neigh{LinkIndex: l.Attrs().Index, IP: net.IPv4(192, 0, 2, 3), State: netlink.NUD_PERMANENT,
					HardwareAddr: net.HardwareAddr{2, 0, 0, 0, 0, 1}}))
		}
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

// askRole is a program of somebody's that asks for the profiles.
func askRole(address string) int {
	c, err := net.Dial("unix", address)
	if err != nil {
		fmt.Println(err)
		return 1
	}
	defer c.Close()
	io.WriteString(c, "GET /v1/profiles HTTP/1.1\r\nHost: ezvpn\r\nEzvpn-Api: 1\r\nConnection: close\r\n\r\n")
	fmt.Printf("uid %d: ", os.Geteuid())
	io.Copy(os.Stdout, c)
	return 0
}

// process is a daemon of its own.
type process struct {
	dir, address string
	cmd          *exec.Cmd
	log          bytes.Buffer // complete after ended
	ended        chan error
}

// again is this test binary in another role.
func again(role string, env ...string) *exec.Cmd {
	c := exec.Command("/proc/self/exe", "-test.run=^$")
	c.Env = append(append(os.Environ(), env...), roleVar+"="+role)
	return c
}

// ezvpnGID is the group ezvpn, as far as the daemon under test is told.
const ezvpnGID = 70500

var (
	stranger = person{uid: 65534, gid: 65533}
	op1      = person{uid: 70001, gid: 70001, groups: []uint32{ezvpnGID}}
	op2      = person{uid: 70002, gid: 70002, groups: []uint32{4, ezvpnGID}}
	theRoot  = person{}
)

// place makes the directories of a daemon, open to all as those of the real one are.
func place(t *testing.T) string {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("NOT ROOT: callers of other users were not tested")
	}
	dir := t.TempDir()
	for d := dir; strings.HasPrefix(d, os.TempDir()+"/"); d = filepath.Dir(d) {
		must(t, os.Chmod(d, 0o755))
	}
	must(t, os.Mkdir(filepath.Join(dir, "profiles.d"), 0o755))
	must(t, os.WriteFile(filepath.Join(dir, "group"), []byte("root:x:0:\nezvpn:x:70500:\n"), 0o644))
	writeProfile(t, filepath.Join(dir, "profiles.d"), "office", goodProfile)
	return dir
}

// launch starts a daemon and waits until it serves, or has ended: then ready is false.
func launch(t *testing.T, dir string, env ...string) (p *process, ready bool) {
	t.Helper()
	p = &process{dir: dir, address: filepath.Join(dir, "run", "s"), ended: make(chan error, 1)}
	p.cmd = again("daemon:"+dir, env...)
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: unix.CLONE_NEWNET | unix.CLONE_NEWNS}
	out, err := p.cmd.StderrPipe()
	must(t, err)
	p.cmd.Stdout = p.cmd.Stderr
	_, err = p.cmd.StdinPipe() // open until the process was waited for
	must(t, err)
	must(t, p.cmd.Start())
	up, read := make(chan bool, 1), make(chan bool)
	go func() {
		defer close(read)
		for s := bufio.NewScanner(out); s.Scan(); {
			p.log.WriteString(s.Text() + "\n")
			if strings.Contains(s.Text(), "msg=ready") {
				up <- true
			}
		}
	}()
	go func() { <-read; p.ended <- p.cmd.Wait(); close(p.ended) }()
	t.Cleanup(func() {
		p.cmd.Process.Signal(syscall.SIGTERM)
		<-p.ended
		<-read
	})
	select {
	case <-up:
		return p, true
	case <-read:
		return p, false
	}
}

// daemon is one that serves.
func daemon(t *testing.T) *process {
	t.Helper()
	p, ready := launch(t, place(t))
	if !ready {
		t.Fatalf("the daemon ended:\n%s", p.log.String())
	}
	return p
}

// stop ends the daemon and gives its log.
func (p *process) stop(t *testing.T) string {
	t.Helper()
	must(t, p.cmd.Process.Signal(syscall.SIGTERM))
	if err := <-p.ended; err != nil {
		t.Errorf("the daemon ended with %v", err)
	}
	return p.log.String()
}

// person is somebody on this machine, as far as the kernel is concerned.
type person struct {
	uid, gid int
	groups   []uint32
}

// does runs f on a thread that is this person's. The thread ends with it.
func (p person) does(t testing.TB, f func()) {
	t.Helper()
	done := make(chan unix.Errno, 1)
	go func() {
		runtime.LockOSThread() // and never unlocked
		_, _, errno := unix.RawSyscall(unix.SYS_SETGROUPS, uintptr(len(p.groups)), uintptr(unsafe.Pointer(unsafe.SliceData(p.groups))), 0)
		if errno == 0 {
			_, _, errno = unix.RawSyscall(unix.SYS_SETRESGID, ^uintptr(0), uintptr(p.gid), ^uintptr(0))
		}
		if errno == 0 {
			_, _, errno = unix.RawSyscall(unix.SYS_SETRESUID, ^uintptr(0), uintptr(p.uid), ^uintptr(0))
		}
		if errno == 0 {
			f()
		}
		done <- errno
	}()
	if errno := <-done; errno != 0 {
		t.Fatalf("becoming user %d: %v", p.uid, errno)
	}
}

// dial connects as this person.
func (p person) dial(t testing.TB, address string) (c net.Conn, err error) {
	p.does(t, func() { c, err = net.Dial("unix", address) })
	return c, err
}

// ask sends one request over a connection of this person's, and gives the code of the refusal, "" for none, and what
// came; of a stream, its first line.
func (p person) ask(t testing.TB, address, method, path, body string) (string, string) {
	t.Helper()
	c, err := p.dial(t, address)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	return over(t, c, method, path, body)
}

// over is ask over a connection that there is.
func over(t testing.TB, c net.Conn, method, path, body string) (string, string) {
	t.Helper()
	c.SetDeadline(time.Now().Add(30 * time.Second))
	r, err := http.NewRequest(method, "http://"+ipc.Host+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set(ipc.HeaderAPI, "1")
	r.Header.Set("Content-Type", "application/json")
	if err := r.Write(c); err != nil {
		t.Fatal(err)
	}
	res, err := http.ReadResponse(bufio.NewReader(c), r)
	if err != nil {
		t.Fatalf("%s %s: %v", method, path, err)
	}
	if res.StatusCode == http.StatusOK && res.Header.Get("Content-Type") == "application/x-ndjson" {
		line, _ := bufio.NewReader(res.Body).ReadString('\n')
		return "", line
	}
	defer res.Body.Close()
	var reply struct{ Error *ipc.Error }
	var raw json.RawMessage
	if err := json.NewDecoder(res.Body).Decode(&raw); err != nil {
		t.Fatalf("%s %s: %v", method, path, err)
	}
	if json.Unmarshal(raw, &reply) == nil && reply.Error != nil {
		return reply.Error.Code, string(raw)
	}
	return "", string(raw)
}
