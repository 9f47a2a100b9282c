//go:build interop && linux

package interop

import (
	"context"
	"fmt"
	"io"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// pings is a ping that runs for as long as a test looks at it.
type pings struct {
	out  syncBuffer
	cmd  *exec.Cmd
	stop io.Closer
}

// echo is one question that was answered.
type echo struct {
	seq       int
	sent, got time.Time
}

const tenASecond = 100 * time.Millisecond

// ping asks to ten times a second, until the test ends.
func (h host) ping(t testing.TB, to string) *pings {
	t.Helper()
	p := &pings{cmd: h.command(context.Background(), filepath.Join(bin, "blob"), "ping", to,
		fmt.Sprint(tenASecond.Milliseconds()))}
	in, err := p.cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	p.stop, p.cmd.Stdout, p.cmd.Stderr = in, &p.out, &p.out
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		p.stop.Close()
		if err := p.cmd.Wait(); err != nil {
			t.Errorf("ping %s: %v\n%s", to, err, p.out.String())
		}
	})
	eventually(t, 5*time.Second, "a first ping is answered", func() bool { return len(p.answers(t)) > 0 })
	return p
}

// answers are those so far, as they came.
func (p *pings) answers(t testing.TB) []echo {
	text := p.out.String()
	text = text[:strings.LastIndexByte(text, '\n')+1]
	var all []echo
	for line := range strings.Lines(text) {
		var e echo
		var sent, got int64
		if _, err := fmt.Sscan(line, &e.seq, &sent, &got); err != nil {
			t.Fatalf("ping says %q", line)
		}
		e.sent, e.got = time.Unix(0, sent), time.Unix(0, got)
		all = append(all, e)
	}
	return all
}

// silence is the longest time between two answers, from the last one before a moment on. What is not over yet counts.
func (p *pings) silence(t testing.TB, from time.Time) time.Duration {
	var longest time.Duration
	last := from
	for _, e := range p.answers(t) {
		if e.got.After(from) && !last.IsZero() {
			longest = max(longest, e.got.Sub(last))
		}
		last = e.got
	}
	return max(longest, time.Since(last))
}

// flows says that everything asked in the last half second was answered, but for what may be on its way.
func (p *pings) flows(t testing.TB) bool {
	all := p.answers(t)
	recent := slices.IndexFunc(all, func(e echo) bool { return time.Since(e.sent) < 600*time.Millisecond })
	return recent >= 0 && len(all)-recent >= 4
}

// lost counts the questions without an answer that were asked between two moments. Where it is silent at the end, the
// clock tells how many there were.
func (p *pings) lost(t testing.TB, from, to time.Time) int {
	var first, last, n int
	begin, end := to, from
	for _, e := range p.answers(t) {
		if e.sent.Before(from) || e.sent.After(to) {
			continue
		}
		if n == 0 || e.seq < first {
			first, begin = e.seq, e.sent
		}
		if e.seq > last {
			last, end = e.seq, e.sent
		}
		n++
	}
	if n == 0 {
		return int(to.Sub(from) / tenASecond)
	}
	around := int(begin.Sub(from)/tenASecond) + int(to.Sub(end)/tenASecond)
	return last - first + 1 - n + around
}

// first is how long after a moment the first question asked since then was answered, 0 for not yet.
func (p *pings) first(t testing.TB, from time.Time) time.Duration {
	for _, e := range p.answers(t) {
		if e.sent.After(from) {
			return e.got.Sub(from)
		}
	}
	return 0
}
