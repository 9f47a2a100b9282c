package window

import (
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"ezvpn/client/doctor"
	"ezvpn/client/status"
	"ezvpn/gui/view"
)

func (m *Main) profilesPage() fyne.CanvasObject {
	m.profiles = container.NewVBox()
	add := widget.NewButtonWithIcon(m.words.Say("profiles.import"), theme.FolderOpenIcon(), func() { m.doer.Import(nil) })
	page := container.NewStack()
	var list fyne.CanvasObject
	create := widget.NewButtonWithIcon(m.words.Say("menu.new"), theme.ContentAddIcon(), func() {
		page.Objects = []fyne.CanvasObject{m.newProfile(func() {
			page.Objects = []fyne.CanvasObject{list}
			page.Refresh()
		})}
		page.Refresh()
	})
	list = container.NewBorder(nil, container.NewPadded(container.NewHBox(create, add)), nil, nil, container.NewVScroll(container.NewPadded(m.profiles)))
	page.Objects = []fyne.CanvasObject{list}
	return page
}

func (m *Main) drawProfiles() {
	m.profiles.RemoveAll()
	if len(m.facts.Profiles) == 0 {
		m.profiles.Add(widget.NewLabel(m.words.Say("profiles.none")))
	}
	for i, p := range m.facts.Profiles {
		if i == 200 {
			break
		}
		name := status.FilterLine(p.Name)
		title := widget.NewLabelWithStyle(name, fyne.TextAlignLeading, fyne.TextStyle{Bold: true})
		about := status.FilterLine(p.Summary)
		for _, l := range p.Layers {
			if l == "managed" {
				about = strings.TrimPrefix(about+" · "+m.words.Say("profiles.managed"), " · ")
			}
		}
		connect := widget.NewButton(m.words.Say("menu.connect"), func() { m.doer.Do(view.Connect, p.Name) })
		if len(p.Errors) > 0 && p.Using == "" {
			connect.Disable()
		}
		text := widget.NewLabel(about)
		text.Wrapping, text.Importance = fyne.TextWrapWord, widget.LowImportance
		m.profiles.Add(container.NewBorder(nil, nil, nil, container.NewCenter(connect), container.NewVBox(title, text)))
		for _, e := range p.Errors {
			wrong := widget.NewLabel(status.FilterLine(e))
			wrong.Wrapping, wrong.Importance = fyne.TextWrapWord, widget.DangerImportance
			m.profiles.Add(wrong)
		}
		m.profiles.Add(widget.NewSeparator())
	}
}

func (m *Main) diagnosePage() fyne.CanvasObject {
	begin := widget.NewLabel(m.words.Say("diagnose.begin"))
	begin.Wrapping = fyne.TextWrapWord
	m.findings = container.NewVBox(begin)
	m.look = widget.NewButtonWithIcon(m.words.Say("menu.diagnose"), theme.SearchIcon(), m.examine)
	m.look.Importance = widget.HighImportance
	return container.NewBorder(nil, container.NewPadded(container.NewHBox(m.look)), nil, nil, container.NewVScroll(container.NewPadded(m.findings)))
}

func (m *Main) examine() {
	m.look.Disable()
	m.findings.RemoveAll()
	bar := widget.NewProgressBarInfinite()
	m.findings.Add(widget.NewLabel(m.words.Say("diagnose.running")))
	m.findings.Add(bar)
	m.doer.Examine(func(found []doctor.Finding) {
		bar.Stop()
		m.look.SetText(m.words.Say("diagnose.run"))
		m.look.Enable()
		m.drawFindings(found)
	})
}

// signs are Fyne's for the levels.
func sign(l doctor.Level) (fyne.Resource, widget.Importance) {
	switch l {
	case doctor.Fault:
		return theme.ErrorIcon(), widget.DangerImportance
	case doctor.Warning:
		return theme.WarningIcon(), widget.WarningImportance
	case doctor.OK:
		return theme.ConfirmIcon(), widget.SuccessImportance
	}
	return theme.InfoIcon(), widget.MediumImportance
}

func (m *Main) drawFindings(found []doctor.Finding) {
	m.findings.RemoveAll()
	for _, f := range found {
		icon, importance := sign(f.Level)
		texts := container.NewVBox()
		sentence := widget.NewLabel(status.FilterLine(f.Sentence))
		sentence.Wrapping = fyne.TextWrapWord
		if f.Level == doctor.Fault || f.Level == doctor.Warning {
			sentence.Importance = importance
		}
		texts.Add(sentence)
		if f.Level != doctor.OK {
			for _, e := range append(append([]string(nil), f.Evidence...), f.Next) {
				if e != "" {
					l := widget.NewLabel(status.FilterLine(e))
					l.Wrapping, l.Importance = fyne.TextWrapWord, widget.LowImportance
					texts.Add(l)
				}
			}
		}
		m.findings.Add(container.NewBorder(nil, nil, container.NewVBox(container.NewPadded(widget.NewIcon(icon))), nil, texts))
	}
}
