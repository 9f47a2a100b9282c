package window

import (
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"

	"ezvpn/client/status"
	"ezvpn/gui/link"
	"ezvpn/gui/words"
	"ezvpn/service/ipc"
)

// Prompt is the window in which a question of the gateway is answered. It follows the session: a question that somebody
// else answered is gone here too.
type Prompt struct {
	Object fyne.CanvasObject

	words  words.Words
	answer func(ipc.Answer)
	over   func() // nothing is asked any more

	id      string
	from    *widget.Label
	message *widget.Label
	fields  *fyne.Container
	entries map[string]*widget.Entry
	keep    *widget.Check
	send    *widget.Button
}

// NewPrompt makes the window's content. Answer sends an answer; over is called when nothing is asked any more.
func NewPrompt(w words.Words, answer func(ipc.Answer), over func()) *Prompt {
	p := &Prompt{words: w, answer: answer, over: over, from: widget.NewLabel(""), message: widget.NewLabel(""), fields: container.NewVBox(), entries: map[string]*widget.Entry{}}
	p.from.TextStyle.Bold = true
	p.from.Wrapping, p.message.Wrapping = fyne.TextWrapWord, fyne.TextWrapWord
	p.keep = widget.NewCheck(w.Say("prompt.remember"), nil)
	p.keep.Hide()
	p.send = widget.NewButton(w.Say("prompt.send"), p.submit)
	p.send.Importance = widget.HighImportance
	cancel := widget.NewButton(w.Say("prompt.cancel"), func() { p.answer(ipc.Answer{ID: p.id, Cancel: true}) })
	p.Object = container.NewPadded(container.NewVBox(p.from, p.message, p.fields, p.keep, container.NewPadded(container.NewHBox(p.send, cancel))))
	return p
}

// Hear follows the session. A question stays as it is typed at while it is the same.
func (p *Prompt) Hear(n link.News) {
	if n.Snapshot == nil || n.Snapshot.Prompt == nil {
		if p.id != "" {
			p.id = ""
			p.over()
		}
		return
	}
	q := n.Snapshot.Prompt
	if q.ID == p.id {
		return
	}
	p.id = q.ID
	p.from.SetText(p.words.Say("prompt.from", "Peer", status.FilterLine(q.Peer)))
	p.message.SetText(strings.TrimSpace(status.Filter(q.Message)))
	p.message.Hidden = p.message.Text == ""
	p.fields.RemoveAll()
	p.entries = map[string]*widget.Entry{}
	hidden := false
	for i, f := range q.Fields {
		if i == ipc.MaxFields {
			break
		}
		e := widget.NewEntry()
		if f.Hidden {
			e = widget.NewPasswordEntry()
		}
		hidden = hidden || f.Name == "password"
		e.OnSubmitted = func(string) { p.submit() }
		if text := strings.TrimSpace(status.Filter(f.Text)); text != "" {
			t := widget.NewLabel(text)
			t.Wrapping = fyne.TextWrapWord
			p.fields.Add(t)
		}
		p.fields.Add(widget.NewLabel(status.FilterLine(f.Label)))
		p.fields.Add(e)
		p.entries[f.Name] = e
	}
	p.keep.Hidden = !hidden
	p.keep.SetChecked(false)
	p.send.Enable()
	p.Object.Refresh()
}

// First is the entry to type into.
func (p *Prompt) First() fyne.Focusable {
	for _, o := range p.fields.Objects {
		if e, ok := o.(*widget.Entry); ok && e.Text == "" {
			return e
		}
	}
	return nil
}

func (p *Prompt) submit() {
	if p.id == "" {
		return
	}
	a := ipc.Answer{ID: p.id, Fields: ipc.Fields{}, Remember: p.keep.Checked && p.keep.Visible()}
	for name, e := range p.entries {
		a.Fields[name] = e.Text
		e.SetText("") // it is on its way, and nobody's here any more
	}
	p.send.Disable()
	p.answer(a)
}
