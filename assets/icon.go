// Package assets has the pictures of the product. They are drawn by code: one shape for each state, told apart without
// colour, at any size.
package assets

import (
	"bytes"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"math"

	"golang.org/x/image/vector"
)

// State of the icon, as gui/view names them.
type State string

const (
	Off        State = "off"        // a ring
	Connecting State = "connecting" // a ring with gaps, and a point in it
	On         State = "on"         // a disc with a tick
	Attention  State = "attention"  // a triangle with an exclamation mark
	Blocked    State = "blocked"    // a square with a cross
)

// States lists them.
func States() []State { return []State{Off, Connecting, On, Attention, Blocked} }

// Theme says what the icon stands on.
type Theme string

const (
	Light    Theme = "light"    // a light panel: dark lines
	Dark     Theme = "dark"     // a dark panel: light lines
	Template Theme = "template" // macOS colours it itself: black, and transparency
)

// Themes lists them.
func Themes() []Theme { return []Theme{Light, Dark, Template} }

var (
	plain = map[Theme]color.NRGBA{Light: {0x3a, 0x40, 0x48, 0xff}, Dark: {0xe8, 0xea, 0xed, 0xff}, Template: {0, 0, 0, 0xff}}
	tints = map[State]map[Theme]color.NRGBA{
		On:        {Light: {0x1a, 0x7f, 0x37, 0xff}, Dark: {0x4c, 0xd9, 0x6b, 0xff}},
		Attention: {Light: {0xb3, 0x5c, 0x00, 0xff}, Dark: {0xff, 0xb3, 0x40, 0xff}},
		Blocked:   {Light: {0xc4, 0x2b, 0x1c, 0xff}, Dark: {0xff, 0x7b, 0x72, 0xff}},
	}
)

// Colour is that of a state on a theme.
func Colour(s State, t Theme) color.NRGBA {
	if c, ok := tints[s][t]; ok {
		return c
	}
	return plain[t]
}

// Icon draws a state, size by size pixels.
func Icon(s State, t Theme, size int) image.Image {
	c := Colour(s, t)
	p := newPen(size)
	switch s {
	case Connecting:
		for i := range 3 {
			p.arc(8, 8, 7, 5, float64(i)*120-90, float64(i)*120-90+78)
		}
		p.circle(8, 8, 2.2, false)
	case On:
		p.circle(8, 8, 7.4, false)
		p.line(true, 1.9, 4.4, 8.3, 7, 10.9, 11.7, 5.4)
	case Attention:
		p.polygon(false, 8, 0.8, 15.6, 14.8, 0.4, 14.8)
		p.polygon(true, 7, 5.2, 9, 5.2, 8.8, 10.2, 7.2, 10.2)
		p.circle(8, 12.4, 1.15, true)
	case Blocked:
		p.polygon(false, 3.2, 0.8, 12.8, 0.8, 15.2, 3.2, 15.2, 12.8, 12.8, 15.2, 3.2, 15.2, 0.8, 12.8, 0.8, 3.2)
		p.polygon(true, 4.1, 3, 11.9, 3, 13, 4.1, 13, 11.9, 11.9, 13, 4.1, 13, 3, 11.9, 3, 4.1)
		p.polygon(false, 4.6, 6, 6, 4.6, 8, 6.6, 10, 4.6, 11.4, 6, 9.4, 8, 11.4, 10, 10, 11.4, 8, 9.4, 6, 11.4, 4.6, 10, 6.6, 8)
	default:
		p.circle(8, 8, 7.2, false)
		p.circle(8, 8, 5.2, true)
	}
	return p.image(c)
}

// PNG is the icon as a file.
func PNG(s State, t Theme, size int) []byte { return encoded(Icon(s, t, size)) }

func encoded(m image.Image) []byte {
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		panic(err) // an image in memory
	}
	return b.Bytes()
}

// App is the icon of the program: a tunnel's mouth, with a keyhole.
func App(size int) []byte {
	back, front := newPen(size), newPen(size)
	back.polygon(false, 3.4, 0.3, 12.6, 0.3, 15.7, 3.4, 15.7, 12.6, 12.6, 15.7, 3.4, 15.7, 0.3, 12.6, 0.3, 3.4)
	m := back.image(color.NRGBA{0x12, 0x4d, 0x8c, 0xff}).(*image.NRGBA)
	front.circle(8, 8, 5.6, false)
	front.circle(8, 8, 4.2, true)
	front.circle(8, 7, 1.6, false)
	front.polygon(false, 7.3, 7.6, 8.7, 7.6, 9.3, 11, 6.7, 11)
	draw.Draw(m, m.Bounds(), front.image(color.NRGBA{0xff, 0xff, 0xff, 0xff}), image.Point{}, draw.Over)
	return encoded(m)
}

// pen draws on a grid of 16 by 16. A shape that is a hole runs the other way round.
type pen struct {
	r    *vector.Rasterizer
	size int
	unit float64
}

func newPen(size int) *pen {
	return &pen{vector.NewRasterizer(size, size), size, float64(size) / 16}
}

func (p *pen) at(x, y float64) (float32, float32) { return float32(x * p.unit), float32(y * p.unit) }

// path fills the points in order, or in the other order for a hole.
func (p *pen) path(hole bool, xy []float64) {
	n := len(xy) / 2
	for i := range n {
		k := i
		if hole {
			k = n - 1 - i
		}
		x, y := p.at(xy[2*k], xy[2*k+1])
		if i == 0 {
			p.r.MoveTo(x, y)
		} else {
			p.r.LineTo(x, y)
		}
	}
	p.r.ClosePath()
}

func (p *pen) polygon(hole bool, xy ...float64) { p.path(hole, xy) }

// steps makes curves round enough for 512 pixels.
const steps = 96

func (p *pen) circle(x, y, r float64, hole bool) {
	xy := make([]float64, 0, 2*steps)
	for i := range steps {
		a := 2 * math.Pi * float64(i) / steps
		xy = append(xy, x+r*math.Cos(a), y+r*math.Sin(a))
	}
	p.path(hole, xy)
}

// arc is a part of a ring, from one angle to another in degrees.
func (p *pen) arc(x, y, outer, inner, from, to float64) {
	var xy []float64
	for i := range steps + 1 {
		a := (from + (to-from)*float64(i)/steps) * math.Pi / 180
		xy = append(xy, x+outer*math.Cos(a), y+outer*math.Sin(a))
	}
	for i := steps; i >= 0; i-- {
		a := (from + (to-from)*float64(i)/steps) * math.Pi / 180
		xy = append(xy, x+inner*math.Cos(a), y+inner*math.Sin(a))
	}
	p.path(false, xy)
}

// line is a line of two strokes with this width, as a hole or not: the tick.
func (p *pen) line(hole bool, width, x1, y1, x2, y2, x3, y3 float64) {
	h := width / math.Sqrt2
	p.path(hole, []float64{x1, y1, x1 + h, y1 - h, x2, y2 - 2*h, x3 - h, y3 - h, x3, y3, x2, y2})
}

func (p *pen) image(c color.NRGBA) image.Image {
	m := image.NewNRGBA(image.Rect(0, 0, p.size, p.size))
	p.r.DrawOp = draw.Src
	p.r.Draw(m, m.Bounds(), image.NewUniform(c), image.Point{})
	return m
}

// ICO wraps a PNG of this size for Windows, which takes PNG in icons since Vista.
func ICO(png []byte, size int) []byte {
	n, side := len(png), byte(size) // 0 stands for 256
	return append([]byte{0, 0, 1, 0, 1, 0, side, side, 0, 0, 1, 0, 32, 0,
		byte(n), byte(n >> 8), byte(n >> 16), byte(n >> 24), 22, 0, 0, 0}, png...)
}
