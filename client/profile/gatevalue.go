package profile

import "strings"

// value passes over one value. It checks what the parser could be made to pay for, and what people get wrong.
func (g *gate) value(path string, depth int) *fault {
	if g.values++; g.values > maxValues {
		return g.exhausted("more than %d values", maxValues)
	}
	switch c := g.peek(); c {
	case '"', '\'':
		return g.quoted(c)
	case '[', '{':
		if depth++; depth > maxDepth {
			return g.exhausted("lists or tables are nested more than %d deep", maxDepth)
		}
		if c == '[' {
			return g.list(path, depth)
		}
		return g.inline(path, depth)
	}
	return g.word()
}

// quoted passes over a text on one line. The text itself is never part of an error: it may be a secret.
func (g *gate) quoted(quote byte) *fault {
	if strings.HasPrefix(g.text[g.at:], strings.Repeat(string(quote), 3)) {
		return g.fail("a text in triple quotes is not used in a profile; write it on one line")
	}
	for g.at++; ; g.at++ {
		switch c := g.peek(); {
		case c == '\n' || c == 0:
			return g.fail("the text has no closing quote on its line")
		case c == quote:
			g.at++
			return nil
		case c == '\\' && quote == '"':
			g.at++
			if g.at >= len(g.text) || !strings.ContainsRune(`"\btnfreuUx`, rune(g.text[g.at])) {
				return g.fail(`a backslash in double quotes begins an escape; write \\ for one, or use single quotes`)
			}
		}
	}
}

func (g *gate) list(path string, depth int) *fault {
	g.at++
	for {
		g.space()
		switch g.peek() {
		case ']':
			g.at++
			return nil
		case 0:
			return g.fail("the list has no closing bracket")
		case '{':
			return g.fail("a table cannot stand in a list")
		}
		if f := g.value(path, depth); f != nil {
			return f
		}
		g.space()
		switch g.peek() {
		case ',':
			g.at++
		case ']':
		case 0:
			return g.fail("the list has no closing bracket")
		default:
			return g.fail("expected a comma or the closing bracket of the list")
		}
	}
}

func (g *gate) inline(path string, depth int) *fault {
	g.at++
	g.blanks()
	if g.peek() == '}' {
		g.at++
		return nil
	}
	for {
		g.blanks()
		if f := g.pair(path, depth); f != nil {
			return f
		}
		g.blanks()
		switch g.peek() {
		case ',':
			g.at++
		case '}':
			g.at++
			return nil
		default:
			return g.fail("expected a comma or the closing brace of the table")
		}
	}
}

// word passes over a number or a boolean.
func (g *gate) word() *fault {
	w := g.run(func(c byte) bool { return isBare(c) || c == '+' || c == '.' || c == ':' })
	switch {
	case len(w) > maxWord && '0' <= w[0] && w[0] <= '9':
		return g.exhausted("a number of more than %d characters", maxWord)
	case w == "true" || w == "false":
		return nil
	case w == "":
		return g.fail("the value is missing")
	case strings.Trim(w, "+-0123456789_.") != "" || strings.Count(w, ".") > 1:
		return g.fail("a text needs quotes")
	}
	return nil
}

// space passes over blanks, line ends and comments, as between the values of a list.
func (g *gate) space() {
	for {
		g.blanks()
		switch g.peek() {
		case '\n':
			g.newline()
		case '#':
			g.toLineEnd()
		default:
			return
		}
	}
}
