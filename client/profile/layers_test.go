package profile

import (
	"slices"
	"strings"
	"testing"
)

// three are the layers that are not empty.
func three(machine, user, managed string) []Layer {
	var out []Layer
	for i, text := range []string{machine, user, managed} {
		if text != "" {
			out = append(out, Layer{kinds[i], kinds[i] + ".toml", []byte(text)})
		}
	}
	return out
}

// What loses its meaning to a stronger layer is nobody's mistake, and does not stop the profile.
func TestStrongerLayerTakesMeaningAway(t *testing.T) {
	for _, c := range []struct{ machine, user, managed, note string }{
		{"connect = \"traffic\"\nidle_timeout = 600\n" + least, "connect = \"manual\"\n", "", "machine.toml:2: idle_timeout: the value here is not used: it has no meaning with connect of user.toml:1"},
		{"mode = \"network-extension\"\n" + least + "[inside]\nnetworks = [\"192.168.7.0/24\"]\n", "", "mode = \"client\"\n", "inside.networks"},
		{least, "", "[group]\nkey_file = \"office.key\"\n", "group.key:"},
		{"[primary]\nreturn = true\n", "", "accept_backup_servers = false\n" + least, "primary.return"},
	} {
		e, err := Compose("office", three(c.machine, c.user, c.managed)...)
		if err != nil {
			t.Errorf("%q: %v", c, err)
			continue
		}
		last := len(e.Notes) - 1
		if last < 0 || !strings.Contains(e.Notes[last].Error(), c.note) {
			t.Errorf("%q: notes %v", c, e.Notes)
			continue
		}
		path := e.Notes[last].Key
		if s := setting(e, path); s.Origin != Default || s.Value != nil && s.Value != false {
			t.Errorf("%s: %+v", path, s)
		}
		again(t, e.Profile)
	}
	// The same in one layer, or the other way round, is a mistake where it stands.
	_, err := Compose("office", three(least, "idle_timeout = 600\n", "")...)
	if err == nil || !strings.HasPrefix(err.Error(), "user.toml:1: idle_timeout: only connect") {
		t.Error(err)
	}
}

// A file that is no TOML hides nothing that is wrong in the others, and nothing is called missing that may be in it.
func TestBrokenLayerHidesNothing(t *testing.T) {
	_, err := Compose("office", three("peers = [\n", "\nconnect = \"always\"\n", "[dpd]\ninterval = 5\n")...)
	var have []string
	for _, e := range err.(Errors) {
		have = append(have, e.File+" "+e.Key)
	}
	if want := []string{"machine.toml peers", "user.toml connect", "managed.toml dpd.interval"}; !slices.Equal(have, want) {
		t.Errorf("%v, want %v\n%v", have, want, err)
	}
}

// Of every key the table says whether users may set it, and only what names a person or suits a habit is theirs.
func TestUsersSetLittle(t *testing.T) {
	theirs := []string{"connect", "idle_timeout", "xauth.username", "xauth.save", "xauth.domain", "xauth.password"}
	e := compose(t, three(least, "", "")...)
	for _, k := range keys {
		if k.user && !slices.Contains(theirs, k.path) {
			t.Errorf("%s is not for users", k.path)
		}
		if err := e.MaySet(User, k.path); (err == nil) != k.user {
			t.Errorf("%s: users may: %v, but %v", k.path, k.user, err)
		}
		if err := e.MaySet(Machine, k.path); (err == nil) != (k.only == "") {
			t.Errorf("%s: %v", k.path, err)
		}
	}
}

// No three files make it panic or contradict itself, and no lower layer gets past a lock.
func FuzzCompose(f *testing.F) {
	for _, s := range hostile {
		f.Add(s, "", pushed)
		f.Add(least, s, pushed)
		f.Add(least, "connect = \"traffic\"\n", s)
	}
	f.Add("connect = \"traffic\"\nidle_timeout = 600\n"+least, "connect = \"manual\"\n[xauth]\nsave = true\n", pushed)
	f.Fuzz(func(t *testing.T, machine, user, managed string) {
		e, err := Compose("office", three(machine, user, managed)...)
		if err != nil {
			keepsSecret(t, machine, err)
			for _, x := range err.(Errors) {
				if x.File == "" || x.Why == "" {
					t.Fatalf("an error of nowhere: %+v", x)
				}
			}
			return
		}
		for _, s := range e.Settings() {
			if s.Locked && s.Origin == User || s.Origin == User && !s.User || s.Line == 0 && s.File != "" {
				t.Fatalf("%+v", s)
			}
		}
		without, err := Compose("office", three(machine, "", managed)...)
		if err != nil {
			return // the user's file makes whole what is not
		}
		for i, s := range e.Settings() {
			if w := without.Settings()[i]; s.Locked && literal(s.Value) != literal(w.Value) {
				t.Fatalf("%s is locked, and a user made %v of %v", s.Path, s.Value, w.Value)
			}
		}
		again(t, e.Profile)
	})
}
