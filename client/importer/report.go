package importer

import (
	"fmt"
	"strings"
)

// Kind is what became of an entry.
type Kind string

const (
	Mapped  Kind = "mapped"  // stands in the profile
	Dropped Kind = "dropped" // does not
	Weak    Kind = "weak"    // lowers security; says whether it stands in the profile
	Missing Kind = "missing" // has to be filled in before the profile can be used
	Locked  Kind = "locked"  // the file did not let the user change it
)

// Entry is what became of one entry of a file. It never holds a secret.
type Entry struct {
	Line int    `json:"line,omitempty"` // of the source, from 1; 0 where none is meant
	Key  string `json:"key,omitempty"`  // as the source names it
	Kind Kind   `json:"kind"`
	To   string `json:"to,omitempty"` // key of the profile
	Text string `json:"text,omitempty"`
}

// Report is what became of a file.
type Report struct {
	File    string  `json:"file"`
	Format  string  `json:"format"`
	Profile string  `json:"profile"`
	Entries []Entry `json:"entries"`
}

// add leaves out what comes after the largest number of entries; the last one says so.
func (r *Report) add(e Entry) {
	if r.full() {
		return
	}
	if len(r.Entries) == maxEntries-1 {
		e = Entry{Line: e.Line, Kind: Dropped, Text: "from here on: too many entries for one connection"}
	}
	e.Key = clean(e.Key)
	r.Entries = append(r.Entries, e)
}

func (r *Report) full() bool { return len(r.Entries) >= maxEntries }

// Count is the number of entries of a kind.
func (r Report) Count(k Kind) int {
	n := 0
	for _, e := range r.Entries {
		if e.Kind == k {
			n++
		}
	}
	return n
}

// String is the report for people: one line for each entry.
func (r Report) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s (%s): profile %s\n", r.File, r.Format, r.Profile)
	for _, e := range r.Entries {
		at := "-"
		if e.Line > 0 {
			at = fmt.Sprint(e.Line)
		}
		fmt.Fprintf(&b, "  %4s  %-7s  %s\n", at, e.Kind, e.sentence())
	}
	fmt.Fprintf(&b, "  %d mapped, %d dropped, %d weak, %d missing, %d locked\n", r.Count(Mapped), r.Count(Dropped),
		r.Count(Weak), r.Count(Missing), r.Count(Locked))
	return b.String()
}

// sentence is the entry without its line and kind.
func (e Entry) sentence() string {
	s := e.Key
	switch {
	case s == "":
		s = e.To
	case e.To != "" && e.To != e.Key:
		s += " -> " + e.To
	}
	if e.Text == "" || s == "" {
		return s + e.Text
	}
	return s + ": " + e.Text
}
