package profile

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
)

func TestSetChangesOneThing(t *testing.T) {
	for _, c := range []struct{ text, path, value, want string }{
		{"# mine\nconnect = \"manual\" # asks\n", "connect", "auto", "# mine\nconnect = \"auto\" # asks\n"},
		{"[dpd]\ninterval = 10 # s\n\n[nat]\nmode = \"auto\"\n", "dpd.retry", "5", "[dpd]\ninterval = 10 # s\nretry = 5\n\n[nat]\nmode = \"auto\"\n"},
		{"[dpd]\r\ninterval = 10\r\n", "dpd.retry", "5", "[dpd]\r\ninterval = 10\r\nretry = 5\r\n"},
		{"dpd.interval = 10\n", "dpd.retry", "5", "dpd.interval = 10\ndpd.retry = 5\n"},
		{"dpd = { interval = 10 }\n", "dpd.retry", "5", "dpd = {interval = 10, retry = 5}\n"},
		{"dpd = {interval = 10, retry = 3}\n", "dpd.retry", "5", "dpd = {interval = 10, retry = 5}\n"},
		{"[dpd]\n# nothing yet\n", "dpd.interval", "30", "[dpd]\ninterval = 30\n# nothing yet\n"},
		{"[dpd]\ninterval = 30\n", "connect", "auto", "connect = \"auto\"\n[dpd]\ninterval = 30\n"},
		{"connect = \"auto\"", "xauth.save", "true", "connect = \"auto\"\n\n[xauth]\nsave = true\n"},
		{"", "xauth.username", `a"b\c`, "[xauth]\nusername = \"a\\\"b\\\\c\"\n"},
		{"peers = [\n  \"a\", # first\n  \"b\",\n]\nconnect = \"auto\"\n", "peers", "c, d:501", "peers = [\"c\", \"d:501\"]\nconnect = \"auto\"\n"},
	} {
		got, err := Set("office.toml", []byte(c.text), c.path, c.value)
		if err != nil || string(got) != c.want {
			t.Errorf("%s = %s in %q:\n%q, want\n%q (%v)", c.path, c.value, c.text, got, c.want, err)
		}
	}
}

func TestSetRefuses(t *testing.T) {
	for _, c := range []struct{ text, path, value, want string }{
		{"", "dpd.intervall", "30", "did you mean interval"},
		{"", "dpd.interval", "soon", "whole number; allowed: 10 to 3600 seconds"},
		{"", "dpd.interval", "5", "out of range"},
		{"", "xauth.save", "yes", "neither true nor false"},
		{"", "connect", "sometimes", "is not known"},
		{"", "security.kill_switch", "true", "not available"},
		{"", "xauth.username", "a\nb", "control character"},
		{"key = = 2\n", "connect", "auto", "office.toml:1"},
	} {
		if got, err := Set("office.toml", []byte(c.text), c.path, c.value); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s = %s: %q, %v", c.path, c.value, got, err)
		}
	}
}

func TestUnset(t *testing.T) {
	for _, c := range []struct{ text, path, want string }{
		{"[dpd]\ninterval = 10 # s\nretry = 5\n", "dpd.interval", "[dpd]\nretry = 5\n"},
		{"peers = [\n\"a\",\n]\nconnect = \"auto\"\n", "peers", "connect = \"auto\"\n"},
		{"connect = \"auto\"", "connect", ""},
		{"name = \"x\"\n[dpd]\n# why\nretry = 5\n[nat]\n", "dpd.retry", "name = \"x\"\n# why\n[nat]\n"},
		{"dpd = { interval = 30, retry = 5 }\n", "dpd.interval", "dpd = { retry = 5 }\n"},
		{"dpd = { interval = 30, retry = 5 }\n", "dpd.retry", "dpd = { interval = 30 }\n"},
		{"connect = \"auto\"\ndpd = { retry = 5 } # x\n", "dpd.retry", "connect = \"auto\"\n"},
	} {
		if got, err := Unset("f", []byte(c.text), c.path); err != nil || string(got) != c.want {
			t.Errorf("%s out of %q: %q, %v", c.path, c.text, got, err)
		}
	}
	if _, err := Unset("f", nil, "connect"); err == nil {
		t.Error("what is not set cannot be unset")
	}
}

// What Set writes can be read again, and has the value; everything else stays.
func FuzzSet(f *testing.F) {
	for _, s := range hostile {
		f.Add(s, "dpd.retry", "5")
	}
	f.Add(Example(), "peers", "a,b")
	f.Add(least, "xauth.username", "x\"y")
	f.Add("[xauth]", "connect", "auto")
	f.Fuzz(func(t *testing.T, text, path, value string) {
		before, errs := decode(Machine, "f", []byte(text))
		got, err := Set("f", []byte(text), path, value)
		if err != nil {
			return
		}
		if len(errs) > 0 {
			t.Fatal("a file that cannot be read was changed")
		}
		after, errs := decode(Machine, "f", got)
		if len(errs) > 0 {
			t.Fatalf("%q: %v", got, errs)
		}
		if _, ok := after.said(path); !ok {
			t.Fatalf("%s is not set in %q", path, got)
		}
		for _, p := range before.out.order {
			if p == path {
				continue
			}
			a, okA := before.said(p)
			b, okB := after.said(p)
			ja, _ := json.Marshal(a)
			jb, _ := json.Marshal(b)
			if okA != okB || !bytes.Equal(ja, jb) {
				t.Fatalf("%s was %s, is %s", p, ja, jb)
			}
		}
		if out, err := Unset("f", got, path); err == nil {
			if s, errs := decode(Machine, "f", out); len(errs) > 0 {
				t.Fatalf("%q: %v", out, errs)
			} else if _, ok := s.said(path); ok {
				t.Fatalf("%s is still set in %q", path, out)
			}
		}
	})
}

func TestSchemaKnowsEveryKey(t *testing.T) {
	var s struct {
		Properties map[string]struct {
			Type       string
			Enum       []string
			Properties map[string]struct {
				Type             string
				Minimum, Maximum *int64
				WriteOnly        bool
			}
		}
		AdditionalProperties *bool
	}
	if err := json.Unmarshal(Schema(), &s); err != nil {
		t.Fatal(err)
	}
	if s.AdditionalProperties == nil || *s.AdditionalProperties {
		t.Error("unknown keys must be refused")
	}
	n := 0
	for name, p := range s.Properties {
		if p.Type != "object" {
			n++
			if _, ok := find(name); !ok {
				t.Errorf("%s is no key", name)
			}
		}
		for sub := range p.Properties {
			n++
			if _, ok := find(name + "." + sub); !ok {
				t.Errorf("%s.%s is no key", name, sub)
			}
		}
	}
	want := 0
	for _, k := range keys {
		if !k.later {
			want++
		}
	}
	if n != want {
		t.Errorf("the schema has %d keys, the table %d", n, want)
	}
	if d := s.Properties["dpd"].Properties["interval"]; d.Type != "integer" || *d.Minimum != 10 || *d.Maximum != 3600 {
		t.Errorf("dpd.interval is %+v", d)
	}
	if !s.Properties["group"].Properties["key"].WriteOnly || strings.Join(s.Properties["connect"].Enum, " ") != "manual auto traffic" {
		t.Error("the key is a secret, and connect has three choices")
	}
}
