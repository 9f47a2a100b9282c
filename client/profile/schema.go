package profile

import (
	"encoding/json"
	"slices"
	"strings"
)

// Schema is the JSON Schema (draft 2020-12) of a profile, for editors and pipelines. It is made from the table of keys,
// so it knows every key, type, range and choice; what spans keys, only Parse knows.
func Schema() []byte {
	root := object{"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "ezvpn profile",
		"description": "One connection of the Easy VPN client, as TOML.", "type": "object", "additionalProperties": false}
	top := object{}
	for _, k := range keys {
		if k.later {
			continue
		}
		table, name := cutLast(k.path)
		in := top
		if table != "" {
			t, ok := top[table].(object)
			if !ok {
				t = object{"type": "object", "additionalProperties": false, "properties": object{}}
				if table == "dpd" {
					t["required"] = []string{"interval"}
				}
				top[table] = t
			}
			in = t["properties"].(object)
		}
		in[name] = k.schema()
	}
	root["properties"] = top
	b, _ := json.MarshalIndent(root, "", "  ") // only maps, texts, numbers and lists: it cannot fail
	return append(b, '\n')
}

type object = map[string]any

// schema describes one key.
func (k key) schema() object {
	o := object{"description": strings.ReplaceAll(k.doc, "`", ""), "x-change": string(k.effect())}
	if k.user {
		o["x-user"] = true
	}
	if slices.Contains(secretKeys, k.path) {
		o["writeOnly"] = true
	}
	if k.def != nil {
		o["default"] = k.def
	}
	b := k.kind.bounds
	switch k.kind.typ {
	case "whole number":
		o["type"] = "integer"
		o["minimum"], o["maximum"] = b.min, b.max
	case "true or false":
		o["type"] = "boolean"
	case "list of texts":
		o["type"], o["minItems"], o["maxItems"], o["uniqueItems"] = "array", 1, b.max, true
		o["items"] = object{"type": "string", "minLength": 1}
	default:
		o["type"] = "string"
		if b.options != nil {
			o["enum"] = b.options
		} else {
			o["minLength"], o["maxLength"] = 1, b.max
		}
	}
	return o
}
