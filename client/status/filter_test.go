package status

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

func TestFilter(t *testing.T) {
	for in, want := range map[string]string{
		"Welcome":                    "Welcome",
		"two\r\nlines\rthree\tand":   "two\nlines\nthree\tand",
		"\x1b[2J\x1b]0;x\x07y":       "[2J]0;xy",
		"\u009b31mred":               "31mred",
		"broken \xc3\x28 \xff":       "broken \uFFFD( \uFFFD",
		"bidi \u202e\u2066\u200fend": "bidi end",
		"zero\u200bwidth\ufeff":      "zerowidth",
		"line\u2028sep\u2029par":     "lineseppar",
		"Grüße, 世界 😀":                "Grüße, 世界 😀",
		"nul\x00del\x7f":             "nuldel",
	} {
		if got := Filter(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
	if n := utf8.RuneCountInString(Filter(strings.Repeat("é", 70000))); n != 2000 {
		t.Errorf("%d characters, want 2000", n)
	}
	if n := strings.Count(Filter(strings.Repeat("a\n", 1000)), "a"); n != 40 {
		t.Errorf("%d lines, want 40", n)
	}
}

func TestFilterLine(t *testing.T) {
	if got := FilterLine(" one\ntwo\tthree \r\n"); got != "one two three" {
		t.Errorf("%q", got)
	}
	if n := utf8.RuneCountInString(FilterLine(strings.Repeat("a", 1000))); n != 256 {
		t.Errorf("%d characters", n)
	}
}

func TestHostLabel(t *testing.T) {
	for in, want := range map[string]string{
		"Corp.Example.COM": "corp.example.com", "corp.example.com.": "corp.example.com", "_ldap._tcp.example.com": "_ldap._tcp.example.com",
		"a-b.example": "a-b.example", "xn--bcher-kva.example": "xn--bcher-kva.example", "1and1.example": "1and1.example", "fritz.box": "fritz.box",
	} {
		if got, ok := HostLabel(in); !ok || got != want {
			t.Errorf("%q: %q %v", in, got, ok)
		}
	}
	for _, in := range []string{"", ".", "com", "com.", "localhost", "co.uk", "com.au", "a..b", ".example.com", "-a.example.com", "a-.example.com",
		"exa mple.com", "example.com\nnameserver 6.6.6.6", "$(id).example.com", "a;b.example.com", "bücher.example", "10.0.0.1", "example.1",
		"example.com..", "*.example.com", "a/b.example", "example.com:53", "\x00.example.com",
		strings.Repeat("a", 64) + ".example.com", strings.Repeat("a.", 127) + "com"} {
		if got, ok := HostLabel(in); ok {
			t.Errorf("%q was taken as %q", in, got)
		}
	}
}

func FuzzFilter(f *testing.F) {
	for _, s := range []string{"", "a\r\n\x1b[0m", "\u202e\xff\xfe", strings.Repeat("\n", 100), "corp.example.com"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		out := Filter(s)
		if !utf8.ValidString(out) || utf8.RuneCountInString(out) > 2000 || strings.Count(out, "\n") >= 40 || Filter(out) != out {
			t.Fatalf("%q", out)
		}
		line := FilterLine(s)
		if strings.ContainsAny(line, "\n\t") || strings.ContainsFunc(out+line, func(r rune) bool {
			return unicode.IsControl(r) && r != '\n' && r != '\t' || unicode.Is(unicode.Bidi_Control, r)
		}) {
			t.Fatalf("%q %q", out, line)
		}
		if name, ok := HostLabel(s); ok && (strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789-_.") != "" || len(name) > 253 || !strings.Contains(name, ".")) {
			t.Fatalf("%q", name)
		}
	})
}
