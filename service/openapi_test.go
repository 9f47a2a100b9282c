//go:build linux || darwin

package service

import (
	"bytes"
	"encoding"
	"encoding/json"
	"flag"
	"net/http"
	"os"
	"path"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"ezvpn/service/ipc"
)

var update = flag.Bool("update", false, "write docs/openapi.json anew")

const openAPIFile = "../docs/openapi.json"

// TestOpenAPI: docs/openapi.json says what the table of verbs and the types of the wire say. After a change:
// go test ./service -run TestOpenAPI -update
func TestOpenAPI(t *testing.T) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	must(t, e.Encode(openAPI()))
	if *update {
		must(t, os.WriteFile(openAPIFile, b.Bytes(), 0o644))
	}
	have, err := os.ReadFile(openAPIFile)
	must(t, err)
	if !bytes.Equal(bytes.ReplaceAll(have, []byte("\r\n"), []byte("\n")), b.Bytes()) {
		t.Errorf("%s is not what the code says; go test ./service -run TestOpenAPI -update", openAPIFile)
	}
}

type object = map[string]any

// openAPI is the description of the interface, OpenAPI 3.1.
func openAPI() object {
	s := schemas{}
	paths := object{}
	for _, v := range verbs {
		item, _ := paths[v.path].(object)
		if item == nil {
			item = object{}
			paths[v.path] = item
		}
		item[strings.ToLower(v.method)] = s.operation(v)
	}
	s["Error"] = object{"type": "object", "required": []string{"error"}, "properties": object{"error": s.of(reflect.TypeFor[ipc.Error](), false)}}
	return object{
		"openapi": "3.1.0",
		"info": object{"title": "The local interface of ezvpnd", "version": strconv.Itoa(ipc.API),
			"description": "HTTP and JSON over a local socket or named pipe; see ipc.md. Who calls is known from the operating system, and x-level says what a verb asks of its caller."},
		"servers":    []any{object{"url": "http://" + ipc.Host, "description": "the Host header; the address is that of the socket"}},
		"paths":      paths,
		"components": object{"schemas": s},
	}
}

// commonCodes are the refusals that any verb may answer with.
func commonCodes(v verb) []string {
	codes := []string{ipc.BadRequest, ipc.WrongHost, ipc.NotIdentified, ipc.TooMany, ipc.Internal}
	if v.path != ipc.PathVersion {
		codes = append(codes, ipc.VersionMismatch)
	}
	if v.level != Look {
		codes = append(codes, ipc.NotAllowed)
	}
	if v.level == Own {
		codes = append(codes, ipc.NotOwner)
	}
	if v.method == http.MethodPost {
		codes = append(codes, ipc.TooLarge, ipc.Stopping)
	}
	return codes
}

// schemas are those of the types of the wire, by name.
type schemas map[string]any

func (s schemas) operation(v verb) object {
	shape := shapes[v.path]
	media := "application/json"
	if v.stream {
		media = "application/x-ndjson"
	}
	responses := object{"200": object{"description": "done", "content": object{media: object{"schema": s.of(shape.out, false)}}}}
	byStatus := map[int][]string{}
	for _, c := range append(commonCodes(v), shape.codes...) {
		byStatus[ipc.StatusOf(c)] = append(byStatus[ipc.StatusOf(c)], c)
	}
	for code, names := range byStatus {
		slices.Sort(names)
		responses[strconv.Itoa(code)] = object{"description": "refused: " + strings.Join(names, ", "),
			"content": object{"application/json": object{"schema": object{"$ref": "#/components/schemas/Error"}}}}
	}
	o := object{"operationId": strings.ReplaceAll(strings.TrimPrefix(v.path, "/v1/"), "/", "-"), "summary": shape.about,
		"x-level": string(v.level), "responses": responses}
	if v.path != ipc.PathVersion {
		o["parameters"] = []any{object{"name": ipc.HeaderAPI, "in": "header", "required": true,
			"schema": object{"const": strconv.Itoa(ipc.API)}}}
	}
	if shape.in != nil {
		o["requestBody"] = object{"required": true, "content": object{"application/json": object{"schema": s.of(shape.in, true)}}}
	}
	return o
}

// of is the schema of a type: a reference for a struct with a name. A request has no other properties; an answer may
// get new ones, which older clients pass over.
func (s schemas) of(t reflect.Type, request bool) object {
	switch {
	case t.Kind() == reflect.Pointer:
		return s.of(t.Elem(), request)
	case t == reflect.TypeFor[time.Time]():
		return object{"type": "string", "format": "date-time"}
	case t == reflect.TypeFor[json.RawMessage]():
		return object{}
	case t.Implements(reflect.TypeFor[encoding.TextMarshaler]()):
		return object{"type": "string"}
	case t == reflect.TypeFor[ipc.Fields]():
		return object{"type": "object", "maxProperties": ipc.MaxFields,
			"additionalProperties": object{"type": "string", "maxLength": ipc.MaxAnswer}}
	}
	switch t.Kind() {
	case reflect.Struct:
		if t.Name() == "" {
			return s.fields(t, request)
		}
		name := path.Base(t.PkgPath()) + "." + t.Name()
		if s[name] == nil {
			s[name] = true // a type may hold itself
			s[name] = s.fields(t, request)
		}
		return object{"$ref": "#/components/schemas/" + name}
	case reflect.Slice, reflect.Array:
		return object{"type": "array", "items": s.of(t.Elem(), request)}
	case reflect.Map:
		return object{"type": "object", "additionalProperties": s.of(t.Elem(), request)}
	case reflect.String:
		return object{"type": "string"}
	case reflect.Bool:
		return object{"type": "boolean"}
	case reflect.Float32, reflect.Float64:
		return object{"type": "number"}
	case reflect.Interface:
		return object{}
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return object{"type": "integer", "minimum": 0}
	}
	return object{"type": "integer"}
}

func (s schemas) fields(t reflect.Type, request bool) object {
	properties, required := object{}, []string{}
	for _, f := range reflect.VisibleFields(t) {
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name == "-" || !f.IsExported() || f.Anonymous && name == "" {
			continue
		}
		properties[name] = s.of(f.Type, request)
		if !strings.Contains(options, "omit") {
			required = append(required, name)
		}
	}
	o := object{"type": "object", "properties": properties}
	if len(required) > 0 {
		o["required"] = required
	}
	if request {
		o["additionalProperties"] = false
	}
	return o
}

// TestOpenAPIHolds: every reference leads somewhere, every code of the wire is a refusal of some verb or of the
// interface itself, and what a zero value of each answer is written as has the properties that are required.
func TestOpenAPIHolds(t *testing.T) {
	b, err := os.ReadFile(openAPIFile)
	must(t, err)
	var doc struct {
		Paths      map[string]map[string]any
		Components struct{ Schemas map[string]any }
	}
	must(t, json.Unmarshal(b, &doc))
	for _, part := range strings.Split(string(b), `"$ref": "#/components/schemas/`)[1:] {
		name, _, _ := strings.Cut(part, `"`)
		if doc.Components.Schemas[name] == nil {
			t.Errorf("there is no schema %s", name)
		}
	}
	for _, c := range ipc.Codes() {
		if c != ipc.UnknownVerb && !strings.Contains(string(b), c) {
			t.Errorf("no verb is refused with %s", c)
		}
	}
	for _, v := range verbs {
		if doc.Paths[v.path][strings.ToLower(v.method)] == nil {
			t.Errorf("%s %s is not described", v.method, v.path)
		}
		for _, typ := range []reflect.Type{shapes[v.path].in, shapes[v.path].out} {
			if typ == nil || typ.Kind() != reflect.Struct || typ.Name() == "" {
				continue
			}
			written, err := json.Marshal(reflect.Zero(typ).Interface())
			must(t, err)
			var has map[string]any
			must(t, json.Unmarshal(written, &has))
			said, _ := doc.Components.Schemas[path.Base(typ.PkgPath())+"."+typ.Name()].(object)
			properties, _ := said["properties"].(object)
			required, _ := said["required"].([]any)
			for _, name := range required {
				if _, ok := has[name.(string)]; !ok {
					t.Errorf("%s: %s is required, and left out of %s", v.path, name, written)
				}
			}
			for name := range has {
				if properties[name] == nil {
					t.Errorf("%s: %s is written, and not described", v.path, name)
				}
			}
		}
	}
}
