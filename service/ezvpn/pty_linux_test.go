package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"testing"

	"golang.org/x/sys/unix"
)

// openPTY gives a terminal and the side of the person who types.
func openPTY(t *testing.T) (person, tty *os.File) {
	t.Helper()
	person, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { person.Close() })
	if err := unix.IoctlSetPointerInt(int(person.Fd()), unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	n, err := unix.IoctlGetInt(int(person.Fd()), unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	tty, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { tty.Close() })
	return person, tty
}

func echoes(t *testing.T, tty *os.File) bool {
	t.Helper()
	term, err := unix.IoctlGetTermios(int(tty.Fd()), unix.TCGETS)
	if err != nil {
		t.Fatal(err)
	}
	return term.Lflag&unix.ECHO != 0
}

// screen collects what is printed and lets a test wait for a text.
type screen struct {
	mu   sync.Mutex // guards b
	more *sync.Cond
	b    bytes.Buffer
}

func (s *screen) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.b.Write(p)
	s.more.Broadcast()
	return len(p), nil
}

func (s *screen) waitFor(text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for !strings.Contains(s.b.String(), text) {
		s.more.Wait()
	}
}

// TestUpAtATerminal: the user name is echoed, the password is not, and the terminal is as before afterwards.
func TestUpAtATerminal(t *testing.T) {
	person, tty := openPTY(t)
	message := askPassword
	prompt := *askPassword.Prompt
	prompt.Message = "Office\x1b]0;forged\x07 login"
	message.Prompt = &prompt
	d := fake(t, securing, message, configuring, active)
	s := &screen{}
	s.more = sync.NewCond(&s.mu)
	a := &app{in: tty, out: io.Discard, err: s}
	ended := make(chan int, 1)
	go func() { ended <- a.run(t.Context(), []string{"--socket", d.address, "up", "office"}) }()
	s.waitFor("User name: ")
	io.WriteString(person, "alice\n")
	s.waitFor("Password: ")
	for echoes(t, tty) { // until the question is ready for its answer
	}
	io.WriteString(person, "s3cret\n")
	if code := <-ended; code != 0 {
		t.Fatalf("exit %d: %s", code, s.b.String())
	}
	if got := d.answers[0].Fields; got["username"] != "alice" || got["password"] != "s3cret" {
		t.Error("the answers are not what was typed")
	}
	if !strings.Contains(s.b.String(), "vpn.example.com says: Office") || strings.Contains(s.b.String(), "\x07") {
		t.Errorf("the gateway's own words are shown as %q", s.b.String())
	}
	if !echoes(t, tty) {
		t.Error("the terminal does not echo any more")
	}
	tty.Close()
	typed, _ := io.ReadAll(person)
	if !strings.Contains(string(typed), "alice") || strings.Contains(string(typed), "s3cret") {
		t.Errorf("the terminal shows %q", typed)
	}
}

// TestAnsweredElsewhere: while the terminal asks, a tray answers, and the gateway asks on: the terminal says so, takes
// the next line for nothing, and asks what is asked now.
func TestAnsweredElsewhere(t *testing.T) {
	person, tty := openPTY(t)
	d := fake(t, securing, askPassword, askPasscode, configuring, active)
	s := &screen{}
	s.more = sync.NewCond(&s.mu)
	a := &app{in: tty, out: io.Discard, err: s}
	ended := make(chan int, 1)
	go func() { ended <- a.run(t.Context(), []string{"--socket", d.address, "up", "office"}) }()
	s.waitFor("User name: ")
	d.next()
	s.waitFor("answered elsewhere")
	io.WriteString(person, "half a n\n")
	s.waitFor("Passcode: ")
	for echoes(t, tty) { // until the question is ready for its answer
	}
	io.WriteString(person, "123456\n")
	if code := <-ended; code != 0 {
		t.Fatalf("exit %d: %s", code, s.b.String())
	}
	if len(d.answers) != 1 || d.answers[0].ID != "q2" || d.answers[0].Fields["passcode"] != "123456" || len(d.answers[0].Fields) != 1 {
		t.Errorf("answered: %v", d.answers)
	}
	if !echoes(t, tty) {
		t.Error("the terminal does not echo any more")
	}
}
