package profile

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/BurntSushi/toml"
)

// hostile is what a careless or hostile author writes.
var hostile = []string{
	"", "\n", "[", "]", "=", "a", "a=", "[a]\n[a.b]\n", "a.b.c=1\na.b.d=2\n", "a.b.cc=1\na.b=1\na.b.d=2\n", "a=1\n[a.b]\n", "a.b=1\na={}\n", "a={b={c=1}}", "a=[[[1]]]", "a=[[[[1]]]]",
	"a='''\n'''", "a=\"\"\"x\"\"\"", "a=\"\\\"", "a=\"\\\\\"", "a='#'#", "[group]\nkey=\"#\"#\"\n", "[group]\nkey='[dpd]'\n",
	"a=1_000", "a=0x1F", "a=1e400", "a=-0", "a=+1", "a=2020-01-01", "a=2020-01-01T10:00:00Z", "a=2020-01-01 10:00:00", "a=nan",
	"a=\"\\u0000\"", "a=\"\\U0010FFFF\"", "a=[1,\n#]\n2]", "a = {\nb=1}", "dpd={}\n[dpd]\ninterval=30\n", "[dpd]\n[dpd.x]\ny=1\n",
	"\uFEFFname='x'", "\uFEFF\uFEFF", "a=1\r\nb=2\r\n", "a=1\rb=2", "-=1", "1=1", "1.2=3", "true=false", "a . b = 1",
	"peers=[]", "peers=['a','a']", "peers=['[::1]:500']", "peers=[\"\\u202e\"]", "name=''", "name=\"\\u202e\"", "name='😀'",
	least + "[ike]\nproposals=['--']\n", least + "[ike]\nproposals=['']\n", least + "[esp]\nproposals=['-']\n",
	least + "[routes]\nmetric=9223372036854775808\n", least + "[dpd]\ninterval=-9223372036854775808\n",
	strings.Repeat("[", 5000), strings.Repeat("a.", 5000), "a=" + strings.Repeat("{a=", 3000), "a=" + strings.Repeat("9", 5000),
}

func FuzzParse(f *testing.F) {
	for _, s := range hostile {
		f.Add(s)
	}
	f.Add(least)
	f.Add(Example())
	for _, x := range presets {
		f.Add("preset = \"" + x.name + "\"\n" + Example() + "[security]\nallow = [\"3des\", \"md5\", \"modp1024\"]\n")
	}
	f.Fuzz(func(t *testing.T, text string) {
		agree(t, text)
		p, err := Parse("office.toml", []byte(text))
		if err != nil {
			keepsSecret(t, text, err)
			return
		}
		again(t, p)
	})
}

// keepsSecret checks that an error has the type, and quotes no secret that stands once in the file.
func keepsSecret(t *testing.T, text string, err error) {
	t.Helper()
	var all Errors
	if !errors.As(err, &all) || len(all) == 0 {
		t.Fatalf("want Errors, got %T", err)
	}
	if strings.ContainsAny(strings.ReplaceAll(err.Error(), "\n", ""), "\x00\x1b\r\u202e") {
		t.Fatalf("control characters in %q", err)
	}
	if len(text) > maxSize || keyGate(text) {
		return
	}
	var doc struct {
		Group struct{ Key string }
		XAUTH struct{ Password string }
	}
	toml.Decode(text, &doc)
	for _, s := range []string{doc.Group.Key, doc.XAUTH.Password} {
		if len(s) > 8 && strings.Count(text, s) == 1 && strings.Contains(err.Error(), s) && !strings.Contains(Reference(), s) {
			t.Fatalf("the error has the secret: %q", err)
		}
	}
}

// keyGate says that the gate refuses the text, so that the test's own parser must not see it either.
func keyGate(text string) bool {
	_, errs := outlineOf("x", text)
	return len(errs) > 0
}

// again checks that what Show prints is the same profile, but for the secrets.
func again(t *testing.T, p *Profile) {
	t.Helper()
	q := p.Clone()
	if q.Group.Key != "" {
		q.Group.Key = "redacted"
	}
	if q.XAUTH.Password != "" {
		q.XAUTH.Password = "redacted"
	}
	back, err := Parse("again.toml", []byte(p.Show()))
	if err != nil {
		t.Fatalf("%v\n%s", err, p.Show())
	}
	if !reflect.DeepEqual(back, q) {
		t.Fatalf("shown and read again:\n%#v\n%#v", back, q)
	}
}

func TestShowIsAProfile(t *testing.T) {
	again(t, mustParse(t, Example()))
	for _, x := range presets {
		again(t, mustParse(t, "preset = \""+x.name+"\"\n"+least+"[security]\nallow = [\"md5\"]\n"))
	}
}

func TestSecretsNeverPrint(t *testing.T) {
	p := mustParse(t, strings.Replace(Example(), "change me", "hunter2", 1))
	p.XAUTH.Password = "hunter2"
	js, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	sum, _ := json.Marshal(p.Summary())
	for _, s := range []string{p.String(), p.Show(), string(js), string(sum), fmt.Sprintf("%v %+v %#v %s", p, *p, *p, p), fmt.Sprint(p.LogValue())} {
		if strings.Contains(s, "hunter2") || strings.Contains(s, fmt.Sprintf("%x", "hunter2")) {
			t.Errorf("a secret in %q", s)
		}
	}
	if r := p.Redacted(); r.Group.Key != "" || r.XAUTH.Password != "" || p.Group.Key != "hunter2" {
		t.Error("Redacted must empty the copy and leave the profile")
	}
}

func TestCloneSharesNothing(t *testing.T) {
	p := mustParse(t, Example())
	c := p.Clone()
	if !reflect.DeepEqual(p, c) {
		t.Fatal("the clone differs")
	}
	c.Peers[0].Host, c.IKE.Proposals[0].Group, c.ESP.Proposals[0].Auth = "x", 1, 9
	if p.Peers[0].Host == "x" || p.IKE.Proposals[0].Group == 1 || p.ESP.Proposals[0].Auth == 9 {
		t.Error("the clone shares a list")
	}
	if (*Profile)(nil).Clone() != nil {
		t.Error("nil stays nil")
	}
}
