package status

import (
	"fmt"
	"strings"
	"time"
)

// Duration is a length of time for a person, in its two largest units: "3 h 12 min".
func Duration(d time.Duration) string {
	d = d.Round(time.Second)
	s := int64(d / time.Second)
	units := []struct {
		of   int64
		name string
	}{{86400, "d"}, {3600, "h"}, {60, "min"}, {1, "s"}}
	for i, u := range units {
		if s < u.of {
			continue
		}
		text := fmt.Sprintf("%d %s", s/u.of, u.name)
		if i+1 < len(units) {
			if rest := s % u.of / units[i+1].of; rest > 0 {
				text += fmt.Sprintf(" %d %s", rest, units[i+1].name)
			}
		}
		return text
	}
	return "0 s"
}

// Bytes is a volume for a person: "12.3 MiB".
func Bytes(n uint64) string {
	if n < 1024 {
		return fmt.Sprintf("%d B", n)
	}
	v, unit := float64(n)/1024, 0
	for v >= 1023.95 && unit < 4 {
		v, unit = v/1024, unit+1
	}
	return fmt.Sprintf("%.1f %ciB", v, "KMGTP"[unit])
}

// since is " since … (…)", in the zone of the reader.
func (p *page) since(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return fmt.Sprintf(" since %s (%s)", t.In(p.now.Location()).Format("2006-01-02 15:04:05"), Duration(max(0, p.now.Sub(t))))
}

func (p *page) ago(t time.Time) string { return Duration(max(0, p.now.Sub(t))) + " ago" }

// left is what remains of a life.
func (p *page) left(t time.Time) string {
	switch d := t.Sub(p.now); {
	case t.IsZero():
		return ""
	case d <= 0:
		return ", expired"
	default:
		return ", " + Duration(d) + " left"
	}
}

func joined[T fmt.Stringer](list []T) string {
	out := make([]string, len(list))
	for i, x := range list {
		out[i] = x.String()
	}
	return strings.Join(out, ", ")
}

func filtered(list []string) string {
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = FilterLine(s)
	}
	return strings.Join(out, ", ")
}
