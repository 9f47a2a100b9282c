package tray

import (
	"runtime"
	"sync"

	"fyne.io/systray"

	"ezvpn/assets"
	"ezvpn/gui/view"
)

// iconSize is what panels scale from, in pixels.
const iconSize = 64

// Systray is the panel of the desktop: StatusNotifierItem on Linux, the notification area on Windows, the menu bar on
// macOS.
type Systray struct {
	Theme  func() assets.Theme
	Notice func(view.Notice)
	Clip   func(text string)

	mu sync.Mutex // the menu is rebuilt by one at a time
}

// Icon shows a state. On macOS the system colours it.
func (s *Systray) Icon(state assets.State) {
	if runtime.GOOS == "darwin" {
		systray.SetTemplateIcon(assets.PNG(state, assets.Template, iconSize), assets.PNG(state, assets.Template, iconSize))
		return
	}
	systray.SetIcon(file(state, s.Theme()))
}

// file is the icon in the form that the system wants: an ICO on Windows.
func file(state assets.State, t assets.Theme) []byte {
	b := assets.PNG(state, t, iconSize)
	if runtime.GOOS == "windows" {
		return assets.ICO(b, iconSize)
	}
	return b
}

// Tooltip is the title too: on Linux panels show that.
func (s *Systray) Tooltip(text string) {
	systray.SetTooltip(text)
	if runtime.GOOS == "linux" {
		systray.SetTitle(text)
	}
}

// Menu builds the whole menu anew, with fresh IDs: some panels keep what they know of an ID.
func (s *Systray) Menu(items []view.Item, click func(view.Item)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	systray.ResetMenu()
	for _, i := range items {
		if i.Label == "" {
			systray.AddSeparator()
			continue
		}
		row := systray.AddMenuItem(i.Label, "")
		go func() { // ends with the row
			for range row.ClickedCh {
				click(i)
			}
		}()
	}
}

// Notify shows a notification.
func (s *Systray) Notify(n view.Notice) { s.Notice(n) }

// Copy puts a text into the clipboard.
func (s *Systray) Copy(text string) { s.Clip(text) }

// Quit takes the icon away; the program ends with it.
func (s *Systray) Quit() { systray.Quit() }
