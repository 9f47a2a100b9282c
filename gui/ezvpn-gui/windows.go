package main

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync"
)

// windows are the processes of ezvpn-window, one for the pages and one for questions. A machine without OpenGL loses a window, and nothing else.
type windows struct {
	socket string
	failed func(error)

	mu   sync.Mutex // guards below
	live map[string]*window
	wait sync.WaitGroup
}

// window is one process. It ends when its standard input does, and takes an order from each line there.
type window struct {
	cmd   *exec.Cmd
	lines io.WriteCloser
}

// open shows a page, or raises it; the page copy puts arg, one line, into the clipboard.
func (w *windows) open(page, arg string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	key := keyOf(page)
	if x := w.live[key]; x != nil {
		order := "show " + page
		if page == "copy" {
			order = "copy " + arg
		}
		if _, err := io.WriteString(x.lines, order+"\n"); err == nil {
			return
		}
	}
	x, err := w.start(page, arg)
	if err != nil {
		w.failed(err)
		return
	}
	if w.live == nil {
		w.live = map[string]*window{}
	}
	w.live[key] = x
	w.wait.Go(func() {
		err := x.cmd.Wait()
		w.mu.Lock()
		defer w.mu.Unlock()
		if w.live[key] == x {
			delete(w.live, key)
			if err != nil {
				w.failed(err)
			}
		}
	})
}

// keyOf: all pages are in one window, but a question has one of its own.
func keyOf(page string) string {
	if page == "prompt" {
		return page
	}
	return "pages"
}

func (w *windows) start(page, arg string) (*window, error) {
	exe, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("finding ezvpn-window: %w", err)
	}
	name := "ezvpn-window"
	if runtime.GOOS == "windows" {
		name += ".exe"
	}
	c := exec.Command(filepath.Join(filepath.Dir(exe), name), "--socket", w.socket, "--follow", page)
	if arg != "" {
		c.Args = append(c.Args, arg)
	}
	c.Stderr = os.Stderr
	lines, err := c.StdinPipe()
	if err != nil {
		return nil, fmt.Errorf("starting ezvpn-window: %w", err)
	}
	if err := c.Start(); err != nil {
		return nil, fmt.Errorf("starting ezvpn-window: %w", err)
	}
	return &window{c, lines}, nil
}

// close ends every window.
func (w *windows) close() {
	w.mu.Lock()
	for page, x := range w.live {
		x.lines.Close()
		delete(w.live, page)
	}
	w.mu.Unlock()
	w.wait.Wait()
}
