// Command ezvpn-gui is the icon in the panel. It needs no OpenGL and no rights: windows are processes of ezvpn-window,
// and what is done is asked of the service.
package main

import (
	"context"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"fyne.io/systray"

	"ezvpn/assets"
	"ezvpn/gui/link"
	"ezvpn/gui/tray"
	"ezvpn/gui/view"
	"ezvpn/gui/words"
	"ezvpn/service/ipc"
)

func main() {
	socket := flag.String("socket", "", "`address` of the service (default $EZVPN_SOCKET, else "+ipc.DefaultAddress+")")
	theme := flag.String("panel", "", "`light` or dark: what the panel is, if the system does not say")
	start := flag.String("autostart", "", "`on` or off: start with the session of this user, or no longer, and end")
	version := flag.Bool("version", false, "print the release and end")
	flag.Parse()
	if *version {
		fmt.Println("ezvpn-gui " + ipc.Release())
		return
	}
	if *start != "" {
		if err := autostart(*start); err != nil {
			fmt.Fprintln(os.Stderr, "ezvpn-gui:", err)
			os.Exit(1)
		}
		return
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	first, err := claim(ctx)
	if err != nil {
		fmt.Fprintln(os.Stderr, "ezvpn-gui:", err)
		os.Exit(1)
	}
	if first == nil {
		return // the one that runs was asked to show itself
	}
	defer first.Close()
	run(ctx, ipc.Address(*socket), assets.Theme(*theme), first)
}

// run shows the icon until ctx ends or the user quits.
func run(ctx context.Context, address string, theme assets.Theme, first *instance) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	c := ipc.NewClient(address)
	defer c.Close()
	var shown tray.Notifier
	w := &windows{socket: address, failed: func(err error) {
		shown.Show(view.Notice{Kind: view.NoticeFailed, Title: language().Say("window.failed"), Body: err.Error()})
	}}
	defer w.close()
	panel := &tray.Systray{Theme: themeOf(theme), Notice: shown.Show, Clip: func(text string) { w.open("copy", text) }}
	t := &tray.Tray{Words: language(), Panel: panel, Service: c, Open: func(page string) { w.open(page, "") }, Now: time.Now}
	news := make(chan link.News)
	done := make(chan struct{})
	systray.Run(func() {
		go link.Follow(ctx, c, func(n link.News) {
			select {
			case news <- n:
			case <-ctx.Done():
			}
		})
		go first.serve(ctx, func() { w.open("status", "") })
		go hosted(ctx, func() {
			shown.Show(view.Notice{Kind: view.NoticeFailed, Title: language().Say("panel.none"), Body: language().Say("panel.none.next")})
			w.open("status", "")
		})
		go func() {
			defer close(done)
			t.Run(ctx, news)
			systray.Quit()
		}()
	}, cancel)
	<-done
}

// panelTime is how long a panel may take to come up after this program: both start with the session.
const panelTime = 10 * time.Second

// hosted opens a window in place of the icon where no panel shows icons.
func hosted(ctx context.Context, alone func()) {
	select {
	case <-ctx.Done():
	case <-time.After(panelTime):
		if !tray.Hosted() {
			alone()
		}
	}
}

// themeOf is what the panel is: as given, else dark, as most are.
func themeOf(given assets.Theme) func() assets.Theme {
	if given != assets.Light {
		given = assets.Dark
	}
	return func() assets.Theme { return given }
}

// language is that of the user, from the environment; other languages lie beside the program.
func language() words.Words {
	locale := ""
	for _, v := range []string{"LC_ALL", "LC_MESSAGES", "LANG"} {
		if locale = os.Getenv(v); locale != "" {
			break
		}
	}
	var more fs.FS
	if exe, err := os.Executable(); err == nil {
		more = os.DirFS(filepath.Join(filepath.Dir(exe), "lang"))
	}
	return words.For(strings.TrimSpace(locale), more)
}
