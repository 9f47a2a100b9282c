//go:build interop && linux

package interop

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

const script = "lab/ezt"

// host is a namespace of the network, with /run and /etc of its own.
type host string

const (
	behindNAT host = "client"
	direct    host = "direct"
)

// command is a program in the namespace. Its process is that of the program itself: no shell stays between.
func (h host) command(ctx context.Context, args ...string) *exec.Cmd {
	return exec.CommandContext(ctx, script, append([]string{"in", string(h)}, args...)...)
}

// result is what a program left.
type result struct {
	code     int
	out, err string
}

const tooLong = 3 * time.Minute // for any one program of a test

// try runs a program in the namespace to its end.
func (h host) try(t testing.TB, stdin string, args ...string) result {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), tooLong)
	defer cancel()
	c := h.command(ctx, args...)
	var out, errs bytes.Buffer
	c.Stdin, c.Stdout, c.Stderr = strings.NewReader(stdin), &out, &errs
	c.WaitDelay = time.Second
	err := c.Run()
	if c.ProcessState == nil {
		t.Fatalf("%s: %v: %v", h, args, err)
	}
	return result{code: c.ProcessState.ExitCode(), out: out.String(), err: errs.String()}
}

// run is try, for a program that must succeed.
func (h host) run(t testing.TB, args ...string) string {
	t.Helper()
	r := h.try(t, "", args...)
	if r.code != 0 {
		t.Fatalf("%s: %s: exit code %d\n%s%s", h, strings.Join(args, " "), r.code, r.out, r.err)
	}
	return r.out
}

func (h host) blob(t testing.TB, args ...string) string {
	t.Helper()
	return strings.TrimSpace(h.run(t, append([]string{filepath.Join(bin, "blob")}, args...)...))
}

// file is where a path under /run or /etc of the host is for the test.
func (h host) file(path string) string { return filepath.Join(lab, "run", string(h), path) }

// settings is what a tunnel changes on a machine, and has to put back.
func (h host) settings(t testing.TB) string {
	t.Helper()
	var all strings.Builder
	for _, args := range [][]string{
		{"-o", "addr"}, {"-4", "route", "show", "table", "all"}, {"-6", "route", "show", "table", "all"}, {"rule"},
		{"-6", "rule"}, {"-o", "link"},
	} {
		lines := strings.Split(h.run(t, append([]string{"ip"}, args...)...), "\n")
		slices.Sort(lines)
		all.WriteString("ip " + strings.Join(args, " ") + ":" + strings.Join(lines, "\n") + "\n")
	}
	b, err := os.ReadFile(h.file("etc/resolv.conf"))
	if err != nil {
		t.Fatal(err)
	}
	return all.String() + "resolv.conf:\n" + string(b)
}

// network asks the network's own script.
func network(t testing.TB, args ...string) string {
	t.Helper()
	c := exec.Command(script, args...)
	var errs bytes.Buffer
	c.Stderr = &errs
	out, err := c.Output()
	if err != nil {
		t.Fatalf("ezt %s: %v\n%s", strings.Join(args, " "), err, errs.String())
	}
	return string(out)
}

// eventually waits until ok holds; what says which event is awaited.
func eventually(t testing.TB, within time.Duration, what string, ok func() bool) {
	t.Helper()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(within); !ok(); <-tick.C {
		if time.Now().After(end) {
			t.Fatalf("not within %v: %s", within, what)
		}
	}
}
