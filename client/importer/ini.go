package importer

import "strings"

// setting is one line "key = value" of an INI file.
type setting struct {
	at
	section string // in small letters
	value   string
	locked  bool // the key was written with ! before it
}

// settings reads an INI file. What is not a setting, a section or a comment is given to bad.
func (f *file) settings(bad func(line int)) []setting {
	var all []setting
	section := ""
	for i, l := range f.lines() {
		l = strings.TrimSpace(l)
		switch {
		case l == "" || l[0] == ';' || l[0] == '#':
		case l[0] == '[' && strings.HasSuffix(l, "]"):
			section = strings.ToLower(strings.TrimSpace(l[1 : len(l)-1]))
		default:
			key, value, ok := strings.Cut(l, "=")
			key = strings.TrimSpace(key)
			bare, locked := strings.CutPrefix(key, "!")
			if !ok || bare == "" {
				bad(i + 1)
				continue
			}
			all = append(all, setting{at{i + 1, strings.TrimSpace(bare)}, section, strings.TrimSpace(value), locked})
		}
	}
	return all
}

// sections says which sections a text has.
func sections(text string) map[string]bool {
	all := map[string]bool{}
	for _, l := range strings.Split(text, "\n") {
		if l = strings.TrimSpace(l); len(l) > 2 && l[0] == '[' && l[len(l)-1] == ']' {
			all[strings.ToLower(strings.TrimSpace(l[1:len(l)-1]))] = true
		}
	}
	return all
}

func isPCF(text string) bool     { return sections(text)["main"] }
func isKeyfile(text string) bool { return sections(text)["vpn"] && sections(text)["connection"] }
