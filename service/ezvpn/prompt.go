package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"

	"golang.org/x/term"

	"ezvpn/client/status"
	"ezvpn/service/ipc"
)

// asker puts the gateway's questions to a person at the terminal, or takes the answers from standard input.
type asker struct {
	tty   *os.File    // nil: not a terminal
	saved *term.State // of the terminal before the first question
	stdin bool
	lines *bufio.Reader
	err   io.Writer

	mu      sync.Mutex // guards all below
	reading bool
	dropped bool // somebody else answered what is being read
	problem error
}

func newAsker(a *app, stdin bool) *asker {
	k := &asker{stdin: stdin, lines: bufio.NewReader(a.in), err: a.err, tty: terminal(a.in)}
	if k.tty != nil {
		k.saved, _ = term.GetState(int(k.tty.Fd()))
	}
	return k
}

// ask returns an answer for each field. It blocks until somebody answers; nil is that somebody else did.
func (k *asker) ask(p status.Prompt) (ipc.Fields, error) {
	defer k.set(false)
	if !k.stdin && k.tty == nil {
		return nil, &failure{code: exitFailed, sentence: "the gateway asks for " + labels(p) + ", and there is no terminal to ask at",
			next: "give the answers on standard input: ezvpn up --stdin"}
	}
	if m := strings.TrimSpace(status.Filter(p.Message)); m != "" && !k.stdin {
		fmt.Fprintf(k.err, "%s says: %s\n", status.FilterLine(p.Peer), strings.ReplaceAll(m, "\n", "\n  "))
	}
	fields := ipc.Fields{}
	for _, f := range p.Fields {
		answer, err := k.field(f)
		if err != nil {
			return nil, err
		}
		fields[f.Name] = answer
		if k.gone() {
			return nil, nil
		}
	}
	return fields, nil
}

func (k *asker) field(f status.PromptField) (string, error) {
	if k.stdin {
		return k.line(f)
	}
	if t := strings.TrimSpace(status.Filter(f.Text)); t != "" {
		fmt.Fprintln(k.err, t)
	}
	fmt.Fprint(k.err, status.FilterLine(f.Label)+": ")
	if !f.Hidden {
		return k.line(f)
	}
	b, err := term.ReadPassword(int(k.tty.Fd()))
	fmt.Fprintln(k.err)
	if err != nil {
		return "", noAnswer(f)
	}
	return string(b), nil
}

func (k *asker) line(f status.PromptField) (string, error) {
	s, err := k.lines.ReadString('\n')
	if err != nil && (s == "" || !errors.Is(err, io.EOF)) {
		return "", noAnswer(f)
	}
	return strings.TrimRight(s, "\r\n"), nil
}

func noAnswer(f status.PromptField) error {
	return &failure{code: exitFailed, sentence: "the gateway asks for " + status.FilterLine(f.Label) + ", and no answer came",
		next: "connect again, and answer it"}
}

func labels(p status.Prompt) string {
	var l []string
	for _, f := range p.Fields {
		l = append(l, status.FilterLine(f.Label))
	}
	return strings.Join(l, ", ")
}

func (k *asker) set(reading bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.reading, k.dropped = reading, false
}

// drop makes ask come back with the next line: nobody waits for the answer any more.
func (k *asker) drop() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.dropped = true
}

func (k *asker) gone() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.dropped
}

func (k *asker) busy() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.reading
}

// failed keeps why no answer could be had; why tells it.
func (k *asker) failed(err error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.problem = err
}

func (k *asker) why() error {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.problem
}

// restore gives the terminal its echo back, if a hidden question was cut off.
func (k *asker) restore() {
	if k.saved != nil {
		term.Restore(int(k.tty.Fd()), k.saved)
	}
}
