package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

var target = regexp.MustCompile(`(?m)^func (Fuzz\w+)\(`)

// fuzz runs one target after the other; go test takes only one at a time.
func fuzz(log, long string) error {
	return filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == "build" || path != "." && strings.HasPrefix(d.Name(), ".")):
			return fs.SkipDir
		case !strings.HasSuffix(path, "_test.go"):
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for _, m := range target.FindAllSubmatch(text, -1) {
			dir, name := filepath.Dir(path), string(m[1])
			err := step(log, "fuzz "+dir+" "+name, []string{goCommand(), "test", "-buildvcs=false", "-run", "^$",
				"-fuzz", "^" + name + "$", "-fuzztime", long, "-fuzzminimizetime", "1x", "-parallel", "2", "./" + dir}, timeIsUp)
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// goCommand is the go of the Makefile.
func goCommand() string {
	if g := os.Getenv("GO"); g != "" {
		return g
	}
	return "go"
}

// timeIsUp says that nothing failed but the clock: on a busy machine go test takes the end of -fuzztime for a failure of
// the input it was busy with. A real one is written to testdata, and said.
func timeIsUp(output string) bool {
	return strings.Contains(output, "context deadline exceeded") && !strings.Contains(output, "Failing input written")
}
