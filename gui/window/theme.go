package window

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/theme"

	"ezvpn/assets"
)

// Theme is Fyne's own, with the colours of text dark or light enough to be read (WCAG: 4.5 to 1), and those of the
// states as in the panel.
type Theme struct{}

var colours = map[fyne.ThemeColorName][2]color.NRGBA{ // light, dark
	theme.ColorNameSuccess:     {assets.Colour(assets.On, assets.Light), assets.Colour(assets.On, assets.Dark)},
	theme.ColorNameWarning:     {{0x8a, 0x4b, 0x00, 0xff}, assets.Colour(assets.Attention, assets.Dark)},
	theme.ColorNameError:       {assets.Colour(assets.Blocked, assets.Light), assets.Colour(assets.Blocked, assets.Dark)},
	theme.ColorNameDisabled:    {{0x66, 0x6c, 0x75, 0xff}, {0xa0, 0xa6, 0xad, 0xff}},
	theme.ColorNamePlaceHolder: {{0x66, 0x6c, 0x75, 0xff}, {0xa0, 0xa6, 0xad, 0xff}},
	theme.ColorNameForeground:  {{0x1f, 0x23, 0x28, 0xff}, {0xf0, 0xf2, 0xf4, 0xff}},
}

// Color gives our colours, else Fyne's.
func (Theme) Color(n fyne.ThemeColorName, v fyne.ThemeVariant) color.Color {
	if c, ok := colours[n]; ok {
		if v == theme.VariantLight {
			return c[0]
		}
		return c[1]
	}
	return theme.DefaultTheme().Color(n, v)
}

// Font, Icon and Size are Fyne's.
func (Theme) Font(s fyne.TextStyle) fyne.Resource     { return theme.DefaultTheme().Font(s) }
func (Theme) Icon(n fyne.ThemeIconName) fyne.Resource { return theme.DefaultTheme().Icon(n) }
func (Theme) Size(n fyne.ThemeSizeName) float32       { return theme.DefaultTheme().Size(n) }
