package profile

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// FieldError is one thing that is wrong with a profile. It never holds the value of a secret.
type FieldError struct {
	File    string
	Line    int    // from 1; 0 where the file as a whole is meant
	Key     string // "dpd.interval"; "" where none is meant
	Why     string
	Allowed string // what would be right
}

func (e FieldError) Error() string {
	s := e.File
	if e.Line > 0 {
		s = fmt.Sprintf("%s:%d", s, e.Line)
	}
	if e.Key != "" {
		s += ": " + e.Key
	}
	s += ": " + e.Why
	if e.Allowed != "" {
		s += "; allowed: " + e.Allowed
	}
	return s
}

// Errors is everything that is wrong with a profile, in the order of its lines.
type Errors []FieldError

func (e Errors) Error() string {
	lines := make([]string, len(e))
	for i, x := range e {
		lines[i] = x.Error()
	}
	return strings.Join(lines, "\n")
}

// sorted gives the errors file by file, in the order of the layers, and by line; those of a whole file are its last.
func (e Errors) sorted(layers ...Layer) Errors {
	order := func(file string) int { return slices.IndexFunc(layers, func(l Layer) bool { return l.File == file }) }
	slices.SortStableFunc(e, func(a, b FieldError) int {
		if c := cmp.Compare(order(a.File), order(b.File)); c != 0 {
			return c
		}
		if (a.Line == 0) != (b.Line == 0) {
			return cmp.Compare(b.Line, a.Line)
		}
		return cmp.Compare(a.Line, b.Line)
	})
	return e
}
