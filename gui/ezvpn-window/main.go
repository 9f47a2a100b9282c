//go:build desktop

// Command ezvpn-window is one window of the desktop. The tray starts it, and it ends with the tray; it can be started
// alone too. It needs OpenGL: the tag desktop keeps it out of builds on machines without its headers.
package main

import (
	"bufio"
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/app"

	"ezvpn/assets"
	"ezvpn/gui/link"
	"ezvpn/gui/window"
	"ezvpn/gui/words"
	"ezvpn/service/ipc"
)

func main() {
	socket := flag.String("socket", "", "`address` of the service (default $EZVPN_SOCKET, else "+ipc.DefaultAddress+")")
	tray := flag.Bool("follow", false, "take orders on standard input, and end with it: for the tray")
	version := flag.Bool("version", false, "print the release and end")
	flag.Usage = func() {
		fmt.Fprintln(flag.CommandLine.Output(), "usage: ezvpn-window [flags] [status | peers | timeline | profiles | diagnose | prompt | copy TEXT]")
		flag.PrintDefaults()
	}
	flag.Parse()
	if *version {
		fmt.Println("ezvpn-window " + ipc.Release())
		return
	}
	page := flag.Arg(0)
	if page == "" {
		page = "status"
	}
	a := app.NewWithID("io.ezvpn.window")
	a.Settings().SetTheme(window.Theme{})
	a.SetIcon(fyne.NewStaticResource("ezvpn.png", assets.App(256)))
	if page == "copy" {
		a.Clipboard().SetContent(flag.Arg(1))
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	c := ipc.NewClient(ipc.Address(*socket))
	defer c.Close()
	w := words.For(locale(), nil)
	win := a.NewWindow("ezvpn")
	var hear func(link.News)
	var show func(page string)
	if page == "prompt" {
		hear, show = prompt(ctx, win, w, c)
	} else {
		hear, show = pages(ctx, win, w, c, page)
	}
	if *tray {
		go orders(os.Stdin, map[string]func(string){
			"show": func(page string) { fyne.Do(func() { show(page); win.Show(); win.RequestFocus() }) },
			"copy": func(text string) { fyne.Do(func() { a.Clipboard().SetContent(text) }) },
		}, func() { fyne.Do(a.Quit) })
	}
	go link.Follow(ctx, c, func(n link.News) { fyne.DoAndWait(func() { hear(n) }) })
	win.ShowAndRun()
}

// pages is the window of pages.
func pages(ctx context.Context, win fyne.Window, w words.Words, c *ipc.Client, page string) (hear func(link.News), show func(string)) {
	d := &doer{ctx: ctx, client: c, words: w, window: win}
	m := window.NewMain(w, d, time.Now, page)
	d.say = m.Say
	win.SetContent(m.Object)
	win.Resize(fyne.NewSize(680, 560))
	return m.Hear, m.Show
}

// prompt is the window of a question. It closes when nothing is asked any more.
func prompt(ctx context.Context, win fyne.Window, w words.Words, c *ipc.Client) (hear func(link.News), show func(string)) {
	win.SetTitle(w.Say("prompt.title"))
	p := window.NewPrompt(w, func(a ipc.Answer) {
		go func() {
			ctx, cancel := context.WithTimeout(ctx, verbTime)
			defer cancel()
			c.Answer(ctx, a) // what comes of it is in the news
		}()
	}, win.Close)
	win.SetContent(p.Object)
	win.Resize(fyne.NewSize(420, 220))
	return func(n link.News) {
		p.Hear(n)
		if e := p.First(); e != nil && win.Canvas().Focused() == nil {
			win.Canvas().Focus(e)
		}
	}, func(string) {}
}

// orders reads what the tray wants: "show PAGE", "copy TEXT". The end of the tray is the end of the window.
func orders(r io.Reader, known map[string]func(string), end func()) {
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		what, arg, _ := strings.Cut(lines.Text(), " ")
		if do := known[what]; do != nil {
			do(arg)
		}
	}
	end()
}

func locale() string {
	for _, v := range []string{"LC_ALL", "LC_MESSAGES", "LANG"} {
		if s := os.Getenv(v); s != "" {
			return s
		}
	}
	return ""
}
