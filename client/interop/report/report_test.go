package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The lines are as `go test -json` documents them: one event an object, a package's result without Test.
const recorded = `{"Action":"run","Package":"a/client/interop","Test":"TestX"}
{"Action":"pass","Package":"a/client/interop","Test":"TestX/one","Elapsed":1}
{"Action":"fail","Package":"a/client/interop","Test":"TestX/two","Elapsed":2}
{"Action":"fail","Package":"a/client/interop","Test":"TestX"}
{"Action":"fail","Package":"a/client/interop"}
{"Action":"output","Package":"b","Test":"TestRoot","Output":"    b_test.go:1: needs root\n"}
{"Action":"output","Package":"b","Test":"TestRoot","Output":"--- SKIP: TestRoot (0.00s)\n"}
{"Action":"skip","Package":"b","Test":"TestRoot"}
{"Action":"pass","Package":"b"}
{"Action":"skip","Package":"without-tests"}
{"Action":"fail","Package":"does-not-build"}
{"Action":"pass","Package":"checks","Test":"gofmt"}
`

func TestSummary(t *testing.T) {
	log := filepath.Join(t.TempDir(), "log")
	if err := os.WriteFile(log, []byte(recorded), 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := read(log)
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	s.print(&out)
	for _, want := range []string{"pass  TestX/one ", "fail  TestX/two ", "needs root", "fail  does-not-build ", "pass  gofmt "} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in\n%s", want, out.String())
		}
	}
	if !strings.HasSuffix(out.String(), "\n2 passed, 2 failed, 1 skipped\n") {
		t.Errorf("last line is wrong in\n%s", out.String())
	}
}

func TestStep(t *testing.T) {
	log := filepath.Join(t.TempDir(), "log")
	for name, args := range map[string][]string{"good": {"true"}, "bad": {"false"}, "absent": {"./no-such-program"}} {
		if err := step(log, name, args, nil); err != nil {
			t.Fatal(err)
		}
	}
	s, err := read(log)
	if err != nil {
		t.Fatal(err)
	}
	if s.count("pass") != 1 || s.failed() != 2 {
		t.Errorf("%d passed and %d failed, want 1 and 2", s.count("pass"), s.failed())
	}
}

// The end of the time is no failure; a failing input is one, whatever is said beside it.
func TestTimeIsUp(t *testing.T) {
	for output, want := range map[string]bool{
		"--- FAIL: FuzzX (5.24s)\n    context deadline exceeded\nFAIL\n":                                            true,
		"--- FAIL: FuzzX (1s)\n    Failing input written to testdata/fuzz/FuzzX/1\ncontext deadline exceeded\nFAIL": false,
		"panic: index out of range": false,
	} {
		if got := timeIsUp(output); got != want {
			t.Errorf("%q: %v", output, got)
		}
	}
}
