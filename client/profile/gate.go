package profile

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// The gate reads a profile before the TOML parser does. The parser's time grows with the square of nesting, dotted
// keys and key counts, and its stack with nesting; the gate is one pass with bounds. It lets through a subset of TOML
// that is all a profile needs: bare keys, one-line texts, numbers, booleans, lists, tables. What it lets through, the
// parser reads the same way. It also notes on which line each key stands, and its errors never quote the file.
const (
	maxSize   = 64 << 10
	maxKeys   = 200  // keys and table headers
	maxValues = 1000 // texts, numbers and lists
	maxDepth  = 3    // lists and tables within one another
	maxParts  = 3    // of a dotted key
	maxWord   = 32   // bytes of a number
	maxKeyLen = 64
	maxErrors = 20
)

// outline is where things stand in a file.
type outline struct {
	lines  map[string]int // line of each "table.key"
	tables map[string]int // line of each [table], or of its inline form
	order  []string       // keys as they come
	spans  map[string]span
}

// span is where a key and its value stand in the text, as offsets.
type span struct {
	key, value, end int
	inline          bool // within braces
}

// has reports whether anything of a table is in the file.
func (o outline) has(table string) (line int, ok bool) {
	if line, ok = o.tables[table]; ok {
		return line, true
	}
	for _, k := range o.order {
		if strings.HasPrefix(k, table+".") {
			return o.lines[k], true
		}
	}
	return 0, false
}

// gate is one pass over the text.
type gate struct {
	text   string
	at     int
	line   int
	table  string
	keys   int
	values int
	stems  map[string]int // line of each path that something stands below of
	out    outline
}

// fault is a syntax error; the gate goes on with the next line, except after a bound.
type fault struct {
	line      int
	key       string
	why       string
	exhausted bool
}

func (f *fault) Error() string { return f.why }

// outlineOf checks the text and finds its keys.
func outlineOf(file, text string) (outline, Errors) {
	g := &gate{text: text, line: 1, stems: map[string]int{}, out: outline{lines: map[string]int{}, tables: map[string]int{}, spans: map[string]span{}}}
	if f := g.characters(); f != nil {
		return g.out, Errors{{File: file, Line: f.line, Why: f.why}}
	}
	var errs Errors
	for g.at < len(g.text) {
		f := g.statement()
		if f == nil {
			continue
		}
		e := FieldError{File: file, Line: f.line, Why: f.why}
		if k, ok := find(f.key); ok {
			e.Key, e.Allowed = f.key, k.kind.allowed
		}
		errs = append(errs, e)
		if f.exhausted || len(errs) == maxErrors {
			break
		}
		g.toLineEnd()
	}
	return g.out, errs
}

// characters checks size and encoding before anything else looks at the text.
func (g *gate) characters() *fault {
	if len(g.text) > maxSize {
		return &fault{why: fmt.Sprintf("the file has %d bytes; a profile has at most %d", len(g.text), maxSize)}
	}
	line := 1
	for i, r := range g.text {
		switch {
		case r == '\n':
			line++
		case r == utf8.RuneError && !strings.HasPrefix(g.text[i:], "\uFFFD"):
			return &fault{line: line, why: "not valid UTF-8; save the file as UTF-8"}
		case r == '\r' && strings.HasPrefix(g.text[i:], "\r\n"), r == '\t':
		case r < ' ' || r == 0x7f:
			return &fault{line: line, why: "a control character; only tab and line ends are allowed"}
		}
	}
	return nil
}

func (g *gate) fail(format string, args ...any) *fault {
	return &fault{line: g.line, why: fmt.Sprintf(format, args...)}
}

func (g *gate) exhausted(format string, args ...any) *fault {
	f := g.fail(format, args...)
	f.exhausted = true
	return f
}

// statement reads one line: nothing, a comment, a table header or a key with its value.
func (g *gate) statement() *fault {
	g.blanks()
	var f *fault
	switch g.peek() {
	case '\n', 0, '#':
	case '[':
		f = g.header()
	default:
		f = g.pair(g.table, 0)
	}
	if f != nil {
		return f
	}
	return g.endOfLine()
}

func (g *gate) header() *fault {
	g.at++
	if g.peek() == '[' {
		return g.fail("[[…]] is not used in a profile; a table is [name]")
	}
	g.blanks()
	path, f := g.key()
	if f != nil {
		return f
	}
	g.blanks()
	if g.peek() != ']' {
		return g.fail("a table header is [name]; the closing bracket is missing")
	}
	g.at++
	if first, ok := g.out.tables[path]; ok {
		return g.fail("this table was begun on line %d already", first)
	}
	if f := g.stem(path + "."); f != nil {
		return f
	}
	g.table = path
	g.out.tables[path] = g.line
	return nil
}

// pair reads key = value. prefix is the table that it stands in.
func (g *gate) pair(prefix string, depth int) *fault {
	begin := g.at
	path, f := g.key()
	if f != nil {
		return f
	}
	if prefix != "" {
		path = prefix + "." + path
	}
	g.blanks()
	if g.peek() != '=' {
		return g.fail("expected key = value")
	}
	g.at++
	g.blanks()
	if first, ok := g.out.lines[path]; ok {
		f := g.fail("this key was set on line %d already", first)
		f.key = path
		return f
	}
	if f := g.stem(path); f != nil {
		return f
	}
	if g.peek() == '{' {
		g.out.tables[path] = g.line
	} else if first, ok := g.stems[path]; ok {
		return g.fail("this is a table since line %d, and cannot have a value", first)
	} else {
		g.out.lines[path] = g.line
		g.out.order = append(g.out.order, path)
	}
	value := g.at
	if f = g.value(path, depth); f != nil && f.key == "" {
		f.key = path
	}
	g.out.spans[path] = span{begin, value, g.at, depth > 0}
	return f
}

// stem notes the tables that a path stands in. None of them may be a key with a value: the parser takes some such files.
func (g *gate) stem(path string) *fault {
	for i, c := range path {
		if c != '.' {
			continue
		}
		if first, ok := g.out.lines[path[:i]]; ok {
			return g.fail("a part of this name has a value since line %d, and cannot be a table", first)
		}
		if _, ok := g.stems[path[:i]]; !ok {
			g.stems[path[:i]] = g.line
		}
	}
	return nil
}

// key reads one bare key, dotted or not.
func (g *gate) key() (string, *fault) {
	if g.keys++; g.keys > maxKeys {
		return "", g.exhausted("more than %d keys", maxKeys)
	}
	begin := g.at
	for parts := 1; ; parts++ {
		if parts > maxParts {
			return "", g.exhausted("a key of more than %d parts", maxParts)
		}
		part := g.run(isBare)
		switch {
		case part == "" && (g.peek() == '"' || g.peek() == '\''):
			return "", g.fail("keys are written without quotes")
		case part == "":
			return "", g.fail("expected a key: letters, digits, - and _")
		case len(part) > maxKeyLen:
			return "", g.exhausted("a key of more than %d characters", maxKeyLen)
		}
		if g.peek() != '.' {
			return g.text[begin:g.at], nil
		}
		g.at++
	}
}

func (g *gate) endOfLine() *fault {
	g.blanks()
	if g.peek() == '#' {
		g.toLineEnd()
		return nil
	}
	if c := g.peek(); c != '\n' && c != 0 {
		return g.fail("something follows where the line should end")
	}
	g.newline()
	return nil
}

// toLineEnd skips the rest of the line.
func (g *gate) toLineEnd() {
	if i := strings.IndexByte(g.text[g.at:], '\n'); i >= 0 {
		g.at += i
	} else {
		g.at = len(g.text)
	}
	g.newline()
}

func (g *gate) newline() {
	if g.at < len(g.text) && g.text[g.at] == '\n' {
		g.at++
		g.line++
	}
}

// peek gives the next byte, 0 at the end; a carriage return counts as blank, since only CR LF passed characters.
func (g *gate) peek() byte {
	if g.at < len(g.text) {
		return g.text[g.at]
	}
	return 0
}

func (g *gate) blanks() {
	for c := g.peek(); c == ' ' || c == '\t' || c == '\r'; c = g.peek() {
		g.at++
	}
}

func (g *gate) run(ok func(byte) bool) string {
	begin := g.at
	for g.at < len(g.text) && ok(g.text[g.at]) {
		g.at++
	}
	return g.text[begin:g.at]
}

func isBare(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '_' || c == '-'
}
