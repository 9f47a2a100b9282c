package profile

import (
	"slices"
	"strings"
)

// Unset gives a profile's text without a key, and without its table if that is empty then; everything else stays as it
// was. A key that is not there is an error.
func Unset(file string, data []byte, path string) ([]byte, error) {
	s, errs := decode(Machine, file, data)
	if len(errs) > 0 {
		return nil, errs
	}
	text := strings.TrimPrefix(string(data), "\uFEFF")
	at, ok := s.out.spans[path]
	if !ok || s.out.lines[path] == 0 {
		return nil, FieldError{File: file, Key: path, Why: "it is not set here"}
	}
	table, _ := cutLast(path)
	alone := !slices.ContainsFunc(s.out.order, func(p string) bool { return p != path && strings.HasPrefix(p, table+".") })
	switch {
	case at.inline && alone:
		in := s.out.spans[table]
		return []byte(withoutLines(text, in.key, in.end)), nil
	case at.inline:
		return []byte(withoutPair(text, at)), nil
	}
	text = withoutLines(text, at.key, at.end)
	if head := s.headerEnd(text, table); table != "" && alone && s.out.tables[table] > 0 && head < at.key {
		text = withoutLines(text, head, head)
	}
	return []byte(text), nil
}

// withoutLines takes out the lines from one offset to another.
func withoutLines(text string, from, to int) string {
	begin, end := strings.LastIndexByte(text[:from], '\n')+1, len(text)
	if i := strings.IndexByte(text[to:], '\n'); i >= 0 {
		end = to + i + 1
	}
	return text[:begin] + text[end:]
}

// withoutPair takes one of several keys out of a table in braces, with the comma behind it, or else that before.
func withoutPair(text string, at span) string {
	rest := strings.TrimLeft(text[at.end:], " \t")
	if behind, comma := strings.CutPrefix(rest, ","); comma {
		return text[:at.key] + strings.TrimLeft(behind, " \t")
	}
	return text[:strings.LastIndexByte(text[:at.key], ',')] + text[at.end:]
}
