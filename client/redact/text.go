package redact

import (
	"net/netip"
	"regexp"
	"strings"
	"unicode/utf8"
)

// Text redacts a text that people read: a line of a log, a sentence.
func (r *Redactor) Text(s string) string {
	s = strings.ToValidUTF8(s, "\uFFFD")
	var b strings.Builder
	low := fold(s)
	begin := 0
	for i := 0; i < len(s); {
		n, ok := r.nameAt(low, i)
		if !ok {
			_, size := utf8.DecodeRuneInString(s[i:])
			i += size
			continue
		}
		b.WriteString(r.patterns(s[begin:i]))
		b.WriteString(r.give(n.token))
		i += len(n.value)
		begin = i
	}
	b.WriteString(r.patterns(s[begin:]))
	return b.String()
}

// nameAt is the longest learned name that begins here.
func (r *Redactor) nameAt(low string, i int) (name, bool) {
	for _, n := range r.learned {
		if !strings.HasPrefix(low[i:], n.value) {
			continue
		}
		if n.exact && (i > 0 && wordy(low[i-1]) || i+len(n.value) < len(low) && wordy(low[i+len(n.value)])) {
			continue
		}
		return n, true
	}
	return name{}, false
}

func wordy(c byte) bool {
	return c == '_' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= utf8.RuneSelf
}

// pattern is something that is told by its looks.
type pattern struct {
	looks *regexp.Regexp
	with  func(r *Redactor, found string) string
}

// seen are the patterns in the order in which they are looked for; a token looks like none of them.
var seen = []pattern{
	{regexp.MustCompile(`(?i)\b(?:pre-?shared[ _-]?key|group[ _.-]?key|password|passwd|passcode|passphrase|secret|psk|key|token|pin)\b["']?\s*(?:[=:]\s*|\bis\s+)("[^"]*"|'[^']*'|\S+)`), (*Redactor).secret},
	{regexp.MustCompile(`(?:/home/|/Users/|\\Users\\)[^/\\\s"':]+`), (*Redactor).home},
	{regexp.MustCompile(`[\pL\d._%+-]+@[\pL\d-]+(?:\.[\pL\d-]+)*`), (*Redactor).person},
	{regexp.MustCompile(`\b[0-9A-Fa-f]{2}(?:[:-][0-9A-Fa-f]{2}){5}\b`), func(r *Redactor, s string) string { return r.give(r.token(MAC, s)) }},
	{regexp.MustCompile(`[0-9A-Fa-f:]*:[0-9A-Fa-f:]+:[0-9A-Fa-f:.]*(?:%[\w.-]+)?`), (*Redactor).address},
	{regexp.MustCompile(`\b\d{1,3}(?:\.\d{1,3}){3}\b`), (*Redactor).address},
	{regexp.MustCompile(`\b[0-9A-Fa-f]{16,}\b`), func(r *Redactor, s string) string { return r.give(r.token(ID, s)) }},
	{regexp.MustCompile(`[A-Za-z0-9+/_-]{24,}={0,2}`), (*Redactor).dense},
	{regexp.MustCompile(`(?i)\b[\pL\d_-]+(?:\.[\pL\d_-]+)*\.\pL{2,}\b`), (*Redactor).host},
}

func (r *Redactor) patterns(s string) string {
	for _, p := range seen {
		s = p.looks.ReplaceAllStringFunc(s, func(found string) string { return p.with(r, found) })
	}
	return s
}

// secret keeps the word and takes what it says.
func (r *Redactor) secret(s string) string {
	i := strings.LastIndexAny(s, "=:")
	value := strings.TrimLeft(s[i+1:], " \t")
	if i < 0 {
		i = strings.LastIndex(strings.ToLower(s), "is ")
		value = s[i+3:]
	}
	if r.allowed[fold(value)] || value == Gone || value == `"redacted"` || value == "redacted" {
		return s
	}
	r.replaced++
	return s[:len(s)-len(value)] + Gone
}

func (r *Redactor) home(s string) string {
	i := strings.LastIndexAny(s, `/\`)
	return s[:i+1] + r.Value(User, s[i+1:])
}

func (r *Redactor) person(s string) string { return r.give(r.token(User, s)) }

// address takes public addresses out. Those of private networks say nothing about their owner, and without them no
// conflict of networks can be understood.
func (r *Redactor) address(s string) string {
	a, err := netip.ParseAddr(s)
	if err != nil || common(a.Unmap()) || r.keeps(IP) {
		return s
	}
	return r.Value(IP, a.Unmap().String())
}

// common are addresses that everybody may have. A link-local IPv6 address is none: it may hold a MAC address.
func common(a netip.Addr) bool {
	if a.Is4() && a.IsLinkLocalUnicast() || a.IsLoopback() || a.IsUnspecified() || a.IsMulticast() || a.Is4() && a.IsPrivate() {
		return true
	}
	return cgn.Contains(a) || a == netip.AddrFrom4([4]byte{255, 255, 255, 255})
}

// cgn is the network behind the NAT of a provider (RFC 6598).
var cgn = netip.MustParsePrefix("100.64.0.0/10")

// dense is a text that may be a key in base64: long, with capitals, small letters and digits. Words and paths are not.
func (r *Redactor) dense(s string) string {
	if !strings.ContainsAny(s, "0123456789") || strings.ToUpper(s) == s || strings.ToLower(s) == s {
		return s
	}
	r.replaced++
	return Gone
}

// ends are what names of files end with.
var ends = []string{".toml", ".conf", ".service", ".sock", ".socket", ".json", ".log", ".lock", ".target", ".exe", ".dll", ".so", ".txt", ".zip", ".md", ".go", ".pcf", ".vpn"}

func (r *Redactor) host(s string) string {
	low := fold(s)
	if r.allowed[low] || r.names {
		return s
	}
	for _, e := range ends {
		if stem, ok := strings.CutSuffix(low, e); ok && !strings.Contains(stem, ".") {
			return s
		}
	}
	return r.Value(Host, low)
}
