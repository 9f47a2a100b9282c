package assets

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"testing"
)

// TestToldApart: at 16 pixels and without colour, each state covers other pixels than each other one, by a third of what
// either covers at least.
func TestToldApart(t *testing.T) {
	for _, theme := range Themes() {
		for i, a := range States() {
			for _, b := range States()[i+1:] {
				x, y := Icon(a, theme, 16), Icon(b, theme, 16)
				differ, most := 0, 0
				for p := range 256 {
					in, is := covered(x, p), covered(y, p)
					if in != is {
						differ++
					}
					if in || is {
						most++
					}
				}
				if differ*3 < most {
					t.Errorf("%s: %s and %s differ in %d of %d pixels", theme, a, b, differ, most)
				}
			}
		}
	}
}

func covered(m image.Image, p int) bool {
	_, _, _, a := m.At(p%16, p/16).RGBA()
	return a > 0x7fff
}

// TestContrast: what is drawn stands out from the panel that it is for, by WCAG's 3 to 1 for graphics.
func TestContrast(t *testing.T) {
	panels := map[Theme]color.NRGBA{Light: {0xf0, 0xf0, 0xf0, 0xff}, Dark: {0x30, 0x30, 0x30, 0xff}}
	for theme, panel := range panels {
		for _, s := range States() {
			a, b := luminance(Colour(s, theme)), luminance(panel)
			if ratio := (max(a, b) + 0.05) / (min(a, b) + 0.05); ratio < 3 {
				t.Errorf("%s on %s: %.1f to 1", s, theme, ratio)
			}
		}
	}
}

// luminance is WCAG's relative luminance, with a gamma of 2.2 for its curve.
func luminance(c color.NRGBA) float64 {
	l := func(v uint8) float64 { x := float64(v) / 255; return x * x * (0.2 + 0.8*x) }
	return 0.2126*l(c.R) + 0.7152*l(c.G) + 0.0722*l(c.B)
}

func TestFiles(t *testing.T) {
	for _, b := range [][]byte{PNG(On, Dark, 22), App(256), ICO(PNG(On, Dark, 64), 64)[22:]} {
		if _, err := png.Decode(bytes.NewReader(b)); err != nil {
			t.Error(err)
		}
	}
	if ico := ICO(PNG(On, Dark, 64), 64); ico[2] != 1 || ico[6] != 64 || int(ico[14])|int(ico[15])<<8 != len(ico)-22 {
		t.Errorf("% x", ico[:22])
	}
}
