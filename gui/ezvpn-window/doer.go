//go:build desktop

package main

import (
	"context"
	"errors"
	"io"
	"path/filepath"
	"strings"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/dialog"

	"ezvpn/client/doctor"
	"ezvpn/client/importer"
	"ezvpn/client/status"
	"ezvpn/gui/link"
	"ezvpn/gui/view"
	"ezvpn/gui/window"
	"ezvpn/gui/words"
	"ezvpn/service/checkup"
	"ezvpn/service/ipc"
)

// verbTime is how long the service may take for a verb; disconnecting puts the machine back first.
const verbTime = 30 * time.Second

// maxImport is more than any file to import has, in bytes.
const maxImport = 1 << 20

// doer carries out what a window asks for.
type doer struct {
	ctx    context.Context
	client *ipc.Client
	words  words.Words
	window fyne.Window
	say    func(string)
}

var _ window.Doer = (*doer)(nil)

// Do asks the service.
func (d *doer) Do(action view.Action, arg string) {
	d.say("")
	switch action {
	case view.Connect:
		d.ask(func(ctx context.Context) error {
			if s, err := d.client.Status(ctx); err == nil && view.Running(&s) && s.Profile != arg {
				if _, err := d.client.Down(ctx); err != nil {
					return err
				}
			}
			_, err := d.client.Up(ctx, ipc.Up{Profile: arg})
			return err
		})
	case view.Disconnect:
		d.ask(func(ctx context.Context) error { _, err := d.client.Down(ctx); return err })
	case view.Answer:
		d.question()
	}
}

// question shows the prompt over the window.
func (d *doer) question() {
	var over func()
	p := window.NewPrompt(d.words, func(a ipc.Answer) {
		over()
		d.ask(func(ctx context.Context) error { _, err := d.client.Answer(ctx, a); return err })
	}, func() { over() })
	box := dialog.NewCustomWithoutButtons(d.words.Say("prompt.title"), p.Object, d.window)
	over = box.Hide
	go func() {
		ctx, cancel := context.WithTimeout(d.ctx, verbTime)
		defer cancel()
		s, err := d.client.Status(ctx)
		fyne.Do(func() {
			if err != nil || s.Prompt == nil {
				d.say(d.words.Say("prompt.none"))
				return
			}
			p.Hear(link.News{Snapshot: &s})
			box.Resize(fyne.NewSize(420, 240))
			box.Show()
			if e := p.First(); e != nil {
				d.window.Canvas().Focus(e)
			}
		})
	}()
}

// ask calls a verb, and says why it was refused.
func (d *doer) ask(verb func(context.Context) error) {
	go func() {
		ctx, cancel := context.WithTimeout(d.ctx, verbTime)
		defer cancel()
		if err := verb(ctx); err != nil && d.ctx.Err() == nil {
			n := view.Refused(d.words, err)
			fyne.Do(func() { d.say(n.Title + ": " + n.Body) })
		}
	}()
}

// Examine runs the doctor.
func (d *doer) Examine(done func([]doctor.Finding)) {
	go func() {
		found := doctor.Examine(checkup.Run(d.ctx, checkup.Options{Daemon: d.client, Profiles: ipc.DefaultProfiles, Managed: ipc.DefaultManaged, State: ipc.DefaultState}))
		fyne.Do(func() { done(found) })
	}()
}

// Import asks for a file and gives its profiles to the service.
func (d *doer) Import(r fyne.URIReadCloser) {
	if r == nil {
		dialog.ShowFileOpen(func(r fyne.URIReadCloser, err error) {
			if err == nil && r != nil {
				d.Import(r)
			}
		}, d.window)
		return
	}
	defer r.Close()
	data, err := io.ReadAll(io.LimitReader(r, maxImport))
	if err != nil {
		d.say(err.Error())
		return
	}
	d.put(filepath.Base(r.URI().Path()), data)
}

// Create gives a new profile to the service, which seals its key. Only an administrator may.
func (d *doer) Create(name, text string) {
	d.ask(func(ctx context.Context) error {
		_, err := d.client.PutProfile(ctx, name, text, false)
		return err
	})
}

func (d *doer) put(name string, data []byte) {
	results, err := importer.Read(name, data)
	if err != nil {
		d.say(status.FilterLine(err.Error()))
		return
	}
	var report strings.Builder
	for _, r := range results {
		report.WriteString(r.Report.String())
	}
	d.say(strings.TrimSpace(status.Filter(report.String())))
	d.ask(func(ctx context.Context) error {
		var errs []error
		for _, r := range results {
			if r.Report.Count(importer.Missing) == 0 {
				_, err := d.client.PutProfile(ctx, r.Name, r.TOML, false)
				errs = append(errs, err)
			}
		}
		return errors.Join(errs...)
	})
}
