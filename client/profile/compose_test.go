package profile

import (
	"slices"
	"strings"
	"testing"
)

const pushed = `
[dpd]
interval = 30
mode = "periodic"

[managed]
by = "Example IT"
locked = ["peers", "dpd", "xauth.save"]
`

func compose(t *testing.T, layers ...Layer) *Effective {
	t.Helper()
	e, err := Compose("office", layers...)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func setting(e *Effective, path string) Setting {
	all := e.Settings()
	return all[slices.IndexFunc(all, func(s Setting) bool { return s.Path == path })]
}

func TestStrongestLayerCounts(t *testing.T) {
	e := compose(t,
		Layer{Managed, "managed.toml", []byte(pushed)},
		Layer{User, "user.toml", []byte("connect = \"auto\"\n[xauth]\nusername = \"bob\"\n")},
		Layer{Machine, "office.toml", []byte("preset = \"cisco\"\n" + least + "[xauth]\nusername = \"alice\"\n[dpd]\ninterval = 99\nretry = 7\n")})
	p := e.Profile
	if p.XAUTH.Username != "bob" || p.Connect != "auto" || p.DPD.Interval.Seconds() != 30 || p.DPD.Mode != "periodic" || p.DPD.Retry.Seconds() != 7 {
		t.Errorf("the layers made %+v %+v, connect %s", p.XAUTH.Username, p.DPD, p.Connect)
	}
	for path, want := range map[string]Setting{
		"dpd.interval":   {Origin: Managed, File: "managed.toml", Line: 3, Locked: true, By: "Example IT"},
		"dpd.retry":      {Origin: Machine, File: "office.toml", Line: 10, Locked: true, By: "Example IT"},
		"xauth.username": {Origin: User, File: "user.toml", Line: 3},
		"esp.lifetime":   {Origin: Preset},
		"nat.keepalive":  {Origin: Default},
		"xauth.save":     {Origin: Default, Locked: true, By: "Example IT"},
	} {
		s := setting(e, path)
		if s.Origin != want.Origin || s.File != want.File || s.Line != want.Line || s.Locked != want.Locked || s.By != want.By {
			t.Errorf("%s: %+v, want %+v", path, s, want)
		}
	}
	if s := setting(e, "group.key"); s.Value != "redacted" {
		t.Errorf("the group key shows as %v", s.Value)
	}
	// What is overruled is said, with who did it.
	if len(e.Notes) != 1 || e.Notes[0].File != "office.toml" || e.Notes[0].Line != 9 || !strings.Contains(e.Notes[0].Why, "managed by Example IT (managed.toml)") {
		t.Errorf("notes: %v", e.Notes)
	}
}

func TestLockedKeysAreNobodysBelow(t *testing.T) {
	machine := Layer{Machine, "office.toml", []byte(least)}
	managed := Layer{Managed, "managed.toml", []byte(pushed)}
	user := Layer{User, "user.toml", []byte("peers = [\"192.0.2.66\"]\n[xauth]\nsave = true\n[dpd]\ninterval = 3600\n[routes]\nlocal_lan = true\n")}
	e := compose(t, machine, user, managed)
	plain := compose(t, machine, managed)
	if e.Profile.Show() != plain.Profile.Show() {
		t.Errorf("the user's file changed what is locked or not for users:\n%s\n%s", e.Profile.Show(), plain.Profile.Show())
	}
	if len(e.Notes) != 4 {
		t.Errorf("four values are not used, and the notes are %v", e.Notes)
	}
	for _, path := range []string{"peers", "dpd.interval", "dpd.retry", "xauth.save"} {
		for _, layer := range []string{Machine, User} {
			if err := e.MaySet(layer, path); err == nil || !strings.Contains(err.Error(), "managed by Example IT") {
				t.Errorf("%s by %s: %v", path, layer, err)
			}
		}
	}
	if err := e.MaySet(User, "group.name"); err == nil || !strings.Contains(err.Error(), "administrator") {
		t.Errorf("a user and the group: %v", err)
	}
	if e.MaySet(Machine, "group.name") != nil || e.MaySet(User, "xauth.username") != nil {
		t.Error("what is not locked must stay free")
	}
	if err := e.MaySet(User, "xauth.usrname"); err == nil || !strings.Contains(err.Error(), "username") {
		t.Errorf("a typo: %v", err)
	}
}

func TestManagedAlone(t *testing.T) {
	e := compose(t, Layer{Managed, "managed.toml", []byte(least)})
	if by, locked := e.lock.on("peers"); !locked || by != "" {
		t.Error("what a managed file sets is locked")
	}
	if err := e.MaySet(Machine, "peers"); err == nil || !strings.Contains(err.Error(), "administration of this machine") {
		t.Errorf("without a name of the manager: %v", err)
	}
}

// Everything that is wrong in all files comes at once, each with its own file and line.
func TestErrorsOfAllLayers(t *testing.T) {
	_, err := Compose("office",
		Layer{Machine, "office.toml", []byte(least + "[dpd]\ninterval = 5\n")},
		Layer{User, "user.toml", []byte("\nconnect = \"always\"\n")},
		Layer{Managed, "managed.toml", []byte("\n\n[esp]\nlifetme = 3600\n[managed]\nlocked = [\"dpt\"]\n")})
	for _, want := range []string{"office.toml:6: dpd.interval", "user.toml:2: connect", "managed.toml:4: esp.lifetme", "managed.toml:6: managed.locked"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("no error at %s in\n%v", want, err)
		}
	}
	if _, err := Parse("office.toml", []byte(least+"[managed]\nby = \"me\"\n")); err == nil || !strings.Contains(err.Error(), "only a managed file") {
		t.Errorf("[managed] in a machine's file: %v", err)
	}
	if _, err := Compose("office"); err == nil {
		t.Error("a profile without files")
	}
}

func TestChangeNamesKeysAndImpact(t *testing.T) {
	old := mustParse(t, least)
	for _, c := range []struct {
		text   string
		impact Impact
		keys   string
	}{
		{least, Nothing, ""},
		{least + "[ike]\nlifetime = 4000\n", Nothing, "ike.lifetime"},
		{least + "[dpd]\ninterval = 30\n", Live, "dpd.interval"},
		{least + "[dpd]\ninterval = 30\n[esp]\npfs = \"modp2048\"\nlifetime = 600\n", Reconnect, "dpd.interval esp.pfs esp.lifetime"},
		{strings.Replace(least, "\"preshared\"", "\"other\"", 1), Reconnect, "group.key"},
	} {
		impact, changed := Change(old, mustParse(t, c.text))
		if impact != c.impact || strings.Join(changed, " ") != c.keys {
			t.Errorf("%q: %s %v, want %s %s", c.text, impact, changed, c.impact, c.keys)
		}
	}
}
