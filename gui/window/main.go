// Package window is the windows of the desktop: it draws what gui/view says with Fyne's widgets, and decides nothing. It
// does not import Fyne's app, so that its tests run without a screen. Everything here belongs to Fyne's own goroutine.
package window

import (
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"ezvpn/assets"
	"ezvpn/client/doctor"
	"ezvpn/gui/link"
	"ezvpn/gui/view"
	"ezvpn/gui/words"
)

// Doer is what a window can ask for. Each returns at once; what comes of it is seen in the news, or told by Say.
type Doer interface {
	Do(action view.Action, arg string)
	Examine(done func([]doctor.Finding))
	Import(r fyne.URIReadCloser)
	Create(name, text string)
}

// Main is the window of pages.
type Main struct {
	Object fyne.CanvasObject

	words words.Words
	doer  Doer
	now   func() time.Time
	facts view.Facts
	tabs  *container.AppTabs
	pages map[string]*container.TabItem

	icon     *canvas.Image
	state    *canvas.Text
	sentence *widget.Label
	next     *widget.Label
	buttons  *fyne.Container
	rows     *fyne.Container
	warnings *fyne.Container
	peers    *fyne.Container
	events   *widget.List
	listed   []view.Row
	nothing  *widget.Label
	profiles *fyne.Container
	findings *fyne.Container
	look     *widget.Button
	said     *widget.Label
}

// NewMain makes the window's content, at this page.
func NewMain(w words.Words, doer Doer, now func() time.Time, page string) *Main {
	m := &Main{words: w, doer: doer, now: now, pages: map[string]*container.TabItem{}}
	m.tabs = container.NewAppTabs()
	for _, p := range []struct {
		name string
		icon fyne.Resource
		make func() fyne.CanvasObject
	}{{"status", theme.HomeIcon(), m.statusPage}, {"peers", theme.ComputerIcon(), m.peersPage}, {"timeline", theme.HistoryIcon(), m.timelinePage},
		{"profiles", theme.AccountIcon(), m.profilesPage}, {"diagnose", theme.SearchIcon(), m.diagnosePage}} {
		m.pages[p.name] = container.NewTabItemWithIcon(w.Say("page."+p.name), p.icon, p.make())
		m.tabs.Append(m.pages[p.name])
	}
	m.said = widget.NewLabel("")
	m.said.Wrapping = fyne.TextWrapWord
	m.said.Hide()
	m.Object = container.NewBorder(nil, m.said, nil, nil, m.tabs)
	m.Show(page)
	m.Hear(link.News{})
	return m
}

// Show turns to a page.
func (m *Main) Show(page string) {
	if page == "import" {
		page = "profiles"
	}
	if t := m.pages[page]; t != nil {
		m.tabs.Select(t)
	}
}

// Say tells what came of something, at the foot of the window.
func (m *Main) Say(text string) {
	m.said.SetText(text)
	if text == "" {
		m.said.Hide()
	} else {
		m.said.Show()
	}
}

func (m *Main) statusPage() fyne.CanvasObject {
	m.icon = canvas.NewImageFromImage(assets.Icon(assets.Off, assets.Light, 96))
	m.icon.FillMode = canvas.ImageFillContain
	m.icon.SetMinSize(fyne.NewSize(56, 56))
	m.state = canvas.NewText("", theme.Color(theme.ColorNameForeground))
	m.state.TextSize, m.state.TextStyle = 26, fyne.TextStyle{Bold: true}
	m.sentence, m.next = widget.NewLabel(""), widget.NewLabel("")
	m.sentence.Wrapping, m.next.Wrapping = fyne.TextWrapWord, fyne.TextWrapWord
	m.next.Importance = widget.LowImportance
	m.buttons = container.NewHBox()
	m.rows = container.New(formLayout())
	m.warnings = container.NewVBox()
	head := container.NewBorder(nil, nil, container.NewPadded(m.icon), nil, container.NewVBox(container.NewPadded(m.state), m.sentence, m.next))
	return container.NewVScroll(container.NewPadded(container.NewVBox(head, container.NewPadded(m.buttons), widget.NewSeparator(), m.rows, m.warnings)))
}

// formLayout is two columns: what a thing is called, and what it is.
func formLayout() fyne.Layout { return layout.NewFormLayout() }

func label(text string) *widget.Label {
	return widget.NewLabelWithStyle(text, fyne.TextAlignTrailing, fyne.TextStyle{Bold: true})
}

func (m *Main) peersPage() fyne.CanvasObject {
	m.peers = container.NewVBox()
	return container.NewVScroll(container.NewPadded(m.peers))
}

func (m *Main) timelinePage() fyne.CanvasObject {
	m.nothing = widget.NewLabel(m.words.Say("timeline.none"))
	m.events = widget.NewList(func() int { return len(m.listed) },
		func() fyne.CanvasObject {
			at := widget.NewLabelWithStyle("00-00 00:00:00", fyne.TextAlignLeading, fyne.TextStyle{Monospace: true})
			text := widget.NewLabel("")
			text.Truncation = fyne.TextTruncateEllipsis
			return container.NewBorder(nil, nil, at, nil, text)
		},
		func(i widget.ListItemID, o fyne.CanvasObject) {
			if i >= len(m.listed) {
				return
			}
			row := o.(*fyne.Container)
			row.Objects[0].(*widget.Label).SetText(m.listed[i].Value)
			row.Objects[1].(*widget.Label).SetText(m.listed[i].Label)
		})
	return container.NewStack(m.events, container.NewCenter(m.nothing))
}

// Hear shows news.
func (m *Main) Hear(n link.News) {
	profiles := m.facts.Profiles
	if n.Snapshot != nil {
		profiles = n.Profiles
	}
	m.facts = view.Facts{Words: m.words, Now: m.now(), Snapshot: n.Snapshot, Trouble: n.Trouble, Profiles: profiles}
	m.Draw()
}

// Draw shows everything with the time that it is now.
func (m *Main) Draw() {
	m.facts.Now = m.now()
	v := view.Of(m.facts)
	m.icon.Image = assets.Icon(assets.State(v.Icon), m.theme(), 128)
	m.icon.Refresh()
	m.state.Text, m.state.Color = v.State, theme.Color(theme.ColorNameForeground)
	m.state.Refresh()
	m.sentence.SetText(v.Sentence)
	m.next.SetText(v.Next)
	m.next.Hidden = v.Next == ""
	m.next.Refresh()
	m.drawButtons()
	m.drawRows()
	m.drawPeers()
	m.drawProfiles()
	m.listed = view.Events(m.facts)
	m.nothing.Hidden = len(m.listed) > 0
	m.nothing.Refresh()
	m.events.Refresh()
}

// theme says whether the window is light or dark.
func (m *Main) theme() assets.Theme {
	r, g, b, _ := theme.Color(theme.ColorNameBackground).RGBA()
	if r+g+b > 3*0x7fff {
		return assets.Light
	}
	return assets.Dark
}

func (m *Main) drawButtons() {
	m.buttons.RemoveAll()
	for i, x := range view.Buttons(m.facts) {
		b := widget.NewButton(x.Label, func() { m.doer.Do(x.Action, x.Arg) })
		if i == 0 {
			b.Importance = widget.HighImportance
		}
		m.buttons.Add(b)
	}
}

func (m *Main) drawRows() {
	m.rows.RemoveAll()
	for _, r := range view.Status(m.facts) {
		value := widget.NewLabel(r.Value)
		value.Wrapping, value.Selectable = fyne.TextWrapWord, true
		m.rows.Add(label(r.Label))
		m.rows.Add(value)
	}
	m.warnings.RemoveAll()
	for _, w := range view.Warnings(m.facts) {
		text := widget.NewLabel(w)
		text.Wrapping = fyne.TextWrapWord
		m.warnings.Add(container.NewBorder(nil, nil, container.NewVBox(container.NewPadded(widget.NewIcon(theme.WarningIcon()))), nil, text))
	}
}

func (m *Main) heard(r view.PeerRow) string {
	if r.Heard == "" {
		return ""
	}
	return m.words.Say("peer.heard", "Time", r.Heard)
}

func (m *Main) drawPeers() {
	m.peers.RemoveAll()
	rows := view.Peers(m.facts)
	if len(rows) == 0 {
		m.peers.Add(widget.NewLabel(m.words.Say("peers.none")))
	}
	for _, r := range rows {
		name := widget.NewLabelWithStyle(r.Mark+"  "+r.Name, fyne.TextAlignLeading, fyne.TextStyle{Bold: r.Active})
		health := widget.NewLabelWithStyle(r.Health, fyne.TextAlignTrailing, fyne.TextStyle{})
		switch {
		case r.Active:
			health.Importance = widget.SuccessImportance
		case r.Reason != "":
			health.Importance = widget.DangerImportance
		}
		m.peers.Add(container.NewBorder(nil, nil, nil, health, name))
		for _, text := range []string{r.Reason, m.heard(r), r.Next} {
			if text != "" {
				l := widget.NewLabel("     " + text)
				l.Wrapping, l.Importance = fyne.TextWrapWord, widget.LowImportance
				m.peers.Add(l)
			}
		}
		m.peers.Add(widget.NewSeparator())
	}
}
