//go:build screen

package main

import (
	"context"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"ezvpn/client/gateway"
)

// screen is an X server of its own, with a window manager.
type screen struct {
	t       *testing.T
	display string
	env     []string
	shots   string // directory of the screenshots; empty for none
	count   int
}

func newScreen(t *testing.T, p *panel) *screen {
	t.Helper()
	r, w, err := os.Pipe()
	must(t, err)
	x := exec.Command("Xvfb", "-displayfd", "3", "-screen", "0", "1280x800x24", "-nolisten", "tcp")
	x.ExtraFiles = []*os.File{w}
	must(t, x.Start())
	w.Close()
	t.Cleanup(func() { x.Process.Kill(); x.Wait() })
	b := make([]byte, 16)
	n, err := r.Read(b)
	must(t, err)
	home := t.TempDir()
	s := &screen{t: t, display: ":" + strings.TrimSpace(string(b[:n])), shots: os.Getenv("EZVPN_SHOTS")}
	s.env = append(slices.Clone(p.env), "DISPLAY="+s.display, "LIBGL_ALWAYS_SOFTWARE=1", "NO_AT_BRIDGE=1", "HOME="+home, "XDG_CONFIG_HOME="+home, "FYNE_THEME="+os.Getenv("EZVPN_THEME"))
	if s.shots != "" {
		must(t, os.MkdirAll(s.shots, 0o755))
	}
	m := exec.Command("openbox", "--sm-disable")
	m.Env = s.env
	must(t, m.Start())
	t.Cleanup(func() { m.Process.Kill(); m.Wait() })
	return s
}

// xdo runs xdotool.
func (s *screen) xdo(args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(s.t.Context(), patience)
	defer cancel()
	c := exec.CommandContext(ctx, "xdotool", args...)
	c.Env = s.env
	out, err := c.CombinedOutput()
	return string(out), err
}

// appears waits for a window with this title to have the keyboard.
func (s *screen) appears(title string) {
	s.t.Helper()
	s.until("a window "+title, func() bool {
		out, err := s.xdo("getactivewindow", "getwindowname")
		return err == nil && strings.Contains(out, title)
	})
}

// gone waits until no window has this title.
func (s *screen) gone(title string) {
	s.t.Helper()
	s.until("no window "+title, func() bool {
		out, err := s.xdo("search", "--onlyvisible", "--name", title)
		return err != nil && strings.TrimSpace(out) == ""
	})
}

func (s *screen) until(what string, holds func() bool) {
	s.t.Helper()
	for end := time.Now().Add(patience); !holds(); {
		if time.Now().After(end) {
			s.t.Fatalf("not within %v: %s", patience, what)
		}
		<-time.After(100 * time.Millisecond)
	}
}

// shot keeps what is on the screen, once it is drawn.
func (s *screen) shot(name string) {
	s.t.Helper()
	if s.shots == "" {
		return
	}
	<-time.After(1500 * time.Millisecond) // nothing tells that a window is drawn
	s.count++
	c := exec.Command("import", "-window", "root", filepath.Join(s.shots, string(rune('0'+s.count))+"-"+name+".png"))
	c.Env = s.env
	if out, err := c.CombinedOutput(); err != nil {
		s.t.Errorf("%v: %s", err, out)
	}
}

func (s *screen) press(args ...string) {
	s.t.Helper()
	if out, err := s.xdo(args...); err != nil {
		s.t.Fatalf("%v: %v: %s", args, err, out)
	}
}

// TestScreen is the laptop user's day with windows: click, type the password, look at the status, a failover, quit.
func TestScreen(t *testing.T) {
	p, w := newPanel(t), newWorld(t)
	s := newScreen(t, p)
	p.env = s.env
	exe, err := os.Executable()
	must(t, err)
	put(t, os.Getenv("EZVPN_WINDOW"), filepath.Join(filepath.Dir(exe), "ezvpn-window"))
	w.serve()
	c := w.tray(p)
	p.adopt()
	p.until("the service is heard", func() bool { return p.has("Connect") })
	p.click("Open window")
	s.appears("ezvpn")
	s.shot("off")
	p.click("Connect")
	p.until("a question", func() bool { return p.has("Answer the gateway") })
	p.click("Answer the gateway")
	s.appears("The gateway asks")
	s.press("type", "--delay", "20", "alice-pw")
	s.shot("prompt")
	s.press("key", "Return")
	p.until("connected", func() bool { return p.has("Connected") })
	s.gone("The gateway asks")
	s.shot("status")
	t.Log("typed the password; connected")
	p.click("Address")
	s.until("the address in the clipboard", func() bool {
		c := exec.Command("xclip", "-o", "-selection", "clipboard")
		c.Env = s.env
		out, _ := c.Output()
		return string(out) == "10.99.1.2"
	})
	w.gateways[0].Break(gateway.Silent, true)
	p.until("the second gateway asks", func() bool { return p.has("Answer the gateway") })
	p.click("Answer the gateway")
	s.appears("The gateway asks")
	s.press("type", "--delay", "20", "alice-pw")
	s.press("key", "Return")
	p.until("the failover", func() bool {
		return slices.ContainsFunc(p.noticed(), func(n string) bool { return strings.HasPrefix(n, "Gateway changed") })
	})
	s.shot("failover")
	t.Logf("failed over: %q", p.noticed())
	p.click("Diagnose")
	s.shot("diagnose")
	p.click("Quit")
	must(t, c.Wait())
	s.gone("ezvpn")
	w.stop()
	t.Log("quit; no window is left")
}

func put(t *testing.T, from, to string) {
	t.Helper()
	src, err := os.Open(from)
	must(t, err)
	defer src.Close()
	dst, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o755)
	must(t, err)
	_, err = io.Copy(dst, src)
	must(t, err)
	must(t, dst.Close())
	t.Cleanup(func() { os.Remove(to) })
}
