package window

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"ezvpn/client/profile"
)

// newProfile is the form that makes a profile of what a person must know. It stands in the place of the list.
func (m *Main) newProfile(done func()) fyne.CanvasObject {
	say := m.words.Say
	name, gateway, group, user := widget.NewEntry(), widget.NewEntry(), widget.NewEntry(), widget.NewEntry()
	key := widget.NewPasswordEntry()
	name.SetText("office")
	gateway.SetPlaceHolder("vpn.example.com")
	kinds := append([]string{say("new.preset.none")}, presetTitles()...)
	preset := widget.NewSelect(kinds, nil)
	preset.SetSelectedIndex(0)
	save := widget.NewButton(say("new.save"), func() {
		f := profile.Fields{Name: name.Text, Gateway: gateway.Text, Group: group.Text, Key: profile.Secret(key.Text), User: user.Text}
		if i := preset.SelectedIndex(); i > 0 {
			f.Preset = profile.Presets()[i-1]
		}
		text, err := f.TOML()
		if err != nil {
			m.Say(err.Error())
			return
		}
		m.Say("")
		m.doer.Create(f.Name, text)
		key.SetText("")
		done()
	})
	save.Importance = widget.HighImportance
	form := container.New(formLayout(),
		label(say("new.name")), name, label(say("new.preset")), preset, label(say("new.gateway")), gateway,
		label(say("new.group")), group, label(say("new.key")), key, label(say("new.user")), user)
	about := widget.NewLabel(say("new.about"))
	about.Wrapping, about.Importance = fyne.TextWrapWord, widget.LowImportance
	return container.NewVScroll(container.NewPadded(container.NewVBox(form, about, container.NewHBox(save, widget.NewButtonWithIcon(say("new.back"), theme.NavigateBackIcon(), done)))))
}

// presetTitles are the kinds of gateways as their makers write them.
func presetTitles() []string {
	titles := map[string]string{"cisco": "Cisco ASA / IOS", "fritzbox": "FRITZ!Box", "fortigate": "FortiGate", "pfsense": "pfSense / OPNsense", "zyxel": "Zyxel",
		"sophos": "Sophos", "strongswan": "strongSwan"}
	var out []string
	for _, p := range profile.Presets() {
		if t, ok := titles[p]; ok {
			p = t
		}
		out = append(out, p)
	}
	return out
}
