package words

import (
	"io/fs"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"ezvpn/client/diagnose"
)

var slot = regexp.MustCompile(`\{\{\.\w+\}\}`)

func slots(s string) []string {
	all := slot.FindAllString(s, -1)
	slices.Sort(all)
	return all
}

// TestGerman: what English says, German says too, with the same values; beside that it has the causes, which come in
// English from the service, and no more.
func TestGerman(t *testing.T) {
	en, err := read(builtin, "en")
	if err != nil {
		t.Fatal(err)
	}
	de, err := read(builtin, "de")
	if err != nil {
		t.Fatal(err)
	}
	for key, text := range en.texts {
		if got := slots(de.texts[key]); de.texts[key] == "" || !slices.Equal(got, slots(text)) {
			t.Errorf("%s: %q, want the values of %q", key, de.texts[key], text)
		}
	}
	for key := range de.texts {
		if _, ok := en.texts[key]; !ok && !strings.HasPrefix(key, "cause.") {
			t.Errorf("%s is German only", key)
		}
	}
	for _, c := range diagnose.Causes() {
		for _, key := range []string{"cause." + string(c), "cause." + string(c) + ".next"} {
			if de.texts[key] == "" {
				t.Errorf("%s has no German", key)
			}
		}
	}
	if n := len(slices.Collect(maps.Keys(de.texts))) - len(en.texts); n != 2*len(diagnose.Causes()) {
		t.Errorf("%d texts about causes for %d causes", n, len(diagnose.Causes()))
	}
}

func TestFor(t *testing.T) {
	more := fstest.MapFS{"fr.json": {Data: []byte(`{"menu.quit": "Quitter", "menu.open": ""}`)}, "xx.json": {Data: []byte("not JSON")}}
	for locale, want := range map[string]string{"": "Quit", "C": "Quit", "en_US.UTF-8": "Quit", "de": "Beenden", "de_CH.UTF-8": "Beenden",
		"de-AT": "Beenden", "fr_FR@euro": "Quitter", "xx": "Quit", "../../etc/passwd": "Quit", "-": "Quit"} {
		if got := For(locale, more).Say("menu.quit"); got != want {
			t.Errorf("%q: %q, want %q", locale, got, want)
		}
	}
	fr := For("fr", fs.FS(more))
	if fr.Say("menu.open") != "Open window" || fr.Language != "fr" {
		t.Error("what a language lacks is not said in English")
	}
	if got := fr.Say("sentence.SECURING", "Peer", "{{.Peer}}"); got != "Talking to {{.Peer}}." {
		t.Errorf("a value is read as a text: %q", got)
	}
	if fr.Say("no.such") != "no.such" || fr.Has("no.such") {
		t.Error("a key that is not there")
	}
}
