package ipc

import (
	"bytes"
	"encoding"
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"unicode/utf8"
)

// maxDepth is how deep the objects and lists of a request may nest.
const maxDepth = 32

// What strict refuses. No sentence quotes the request: what stands in a wrong place may be a secret.
var (
	errUTF8      = errors.New("it is not UTF-8, or has half of a surrogate pair")
	errObject    = errors.New("it is not a JSON object")
	errDeep      = errors.New("it nests deeper than 32 levels")
	errTwice     = errors.New("a field is there twice")
	errUnknown   = errors.New("it has a field that is not known, or in other letters than documented")
	errBrokenOff = errors.New("the JSON is broken or cut off")
	errMore      = errors.New("something follows the first value")
)

// strict refuses what encoding/json lets pass and two programs may read in two ways: a name twice, or in other letters;
// text that is not Unicode; any depth. The body is for a value of this type.
func strict(body []byte, t reflect.Type) error {
	if !utf8.Valid(body) || halfSurrogate(body) {
		return errUTF8
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber() // numbers out of range are refused later, with the name of their field
	open, err := d.Token()
	if err != nil {
		return errBrokenOff
	}
	if open != json.Delim('{') {
		return errObject
	}
	if err := object(d, t, 1); err != nil {
		return err
	}
	if len(bytes.TrimSpace(body[d.InputOffset():])) > 0 {
		return errMore
	}
	return nil
}

// object reads up to the end of an object that is open.
func object(d *json.Decoder, t reflect.Type, depth int) error {
	fields, seen := fieldsOf(t), map[string]bool{}
	for d.More() {
		k, err := d.Token()
		name, ok := k.(string)
		if err != nil || !ok {
			return errBrokenOff
		}
		if seen[name] {
			return errTwice
		}
		seen[name] = true
		inner, known := fields[name]
		if fields != nil && !known {
			return errUnknown
		}
		if fields == nil && t != nil && t.Kind() == reflect.Map {
			inner = t.Elem()
		}
		if err := value(d, inner, depth); err != nil {
			return err
		}
	}
	return closing(d)
}

func value(d *json.Decoder, t reflect.Type, depth int) error {
	tok, err := d.Token()
	if err != nil {
		return errBrokenOff
	}
	for t != nil && t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if (tok == json.Delim('{') || tok == json.Delim('[')) && depth == maxDepth {
		return errDeep
	}
	switch tok {
	case json.Delim('{'):
		return object(d, t, depth+1)
	case json.Delim('['):
		if t != nil && t.Kind() == reflect.Slice {
			t = t.Elem()
		} else {
			t = nil
		}
		for d.More() {
			if err := value(d, t, depth+1); err != nil {
				return err
			}
		}
		return closing(d)
	}
	return nil
}

func closing(d *json.Decoder) error {
	if _, err := d.Token(); err != nil {
		return errBrokenOff
	}
	return nil
}

var (
	jsonReader = reflect.TypeFor[json.Unmarshaler]()
	textReader = reflect.TypeFor[encoding.TextUnmarshaler]()
)

// fieldsOf are the names of a struct's fields in JSON; nil for what is no struct, or reads itself.
func fieldsOf(t reflect.Type) map[string]reflect.Type {
	if t == nil || t.Kind() != reflect.Struct || reflect.PointerTo(t).Implements(jsonReader) || reflect.PointerTo(t).Implements(textReader) {
		return nil
	}
	names := map[string]reflect.Type{}
	for _, f := range reflect.VisibleFields(t) {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name == "-" || !f.IsExported() || f.Anonymous && name == "" {
			continue
		}
		if name == "" {
			name = f.Name
		}
		names[name] = f.Type
	}
	return names
}
