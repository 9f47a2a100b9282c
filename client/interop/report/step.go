package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"time"
)

// event is one line of `go test -json`.
type event struct {
	Action     string
	Package    string  `json:",omitempty"`
	ImportPath string  `json:",omitempty"`
	Test       string  `json:",omitempty"`
	Elapsed    float64 `json:",omitempty"` // seconds
	Output     string  `json:",omitempty"`
}

// checks is the package of the steps that are no tests.
const checks = "checks"

// step runs a command and appends its events to the log. excuse, where it is not nil, looks at the output of a command
// that failed and may call it passed.
func step(log, name string, args []string, excuse func(output string) bool) error {
	f, err := os.OpenFile(log, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o644)
	if err != nil {
		return err
	}
	defer f.Close()
	signal.Ignore(os.Interrupt) // the command gets it too, and needs us until it has cleaned up
	fmt.Println("==", name)
	begin := time.Now()
	c := exec.Command(args[0], args[1:]...)
	r, w := io.Pipe()
	c.Stdout, c.Stderr = w, w
	ended := make(chan error, 1)
	go func() {
		err := c.Run()
		ended <- err
		w.Close()
	}()
	rec := recorder{log: json.NewEncoder(f), show: os.Stdout, output: map[string][]string{}}
	var said bytes.Buffer
	rec.take(io.TeeReader(r, &said))
	if err = <-ended; err != nil && excuse != nil && excuse(said.String()) {
		err = nil
	}
	if rec.tests == 0 || err != nil && rec.fails == 0 {
		e := event{Action: "pass", Package: checks, Test: name, Elapsed: time.Since(begin).Seconds()}
		if err != nil {
			e.Action = "fail"
			fmt.Printf("%s: %v\n", name, err)
		}
		rec.log.Encode(e)
	}
	return nil
}

// recorder keeps the events, and shows what a person wants to see while it goes on.
type recorder struct {
	log          *json.Encoder
	show         io.Writer
	output       map[string][]string // of tests that still run
	tests, fails int                 // events
}

func (r *recorder) take(from io.Reader) {
	lines := bufio.NewReader(from)
	for {
		line, err := lines.ReadString('\n')
		var e event
		if strings.HasPrefix(line, "{") && json.Unmarshal([]byte(line), &e) == nil && e.Action != "" {
			r.log.Encode(e)
			r.event(e)
		} else {
			io.WriteString(r.show, line)
		}
		if err != nil {
			return
		}
	}
}

func (r *recorder) event(e event) {
	key := e.Package + " " + e.Test
	switch e.Action {
	case "output":
		r.output[key] = append(r.output[key], e.Output)
	case "build-output":
		io.WriteString(r.show, e.Output)
	case "pass", "skip", "fail":
		r.tests++
		if e.Action == "fail" {
			r.fails++
			io.WriteString(r.show, strings.Join(r.output[key], ""))
		}
		if e.Test == "" {
			fmt.Fprintf(r.show, "%s  %s  %.1f s\n", e.Action, e.Package, e.Elapsed)
		}
		delete(r.output, key)
	}
}
