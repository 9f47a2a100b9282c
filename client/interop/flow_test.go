//go:build interop && linux

package interop

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// stream is a TCP stream with checksums that runs beside what a test does.
type stream struct {
	out  syncBuffer
	cmd  *exec.Cmd
	done chan error
}

// streamed is what came of one.
type streamed struct {
	bytes       int64
	longest     time.Duration
	until       string // when that ended, as the logs write it
	connections int
}

// modest is a rate in bytes a second that leaves the machine to the others.
const modest = 1 << 20

// stream starts one: flow ends with the first trouble, again begins anew.
func (h host) stream(t testing.TB, verb, to string, long time.Duration) *stream {
	t.Helper()
	s := &stream{done: make(chan error, 1)}
	s.cmd = h.command(context.Background(), filepath.Join(bin, "blob"), verb, to, fmt.Sprint(int(long.Seconds())),
		fmt.Sprint(modest))
	s.cmd.Stdout, s.cmd.Stderr = &s.out, &s.out
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { s.done <- s.cmd.Wait() }()
	t.Cleanup(func() { s.cmd.Process.Kill() })
	return s
}

// end tells it to stop, and what came of it.
func (s *stream) end(t testing.TB) streamed {
	t.Helper()
	s.cmd.Process.Signal(syscall.SIGTERM)
	return s.wait(t, 40*time.Second)
}

// wait is for its end. Bytes that changed fail the test.
func (s *stream) wait(t testing.TB, within time.Duration) (r streamed) {
	t.Helper()
	select {
	case err := <-s.done:
		if err != nil {
			t.Errorf("the stream ended with %v: %s", err, s.out.String())
			return r
		}
	case <-time.After(within):
		t.Errorf("the stream did not end within %v: %s", within, s.out.String())
		return r
	}
	var took, longest string
	if _, err := fmt.Sscanf(s.out.String(), "flow %d bytes in %s longest pause %s until %s connections %d", &r.bytes, &took,
		&longest, &r.until, &r.connections); err != nil {
		t.Fatalf("the stream says %q: %v", s.out.String(), err)
	}
	var err error
	if r.longest, err = time.ParseDuration(longest[:len(longest)-1]); err != nil { // without the comma
		t.Fatalf("the stream says %q: %v", s.out.String(), err)
	}
	return r
}
