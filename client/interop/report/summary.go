package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
)

// summary is what came of all tests. A test that has subtests is not counted itself, unless it failed and none of them
// did; likewise a package.
type summary struct {
	order   []string // keys of results as they ended
	results map[string]event
	why     map[string]string // what a skipped test said
}

func key(e event) string { return e.Package + " " + e.Test }

func read(log string) (*summary, error) {
	f, err := os.Open(log)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	s := &summary{results: map[string]event{}, why: map[string]string{}}
	d := json.NewDecoder(bufio.NewReader(f))
	for {
		var e event
		if err := d.Decode(&e); err == io.EOF {
			return s.leaves(), nil
		} else if err != nil {
			return nil, fmt.Errorf("%s: %w", log, err)
		}
		switch e.Action {
		case "output":
			if text := strings.TrimSpace(e.Output); !strings.HasPrefix(text, "---") && !strings.HasPrefix(text, "===") {
				s.why[key(e)] = text
			}
		case "pass", "fail", "skip":
			if _, ok := s.results[key(e)]; !ok {
				s.order = append(s.order, key(e))
			}
			s.results[key(e)] = e
		}
	}
}

// leaves drops what only sums up others.
func (s *summary) leaves() *summary {
	parents := map[string]string{} // of what failed or not: the worst of the children
	for _, k := range s.order {
		e := s.results[k]
		for up, ok := parent(e); ok; up, ok = parent(up) {
			if parents[key(up)] != "fail" {
				parents[key(up)] = e.Action
			}
		}
	}
	s.order = slices.DeleteFunc(s.order, func(k string) bool {
		e, below := s.results[k], parents[k]
		if e.Test == "" && below == "" {
			return e.Action != "fail" // a package without tests
		}
		return below != "" && (e.Action != "fail" || below == "fail")
	})
	return s
}

// parent is what a result is part of: the test of a subtest, the package of a test.
func parent(e event) (event, bool) {
	switch i := strings.LastIndexByte(e.Test, '/'); {
	case e.Test == "" || e.Package == checks:
		return event{}, false
	case i < 0:
		return event{Package: e.Package}, true
	default:
		return event{Package: e.Package, Test: e.Test[:i]}, true
	}
}

func (s *summary) count(action string) int {
	n := 0
	for _, k := range s.order {
		if s.results[k].Action == action {
			n++
		}
	}
	return n
}

func (s *summary) failed() int { return s.count("fail") }

func (s *summary) print(w io.Writer) {
	fmt.Fprintln(w, "\nAgainst strongSwan:")
	s.list(w, func(e event) bool { return strings.HasSuffix(e.Package, "/client/interop") })
	fmt.Fprintln(w, "\nChecks, builds and fuzzing:")
	s.list(w, func(e event) bool { return e.Package == checks })
	for _, action := range []string{"skip", "fail"} {
		if s.count(action) > 0 {
			fmt.Fprintf(w, "\n%s:\n", map[string]string{"skip": "Skipped", "fail": "Failed"}[action])
			s.list(w, func(e event) bool { return e.Action == action })
		}
	}
	fmt.Fprintf(w, "\n%d passed, %d failed, %d skipped\n", s.count("pass"), s.failed(), s.count("skip"))
}

func (s *summary) list(w io.Writer, want func(event) bool) {
	n := 0
	for _, k := range s.order {
		e := s.results[k]
		if !want(e) {
			continue
		}
		n++
		name := e.Test
		if name == "" || e.Package != checks && !strings.HasSuffix(e.Package, "/client/interop") {
			name = strings.TrimSpace(e.Package + " " + e.Test)
		}
		why := ""
		if e.Action == "skip" {
			why = "  " + s.why[k]
		}
		fmt.Fprintf(w, "  %s  %-48s %7.1f s%s\n", e.Action, name, e.Elapsed, why)
	}
	if n == 0 {
		fmt.Fprintln(w, "  none ran")
	}
}
