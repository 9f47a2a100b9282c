package host

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// resolvconfEntry is the name under which resolvconf keeps our servers. Debian's resolvconf orders entries by name,
// and those that begin with "tun." come before Ethernet and Wi-Fi.
const resolvconfEntry = "tun.ezvpn"

const resolvconfTime = 20 * time.Second // it may restart a local name server

// resolvconf carries name service by openresolv or by Debian's resolvconf. The program is run by its path, with our
// fixed arguments, a fixed environment, and the servers on its standard input: no shell reads what a gateway sent.
type resolvconf struct{ find func() string }

func (r resolvconf) carrier() carrier { return carrier{set: r.set, clear: r.clear} }

func (r resolvconf) set(rec dnsRecord) error {
	args := []string{"-a", resolvconfEntry}
	if r.open() {
		args = append(args, "-m", "0")
		if rec.DNS.Mode == DNSFull {
			args = append(args, "-x")
		}
	}
	return r.run(renderEntry(rec.DNS), args...)
}

func (r resolvconf) clear(dnsRecord) (string, error) {
	if r.find() == "" {
		return "resolvconf is no longer installed; its entry " + resolvconfEntry + " could not be taken back", nil
	}
	if r.open() {
		return "", r.run(nil, "-f", "-d", resolvconfEntry)
	}
	return "", r.run(nil, "-d", resolvconfEntry)
}

// open tells openresolv from Debian's program, which does not know --version.
func (r resolvconf) open() bool {
	ctx, cancel := context.WithTimeout(context.Background(), resolvconfTime)
	defer cancel()
	out, err := r.command(ctx, nil, "--version").CombinedOutput()
	return err == nil && bytes.Contains(out, []byte("openresolv"))
}

func (r resolvconf) run(in []byte, args ...string) error {
	ctx, cancel := context.WithTimeout(context.Background(), resolvconfTime)
	defer cancel()
	out, err := r.command(ctx, in, args...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("resolvconf %s: %w: %q", args[0], err, out[:min(len(out), 200)])
	}
	return nil
}

func (r resolvconf) command(ctx context.Context, in []byte, args ...string) *exec.Cmd {
	path := r.find()
	if path == "" {
		path = "/sbin/resolvconf" // gone since it was chosen; its absence is then the error
	}
	c := exec.CommandContext(ctx, path, args...)
	c.Env = []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C"}
	c.Dir = "/"
	c.Stdin = bytes.NewReader(in)
	c.WaitDelay = time.Second
	return c
}

// renderEntry is what resolvconf takes: lines of resolv.conf.
func renderEntry(d DNS) []byte {
	var b strings.Builder
	names := append([]string{}, d.Search...)
	if d.Mode == DNSSplit {
		names = append(names, d.Domains...)
	}
	if names = searchList(names); len(names) > 0 {
		b.WriteString("search " + strings.Join(names, " ") + "\n")
	}
	for _, a := range d.Servers[:min(len(d.Servers), maxFileServers)] {
		b.WriteString("nameserver " + a.String() + "\n")
	}
	return []byte(b.String())
}

// findResolvconf looks where the system keeps it. A link to resolvectl only speaks to systemd-resolved, which is asked
// directly; a program that others may write is not run.
func findResolvconf() string {
	for _, path := range []string{"/usr/sbin/resolvconf", "/sbin/resolvconf", "/usr/bin/resolvconf"} {
		real, err := filepath.EvalSymlinks(path)
		if err != nil || filepath.Base(real) == "resolvectl" {
			continue
		}
		if err := trusted(real); err == nil {
			return real
		}
	}
	return ""
}

func trusted(path string) error {
	fi, err := os.Lstat(path)
	if err != nil {
		return err
	}
	st, ok := fi.Sys().(*syscall.Stat_t)
	if !ok || st.Uid != 0 || !fi.Mode().IsRegular() || fi.Mode().Perm()&0o022 != 0 || fi.Mode().Perm()&0o100 == 0 {
		return errors.New("not a program of root alone")
	}
	return nil
}
