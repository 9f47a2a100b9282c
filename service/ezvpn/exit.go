package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"ezvpn/client/status"
	"ezvpn/service/ipc"
)

// The exit codes are part of the command's contract: see the help of ezvpn.
const (
	exitBug         = 1
	exitUsage       = 2
	exitUnreachable = 3
	exitRights      = 4
	exitProfile     = 5
	exitFailed      = 6
	exitTimeout     = 7
	exitInterrupted = 130
)

const exitHelp = `Exit codes:
  0    done; for up: the tunnel is up; for debug also: ended with Ctrl-C
  1    a bug, or an answer of the service that was not expected
  2    wrong usage
  3    the service cannot be reached, or is of another release
  4    you may not do this, or management locks it
  5    the profile, or a key of it, is wrong; or there is none of that name
  6    the connect failed; the reason and the next step are printed; for clear: no session matched;
       for status --check ready: the tunnel is not up; for doctor: something stands in the way
  7    not up within --wait; the service goes on trying
  130  interrupted; the connect was given up, or a question was answered with no`

// failure is what a command ends with: what to say, what to do next, and the exit code.
type failure struct {
	code     int
	sentence string
	evidence []string
	next     string
}

func (f *failure) Error() string { return f.sentence }

var codeOf = map[string]int{
	ipc.Unreachable: exitUnreachable, ipc.WrongServer: exitUnreachable, ipc.Stopping: exitUnreachable,
	ipc.VersionMismatch: exitUnreachable, ipc.BadReply: exitUnreachable, ipc.TooMany: exitUnreachable,
	ipc.NotAllowed: exitRights, ipc.NotOwner: exitRights, ipc.NotIdentified: exitRights,
	ipc.ProfileUnknown: exitProfile, ipc.ProfileError: exitProfile, ipc.ProfileExists: exitProfile,
	ipc.KeyLocked: exitRights, ipc.KeyUnknown: exitProfile,
	ipc.Busy: exitFailed, ipc.NotReady: exitFailed, ipc.NoPrompt: exitFailed,
}

// failed makes a failure of any error. What is not one of ours came from cobra: wrong usage.
func failed(err error) *failure {
	var f *failure
	if errors.As(err, &f) {
		return f
	}
	var e *ipc.Error
	if errors.As(err, &e) {
		code, ok := codeOf[e.Code]
		if !ok {
			code = exitBug
		}
		return &failure{code: code, sentence: status.Filter(e.Sentence), next: status.Filter(e.Next)}
	}
	switch {
	case errors.Is(err, context.Canceled):
		return &failure{code: exitInterrupted, sentence: "interrupted"}
	case errors.Is(err, context.DeadlineExceeded):
		return &failure{code: exitUnreachable, sentence: "the service did not answer in time", next: "look at its log"}
	}
	return &failure{code: exitUsage, sentence: err.Error(), next: "see: ezvpn --help"}
}

// diagnosed tells why a session is not up, from the one diagnosis that every surface shows.
func diagnosed(code int, what string, d *status.Diagnosis) *failure {
	if d == nil {
		return &failure{code: code, sentence: what, next: "see what happened: ezvpn status"}
	}
	f := &failure{code: code, sentence: what + ": " + status.FilterLine(d.Sentence), next: status.FilterLine(d.Next)}
	for _, e := range d.Evidence {
		f.evidence = append(f.evidence, status.FilterLine(e))
	}
	return f
}

// print is the one place where a command says what went wrong.
func (a *app) print(f *failure) {
	fmt.Fprintf(a.err, "ezvpn: %s\n", a.red(strings.ReplaceAll(f.sentence, "\n", "\n  ")))
	for _, e := range f.evidence {
		fmt.Fprintf(a.err, "  - %s\n", e)
	}
	if f.next != "" {
		fmt.Fprintf(a.err, "  next: %s\n", f.next)
	}
}
