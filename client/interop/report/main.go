// Report runs the steps of `make test`, records what came of them, and sums it up.
//
//	report run LOG NAME CMD...    run CMD; NAME is the result if it is no `go test -json`
//	report fuzz LOG TIME          run each fuzz target of the module for TIME
//	report sum LOG                print the summary; exit code 1 if anything failed
//
// A step that fails does not stop the others: run and fuzz end with exit code 0. LOG holds one JSON object a line, in
// the form of `go test -json`.
package main

import (
	"errors"
	"fmt"
	"os"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "report:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	switch {
	case len(args) >= 4 && args[0] == "run":
		return step(args[1], args[2], args[3:], nil)
	case len(args) == 3 && args[0] == "fuzz":
		return fuzz(args[1], args[2])
	case len(args) == 2 && args[0] == "sum":
		s, err := read(args[1])
		if err != nil {
			return err
		}
		s.print(os.Stdout)
		if s.failed() > 0 {
			return errors.New("not everything passed")
		}
		return nil
	}
	return errors.New("usage: report run LOG NAME CMD... | fuzz LOG TIME | sum LOG")
}
