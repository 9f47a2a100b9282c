package importer

import (
	"encoding/base64"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
)

const (
	maxNesting = 32
	maxValues  = 4096
)

// node is one value of an XML property list: string, []byte, bool, []node or dict as v.
type node struct {
	line int
	v    any
}

type dict []member

type member struct {
	key  string
	line int
	node node
}

// get gives a value of a dictionary.
func (d dict) get(key string) (member, bool) {
	for _, m := range d {
		if m.key == key {
			return m, true
		}
	}
	return member{}, false
}

// text gives a value that is a string.
func (d dict) text(key string) string {
	m, _ := d.get(key)
	s, _ := m.node.v.(string)
	return s
}

// plist reads an XML property list, with the line of each value, which no library gives.
type plist struct {
	text string
	dec  *xml.Decoder
	left int
	seen int // bytes of text whose lines are counted
	line int
}

func parsePlist(text string) (node, error) {
	p := &plist{text: text, dec: xml.NewDecoder(strings.NewReader(text)), left: maxValues, line: 1}
	p.dec.CharsetReader = func(_ string, in io.Reader) (io.Reader, error) { return in, nil } // decoded before
	for {
		t, err := p.dec.Token()
		if err != nil {
			return node{}, p.wrong("is not a property list")
		}
		if s, ok := t.(xml.StartElement); ok && s.Name.Local != "plist" {
			return p.value(s, 0)
		}
	}
}

func (p *plist) wrong(why string) error { return fmt.Errorf("line %d: %s", p.at(), why) }

func (p *plist) at() int {
	off := min(int(p.dec.InputOffset()), len(p.text))
	if off > p.seen {
		p.line += strings.Count(p.text[p.seen:off], "\n")
		p.seen = off
	}
	return p.line
}

func (p *plist) value(s xml.StartElement, depth int) (node, error) {
	n := node{line: p.at()}
	if p.left--; p.left < 0 || depth > maxNesting {
		return n, p.wrong("too many values, or nested too deeply")
	}
	var err error
	switch s.Name.Local {
	case "dict":
		n.v, err = p.dict(depth)
	case "array":
		n.v, err = p.array(depth)
	case "true", "false":
		n.v = s.Name.Local == "true"
		err = p.dec.Skip()
	case "string", "integer", "real", "date", "key":
		n.v, err = p.chars()
	case "data":
		var t string
		if t, err = p.chars(); err == nil {
			n.v, err = base64.StdEncoding.DecodeString(strings.Join(strings.Fields(t), ""))
			if err != nil {
				err = p.wrong("the data is not base64")
			}
		}
	default:
		err = p.wrong("is not an element of a property list")
	}
	return n, err
}

// chars reads text up to the end of its element.
func (p *plist) chars() (string, error) {
	var b strings.Builder
	for {
		t, err := p.dec.Token()
		if err != nil {
			return "", p.wrong("the file is cut off")
		}
		switch t := t.(type) {
		case xml.CharData:
			b.Write(t)
		case xml.EndElement:
			return strings.TrimSpace(b.String()), nil
		case xml.StartElement:
			return "", p.wrong("an element stands within a text")
		}
	}
}

// next gives the next element, or none at the end of the one around.
func (p *plist) next() (*xml.StartElement, error) {
	for {
		t, err := p.dec.Token()
		if err != nil {
			return nil, p.wrong("the file is cut off, or is not XML")
		}
		switch t := t.(type) {
		case xml.StartElement:
			return &t, nil
		case xml.EndElement:
			return nil, nil
		}
	}
}

func (p *plist) array(depth int) ([]node, error) {
	all := []node{}
	for {
		s, err := p.next()
		if s == nil || err != nil {
			return all, err
		}
		n, err := p.value(*s, depth+1)
		if err != nil {
			return nil, err
		}
		all = append(all, n)
	}
}

func (p *plist) dict(depth int) (dict, error) {
	all := dict{}
	for {
		s, err := p.next()
		if s == nil || err != nil {
			return all, err
		}
		if s.Name.Local != "key" {
			return nil, p.wrong("a value has no key")
		}
		m := member{line: p.at()}
		if m.key, err = p.chars(); err != nil {
			return nil, err
		}
		if s, err = p.next(); err != nil {
			return nil, err
		}
		if s == nil {
			return nil, p.wrong("a key has no value")
		}
		if m.node, err = p.value(*s, depth+1); err != nil {
			return nil, err
		}
		all = append(all, m)
	}
}

var errNoDict = errors.New("is not a configuration profile: it has no dictionary")
