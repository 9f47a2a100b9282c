package profile

import (
	"strconv"
	"strings"
)

// Set gives a profile's text with one key set, and everything else as it was. value is as a command line has it: a text
// without quotes, a list with commas, a number, true or false. The result is a profile's file as far as syntax and this
// key go; Compose checks the whole. Errors are of type FieldError or Errors and name no secret.
func Set(file string, data []byte, path, value string) ([]byte, error) {
	k, ok := find(path)
	if !ok {
		return nil, FieldError{File: file, Key: path, Why: "there is no such key" + hint(nearest(path)), Allowed: keysNear(path)}
	}
	if k.later {
		return nil, FieldError{File: file, Key: path, Why: "not available in this version"}
	}
	v, why := typed(k, value)
	if why == "" {
		why = k.kind.set(&Profile{}, v)
	}
	if why != "" {
		return nil, FieldError{File: file, Key: path, Why: why, Allowed: k.kind.allowed}
	}
	s, errs := decode(Machine, file, data)
	if len(errs) > 0 {
		return nil, errs
	}
	text := strings.TrimPrefix(string(data), "\uFEFF")
	lit := literal(plain(v))
	if at, ok := s.out.spans[path]; ok {
		return []byte(text[:at.value] + lit + text[at.end:]), nil
	}
	return []byte(s.insert(text, path, lit)), nil
}

// typed reads a value of the command line as the key's kind has it.
func typed(k key, value string) (v any, why string) {
	switch k.kind.typ {
	case "whole number":
		n, err := strconv.ParseInt(value, 10, 64)
		if err != nil {
			return nil, "this is not a whole number"
		}
		return n, ""
	case "true or false":
		if value != "true" && value != "false" {
			return nil, "this is neither true nor false"
		}
		return value == "true", ""
	case "list of texts":
		var list []any
		for s := range strings.SplitSeq(value, ",") {
			list = append(list, strings.TrimSpace(s))
		}
		return list, ""
	}
	return value, ""
}

// plain is a value as literal prints it.
func plain(v any) any {
	list, ok := v.([]any)
	if !ok {
		return v
	}
	out := make([]string, len(list))
	for i, x := range list {
		out[i], _ = x.(string)
	}
	return out
}

// insert puts a new key where it belongs: after the last key of its table, in the form in which the table is written.
func (s *source) insert(text, path, lit string) string {
	table, name := cutLast(path)
	if at, ok := s.out.spans[table]; ok && table != "" { // {…} on one line
		body := strings.TrimSpace(text[at.value+1 : at.end-1])
		if body != "" {
			body += ", "
		}
		return text[:at.value] + "{" + body + name + " = " + lit + "}" + text[at.end:]
	}
	end := -1 // of the last key of the table
	for p, at := range s.out.spans {
		if t, _ := cutLast(p); t == table && at.end > end {
			end = at.end
		}
	}
	_, header := s.out.tables[table]
	switch {
	case end >= 0 && (header || table == ""):
		return after(text, end, name+" = "+lit)
	case end >= 0:
		return after(text, end, path+" = "+lit) // the table is written as dotted keys
	case header:
		return after(text, s.headerEnd(text, table), name+" = "+lit)
	case table == "":
		return name + " = " + lit + "\n" + text
	}
	if text != "" && !strings.HasSuffix(text, "\n") {
		text += "\n"
	}
	if text != "" {
		text += "\n"
	}
	return text + "[" + table + "]\n" + name + " = " + lit + "\n"
}

// headerEnd is an offset within the line of a table's header.
func (s *source) headerEnd(text, table string) int {
	at := 0
	for range s.out.tables[table] - 1 {
		at += strings.IndexByte(text[at:], '\n') + 1
	}
	return at
}

// after puts a line behind the one that holds this offset, with the same kind of line end.
func after(text string, at int, line string) string {
	i := strings.IndexByte(text[at:], '\n')
	if i < 0 {
		return text + "\n" + line + "\n"
	}
	i += at
	eol := "\n"
	if i > 0 && text[i-1] == '\r' {
		eol = "\r\n"
	}
	return text[:i+1] + line + eol + text[i+1:]
}
