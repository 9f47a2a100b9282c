package client

import (
	"encoding/xml"
	"fmt"
	"math"
	"strings"
	"time"
)

// Of the picture, in pixels: one column for each case, one row for each thing that is drawn.
const (
	leftEdge   = 80
	topEdge    = 134
	plotHeight = 190
	rowGap     = 62
	columnGap  = 76
)

var (
	gateColours = []string{"#1f6fb4", "#d95f02", "#2a9d5c"}
	totalColour = "#333333"
	eventColour = "#888888"

	allowedColour = "#b00020"
	doneColour    = "#7b3fa0"
)

// panel is one plot: seconds to the right, numbers upwards.
type panel struct {
	x, y, w     float64 // its place; plotHeight high
	from, to    float64 // seconds
	most        float64 // the number at the top
	title, unit string
}

// canvas is an SVG in the making.
type canvas struct{ b strings.Builder }

func (c *canvas) line(x1, y1, x2, y2 float64, style string) {
	fmt.Fprintf(&c.b, `<line x1="%.1f" y1="%.1f" x2="%.1f" y2="%.1f" %s/>`+"\n", x1, y1, x2, y2, style)
}

func (c *canvas) text(x, y float64, style, s string) {
	fmt.Fprintf(&c.b, `<text x="%.1f" y="%.1f" %s>`, x, y, style)
	xml.EscapeText(&c.b, []byte(s))
	c.b.WriteString("</text>\n")
}

func (p panel) at(second, value float64) (x, y float64) {
	return p.x + p.w*(second-p.from)/(p.to-p.from), p.y + plotHeight*(1-value/p.most)
}

// tickStep is a round distance between ticks that makes n of them or fewer.
func tickStep(span float64, n int) float64 {
	for unit := math.Pow(10, math.Floor(math.Log10(span/float64(n)))); ; unit *= 10 {
		for _, k := range []float64{1, 2, 5} {
			if span/(k*unit) <= float64(n) {
				return k * unit
			}
		}
	}
}

// frame draws the axes of a panel.
func (c *canvas) frame(p panel) {
	fmt.Fprintf(&c.b, `<rect x="%.1f" y="%.1f" width="%.1f" height="%d" fill="#ffffff" stroke="#999999"/>`+"\n", p.x, p.y, p.w, plotHeight)
	step := tickStep(p.most, 5)
	for v := 0.0; v <= p.most; v += step {
		x, y := p.at(p.from, v)
		c.line(x, y, x+p.w, y, `stroke="#e4e4e4"`)
		c.text(x-6, y+4, `text-anchor="end"`, fmt.Sprintf("%.0f", v))
	}
	step = 60 // seconds
	for (p.to-p.from)/step > p.w/40 {
		step *= 2
	}
	for s := step * float64(int(p.from/step)); s <= p.to; s += step {
		x, y := p.at(s, 0)
		c.line(x, y, x, y+4, `stroke="#999999"`)
		c.text(x, y+17, `text-anchor="middle"`, fmt.Sprintf("%.0f", s))
	}
	c.text(p.x+p.w/2, p.y+plotHeight+33, `text-anchor="middle"`, "seconds")
	c.text(p.x, p.y-7, "", p.title)
	fmt.Fprintf(&c.b, `<text transform="translate(%.1f %.1f) rotate(-90)" text-anchor="middle">%s</text>`+"\n", p.x-52, p.y+plotHeight/2, p.unit)
}

// draw puts a curve into a panel, whose seconds count from zero.
func (c *canvas) draw(p panel, zero int, values []int, colour string, width float64) {
	var points strings.Builder
	for s := int(p.from); s <= int(p.to); s++ {
		n := 0
		if i := zero + s; i >= 0 && i < len(values) {
			n = values[i]
		}
		x, y := p.at(float64(s), min(float64(n), p.most))
		fmt.Fprintf(&points, "%.1f,%.1f ", x, y)
	}
	fmt.Fprintf(&c.b, `<polyline points="%s" fill="none" stroke="%s" stroke-width="%.1f" stroke-linejoin="round"/>`+"\n",
		strings.TrimSpace(points.String()), colour, width)
}

// mark draws a date. The legend says what it is.
func (c *canvas) mark(p panel, second float64, colour string) {
	x, y := p.at(second, 0)
	c.line(x, y, x, p.y, `stroke="`+colour+`" stroke-width="1.2" stroke-dasharray="4 3"`)
}

// total adds up what all gateways have in each second.
func (f *fleet) total(of func(*gate) []int) []int {
	var all []int
	for _, g := range f.gates {
		for s, n := range of(g) {
			for len(all) <= s {
				all = append(all, 0)
			}
			all[s] += n
		}
	}
	return all
}

// picture draws the tunnels, the connects and the first messages of each case.
func (f *fleet) picture(chapters []chapter) string {
	var columns []chapter
	for _, c := range chapters {
		if c.allowed > 0 {
			columns = append(columns, c)
		}
	}
	var c canvas
	x := float64(leftEdge)
	for _, ch := range columns {
		from, to := -20.0, max((ch.from+ch.allowed-ch.event).Seconds(), (ch.to-ch.event).Seconds())+25
		w := 300 + (to-from)*0.25
		f.column(&c, ch, panel{x: x, w: w, from: from, to: to})
		x += w + columnGap
	}
	width, height := x-columnGap+24, float64(topEdge+3*plotHeight+2*rowGap+50)
	var head canvas
	fmt.Fprintf(&head.b, `<svg xmlns="http://www.w3.org/2000/svg" width="%.0f" height="%.0f" viewBox="0 0 %.0f %.0f" `,
		width, height, width, height)
	head.b.WriteString(`font-family="sans-serif" font-size="12" fill="#222222">` + "\n")
	fmt.Fprintf(&head.b, `<rect width="%.0f" height="%.0f" fill="#fafafa"/>`+"\n", width, height)
	head.text(leftEdge, 28, `font-size="17" font-weight="bold"`,
		fmt.Sprintf("%d remotes, three gateways that complete %.0f connects a second each", len(f.remotes), f.gates[0].rate))
	x = leftEdge
	for i, name := range []string{"gateway 1", "gateway 2", "gateway 3", "all"} {
		colour := append(gateColours, totalColour)[i]
		head.line(x, 48, x+26, 48, `stroke-width="3" stroke="`+colour+`"`)
		head.text(x+32, 52, "", name)
		x += 112
	}
	for _, mark := range []struct{ colour, what string }{
		{eventColour, "gateways die or come back"}, {doneColour, "all are up"}, {allowedColour, "allowed until here"},
	} {
		head.line(x, 48, x+26, 48, `stroke-width="1.5" stroke-dasharray="4 3" stroke="`+mark.colour+`"`)
		head.text(x+32, 52, "", mark.what)
		x += 225
	}
	return head.b.String() + c.b.String() + "</svg>\n"
}

// column draws one case.
func (f *fleet) column(c *canvas, ch chapter, p panel) {
	zero := int(ch.event / time.Second)
	window := func(values []int) int {
		most := 0
		for s := zero + int(p.from); s <= zero+int(p.to) && s < len(values); s++ {
			most = max(most, values[max(s, 0)])
		}
		return most
	}
	rows := []struct {
		title, unit string
		of          func(*gate) []int
		all         bool
	}{
		{"tunnels that are up", "remotes", func(g *gate) []int { return g.tunnels }, true},
		{"connects completed", "in each second", func(g *gate) []int { return g.served }, false},
		{"first messages offered", "in each second", func(g *gate) []int { return g.offered }, false},
	}
	c.text(p.x, topEdge-46, `font-size="15" font-weight="bold"`, ch.name)
	c.text(p.x, topEdge-28, `fill="#555555"`,
		fmt.Sprintf("all up %.0f s after %s, allowed %.0f s", (ch.to-ch.from).Seconds(), ch.since, ch.allowed.Seconds()))
	for i, row := range rows {
		q := p
		q.y, q.title, q.unit = topEdge+float64(i)*(plotHeight+rowGap), row.title, row.unit
		q.most = 1
		for _, g := range f.gates {
			q.most = max(q.most, 1.1*float64(window(row.of(g))))
		}
		all := f.total(row.of)
		if row.all {
			q.most = 1.08 * float64(len(f.remotes))
		}
		c.frame(q)
		if row.all {
			c.draw(q, zero, all, totalColour, 2.5)
		}
		for k, g := range f.gates {
			c.draw(q, zero, row.of(g), gateColours[k], 1.3)
		}
		c.mark(q, 0, eventColour)
		if ch.from-ch.event > time.Minute {
			c.mark(q, (ch.from - ch.event).Seconds(), eventColour)
		}
		c.mark(q, (ch.from + ch.allowed - ch.event).Seconds(), allowedColour)
		c.mark(q, (ch.to - ch.event).Seconds(), doneColour)
	}
}
