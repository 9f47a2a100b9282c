package redact

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/netip"
	"strings"
)

// Rule says what becomes of a text in a document.
type Rule struct {
	keep bool
	text bool
	kind Kind
	gone bool
	addr bool
}

// The rules. As is for a name.
var (
	Keep    = Rule{keep: true} // a closed list of values, a number, a time
	Read    = Rule{text: true} // a sentence: Text
	Address = Rule{addr: true} // an address, with or without a port or a length
	Drop    = Rule{gone: true}
)

// As is the rule for a name of this kind.
func As(k Kind) Rule { return Rule{kind: k} }

// Rules are the rules of one kind of document by the way to the value: keys with points between them, lists left out.
// "peers.*" stands for all below that has no rule of its own. Texts without a rule become tokens; numbers, truths and
// nulls stay as they are.
type Rules map[string]Rule

// Document redacts a JSON document, and gives it with two spaces of indent.
func (r *Redactor) Document(doc []byte, rules Rules) ([]byte, error) {
	d := json.NewDecoder(bytes.NewReader(doc))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return nil, fmt.Errorf("a document that is not JSON: %w", err)
	}
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	err := e.Encode(r.walk(v, "", rules))
	return out.Bytes(), err
}

func (r *Redactor) walk(v any, at string, rules Rules) any {
	switch v := v.(type) {
	case string:
		return r.apply(rules.Of(at), v)
	case []any:
		for i := range v {
			v[i] = r.walk(v[i], at, rules)
		}
	case map[string]any:
		// Keys of an object that is a map of values, as drops by reason, come from a closed list; those of a stranger do
		// not reach here, since only documents of this product are redacted.
		for k := range v {
			v[k] = r.walk(v[k], strings.TrimPrefix(at+"."+k, "."), rules)
		}
	}
	return v
}

// Of is the rule for the value at this way.
func (rules Rules) Of(at string) Rule {
	if rule, ok := rules[at]; ok {
		return rule
	}
	for end := len(at); end > 0; {
		end = strings.LastIndexByte(at[:end], '.')
		if end < 0 {
			break
		}
		if rule, ok := rules[at[:end]+".*"]; ok {
			return rule
		}
	}
	return As(Other)
}

func (r *Redactor) apply(rule Rule, s string) string {
	switch {
	case rule.keep:
		return s
	case rule.text:
		return r.Text(s)
	case rule.gone:
		if s == "" {
			return s
		}
		r.replaced++
		return Gone
	case rule.addr:
		return r.endpoint(s)
	}
	return r.Value(rule.kind, s)
}

// endpoint redacts an address and keeps its port or length.
func (r *Redactor) endpoint(s string) string {
	if p, err := netip.ParsePrefix(s); err == nil {
		if p.Bits() == 0 {
			return s
		}
		return fmt.Sprintf("%s/%d", r.one(p.Addr()), p.Bits())
	}
	if p, err := netip.ParseAddrPort(s); err == nil {
		return fmt.Sprintf("%s:%d", r.one(p.Addr()), p.Port())
	}
	if a, err := netip.ParseAddr(s); err == nil {
		return r.one(a)
	}
	return r.Value(Host, s)
}

func (r *Redactor) one(a netip.Addr) string {
	if a = a.Unmap(); common(a) {
		return a.String()
	}
	return r.Value(IP, a.String())
}
