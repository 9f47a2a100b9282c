package status

import (
	"fmt"
	"io"
	"strings"
	"time"
	"unicode/utf8"
)

// PeerTable writes the ordered list of gateways for a person, the active one marked with "*", with now as the present.
// A row that does not fit width columns is written on two lines: what is going on, and below it address, origin and
// reason. Width 0 has no bound. What a gateway chose passes the filter.
func PeerTable(w io.Writer, peers []Peer, now time.Time, width int) error {
	head := []string{"  PEER", "ADDRESS", "ORIGIN", "STATE", "SINCE", "HEARD", "NEXT TRY", "LAST REASON"}
	rows := make([]peerRow, len(peers))
	long := [][]string{head}
	for i, p := range peers {
		rows[i] = rowOf(p, now)
		long = append(long, rows[i].cells())
	}
	text := columns(long)
	if width > 0 && widest(text) > width {
		text = folded(rows, head, max(width, narrowest))
	}
	for i, line := range text {
		text[i] = strings.TrimRight(line, " ") + "\n"
	}
	_, err := io.WriteString(w, strings.Join(text, ""))
	return err
}

// narrowest is the width below which a table is not made smaller, but left to the terminal.
const narrowest = 50

// peerRow is one gateway as text.
type peerRow struct{ name, address, origin, health, since, heard, next, reason string }

func rowOf(p Peer, now time.Time) peerRow {
	mark := "  "
	if p.Health == "active" {
		mark = "* "
	}
	r := peerRow{name: mark + FilterLine(p.Name), address: FilterLine(p.Address), origin: FilterLine(p.Origin),
		health: FilterLine(p.Health), since: clockTime(p.Since, now), reason: FilterLine(p.Reason)}
	if !p.LastHeard.IsZero() {
		r.heard = short(now.Sub(p.LastHeard)) + " ago"
	}
	if p.NextTry.After(now) {
		r.next = "in " + short(p.NextTry.Sub(now))
	}
	return r
}

func (r peerRow) cells() []string {
	return []string{r.name, r.address, r.origin, r.health, r.since, r.heard, r.next, r.reason}
}

// folded is the table on two lines a gateway. Where little room is left for the names, heard and next try go below too.
// A name that is still too long is cut in the middle: what tells two of them apart is at the begin or at the end.
func folded(rows []peerRow, head []string, width int) []string {
	beside := 4
	right := columns(besides(rows, head, beside))
	if width-2-widest(right) < tightNames {
		beside = 2
		right = columns(besides(rows, head, beside))
	}
	room := width - 2 - widest(right)
	top := [][]string{{head[0], right[0]}}
	for i, r := range rows {
		top = append(top, []string{cutMiddle(r.name, room), right[i+1]})
	}
	var out []string
	for i, line := range columns(top) {
		out = append(out, line)
		if i > 0 {
			out = append(out, rows[i-1].below(beside < 4, width)...)
		}
	}
	return out
}

// tightNames is the room for a name below which other columns make place.
const tightNames = 32

// besides are the cells beside the names, n of state, since, heard and next try.
func besides(rows []peerRow, head []string, n int) [][]string {
	out := [][]string{head[3 : 3+n]}
	for _, r := range rows {
		out = append(out, r.cells()[3:3+n])
	}
	return out
}

// below are the lines under a row; with times also when the peer was heard and is tried again.
func (r peerRow) below(times bool, width int) []string {
	var parts []string
	add := func(when bool, before, text string) {
		if when && text != "" {
			parts = append(parts, before+text)
		}
	}
	add(true, "", r.address)
	add(r.origin != "profile", "", r.origin)
	add(times, "heard ", r.heard)
	add(times, "next try ", r.next)
	add(true, "last: ", r.reason)
	if len(parts) == 0 {
		return nil
	}
	return wrapped(strings.Join(parts, ", "), "    ", width)
}

// columns lines cells up, two spaces apart; a column where only the heading stands is left out. The last column has no
// width.
func columns(rows [][]string) []string {
	width, used := make([]int, len(rows[0])), make([]bool, len(rows[0]))
	for i, row := range rows {
		for c, cell := range row {
			width[c] = max(width[c], utf8.RuneCountInString(cell))
			used[c] = used[c] || i > 0 && cell != ""
		}
	}
	used[0] = true
	out := make([]string, len(rows))
	for i, row := range rows {
		var b strings.Builder
		for c, cell := range row {
			if used[c] {
				fmt.Fprintf(&b, "%-*s  ", width[c], cell)
			}
		}
		out[i] = strings.TrimRight(b.String(), " ")
	}
	return out
}

func widest(lines []string) int {
	n := 0
	for _, l := range lines {
		n = max(n, utf8.RuneCountInString(l))
	}
	return n
}

// cutMiddle makes s at most n runes long.
func cutMiddle(s string, n int) string {
	r := []rune(s)
	if len(r) <= n {
		return s
	}
	head := n / 2
	return string(r[:head]) + "…" + string(r[len(r)-(n-head-1):])
}

// wrapped breaks s at spaces, each line indented; a word that is longer than a line stays whole.
func wrapped(s, indent string, width int) []string {
	var out []string
	line := ""
	for word := range strings.FieldsSeq(s) {
		if line != "" && utf8.RuneCountInString(indent+line+" "+word) > width {
			out = append(out, indent+line)
			line = ""
		}
		if line != "" {
			line += " "
		}
		line += word
	}
	return append(out, indent+line)
}

// clockTime is the time of day, or the date of a former day, in the zone of the reader.
func clockTime(t, now time.Time) string {
	if t.IsZero() {
		return ""
	}
	t = t.In(now.Location())
	if t.Format(time.DateOnly) == now.Format(time.DateOnly) {
		return t.Format(time.TimeOnly)
	}
	return t.Format(time.DateOnly)
}

// short is a length of time in few characters: 42s, 3m05s, 42m, 7h12m, 12d.
func short(d time.Duration) string {
	s := max(0, int64(d.Round(time.Second)/time.Second))
	switch {
	case s < 60:
		return fmt.Sprintf("%ds", s)
	case s < 600:
		return fmt.Sprintf("%dm%02ds", s/60, s%60)
	case s < 3600:
		return fmt.Sprintf("%dm", s/60)
	case s < 86400:
		return fmt.Sprintf("%dh%02dm", s/3600, s%3600/60)
	}
	return fmt.Sprintf("%dd", s/86400)
}
