// Package words has what the desktop says, in the language of its user. No other package of the desktop holds a text.
//
// A language is one file in the form of Fyne's translations: a flat JSON object of key and text, with {{.Name}} where a
// value goes. English and German are built in; en.json says what keys there are.
package words

import (
	"embed"
	"encoding/json"
	"fmt"
	"io/fs"
	"path"
	"strings"
)

//go:embed en.json de.json
var builtin embed.FS

// Words is one language, on top of English for what it lacks.
type Words struct {
	Language string
	texts    map[string]string
}

// For gives the words of a locale such as "de-CH" or "de_CH.UTF-8". Others than the built-in languages come from more,
// a directory of files like fr.json; nil for none. What cannot be read counts as not there.
func For(locale string, more fs.FS) Words {
	w, err := read(builtin, "en")
	if err != nil {
		panic(err) // it is compiled in, and a test reads it
	}
	language := locale
	if i := strings.IndexAny(locale, "-_.@"); i >= 0 {
		language = locale[:i]
	}
	for _, from := range []fs.FS{builtin, more} {
		if from == nil || language == "en" {
			continue
		}
		if other, err := read(from, path.Base(language)); err == nil {
			w.Language = other.Language
			for key, text := range other.texts {
				if text != "" {
					w.texts[key] = text
				}
			}
		}
	}
	return w
}

// maxFile bounds a file of another language, in bytes.
const maxFile = 1 << 20

func read(from fs.FS, language string) (Words, error) {
	w := Words{Language: language}
	st, err := fs.Stat(from, language+".json")
	if err != nil {
		return w, err
	}
	if st.Size() > maxFile {
		return w, fmt.Errorf("%s.json is too large", language)
	}
	b, err := fs.ReadFile(from, language+".json")
	if err != nil {
		return w, err
	}
	return w, json.Unmarshal(b, &w.texts)
}

// Say is the text of a key, with values by name: Say("up.to", "Peer", "vpn.example.com"). A key that is not there is
// said as it is.
func (w Words) Say(key string, values ...string) string {
	text, ok := w.texts[key]
	if !ok {
		return key
	}
	if len(values) == 0 {
		return text
	}
	pairs := make([]string, 0, len(values))
	for i := 0; i+1 < len(values); i += 2 {
		pairs = append(pairs, "{{."+values[i]+"}}", values[i+1])
	}
	return strings.NewReplacer(pairs...).Replace(text)
}

// Has says whether there is a text for a key.
func (w Words) Has(key string) bool {
	_, ok := w.texts[key]
	return ok
}
