package profile

import (
	"fmt"
	"slices"
	"strings"
)

// Reference is docs/profile.md: every key, made from the table that also reads them.
func Reference() string {
	var b strings.Builder
	b.WriteString(referenceHead)
	b.WriteString("\n```toml\n" + example + "```\n")
	b.WriteString(referenceRules)
	fmt.Fprintf(&b, "\n## Keys before the first table\n\n")
	keyRows(&b, "")
	for _, t := range tables() {
		fmt.Fprintf(&b, "\n## [%s]\n\n", t)
		keyRows(&b, t)
	}
	b.WriteString("\n## Proposals\n\n")
	fmt.Fprintf(&b, "A phase 1 proposal is `cipher-hash-group`: `aes256-sha256-modp2048`. A phase 2 proposal is `cipher-hash`, or an AES-GCM cipher alone: `aes256-sha1`, `aes128gcm16`.\n\n")
	fmt.Fprintf(&b, "- Ciphers: %s\n- AES-GCM, phase 2 only: %s\n- Hashes: %s\n- Diffie-Hellman groups: %s\n\n",
		ticked(words(ciphers)), ticked(words(aeads)), ticked(words(hashes)), ticked(words(groups)))
	fmt.Fprintf(&b, "Weak, and used only where `allow` under [security] names them: %s. DES, Diffie-Hellman group 1 and NULL encryption do not exist.\n\n", ticked(weakWords()))
	fmt.Fprintf(&b, "Without a preset, phase 1 offers:\n\n%s\nand phase 2:\n\n%s", numbered(defaultIKE), numbered(defaultESP))
	b.WriteString("\n## Presets\n\nA preset fills the keys that the file does not set. Of its proposals, the weak ones count only where `allow` names them.\n")
	for _, p := range presets {
		fmt.Fprintf(&b, "\n### %s\n\n%s\n\n", p.name, p.doc)
		for _, k := range keys {
			if v, ok := p.set[k.path]; ok {
				fmt.Fprintf(&b, "- `%s = %s`\n", k.path, literal(v))
			}
		}
	}
	b.WriteString(referenceErrors)
	return b.String()
}

func keyRows(b *strings.Builder, table string) {
	b.WriteString("| Key | Type | Default | Allowed | A change | Meaning |\n|---|---|---|---|---|---|\n")
	for _, k := range keys {
		t, name := cutLast(k.path)
		if t != table {
			continue
		}
		def, doc := "", k.doc
		switch list, isList := k.def.([]string); {
		case k.later:
			doc += " **Not available in this version: setting it is an error.**"
		case isList && len(list) > 0:
			def = "see [Proposals](#proposals)"
		case k.def != nil:
			def = "`" + literal(k.def) + "`"
		}
		if k.weak {
			doc += " *Can lower security.*"
		}
		if slices.Contains(secretKeys, k.path) {
			doc += " Never printed."
		}
		if k.user {
			doc += " Users may set it for their own sessions."
		}
		change := string(k.effect())
		if k.later || k.only != "" {
			change = ""
		}
		fmt.Fprintf(b, "| `%s` | %s | %s | %s | %s | %s |\n", name, k.kind.typ, def, k.kind.allowed, change, doc)
	}
}

// numbered is a list in which weak entries are marked.
func numbered(list []string) string {
	var b strings.Builder
	for i, s := range list {
		mark := ""
		if w := weakIn(s); w != nil {
			mark = ", only with " + ticked(w) + " allowed"
		}
		fmt.Fprintf(&b, "%d. `%s`%s\n", i+1, s, mark)
	}
	return b.String()
}

func ticked(list []string) string { return "`" + strings.Join(list, "`, `") + "`" }

const referenceHead = `# The profile

One TOML file is one connection. This page is made from the table that reads profiles; a test compares them.
`

var referenceRules = fmt.Sprintf(`
The file is UTF-8, at most %d KiB and %d keys. Keys are written without quotes, a text stands on one line, and
what a profile does not know is an error. A connection needs peers, the name of the group, and its key.
`, maxSize>>10, maxKeys)

const referenceErrors = `
## Layers

A profile can have several files of the same name, in layers. For each key the strongest layer that sets it counts:

1. defaults, then the preset;
2. machine: the folder of the profiles, written by an administrator;
3. user: what a user set with ` + "`ezvpn profile set`" + `, for the sessions that this user starts, and only keys that are marked above;
4. managed: the managed folder, where management puts its files. What it sets is locked, and so is what it names:

` + "```toml" + `
[dpd]
interval = 30
mode = "periodic"

[managed]
by = "Example IT"
locked = ["peers", "dpd", "xauth.save"]
` + "```" + `

Nobody below changes a locked key, root with the ` + "`ezvpn`" + ` command included; whoever tries is told who manages it. What a
weaker layer says of a key that the managed file sets is not used, and is listed as a note. A profile may exist as a
managed file alone.

## Changes

The folders are watched. A file that is wrong changes nothing: the last good version stays in use. What a good change does
to a tunnel that is up depends on the key, see the column above: *nothing*, it counts from the next association on;
*live*, at once, and the tunnel stays; *reconnect*, the tunnel is made anew. A change of the peers is live as long as the
one in use stays in the list.

## Errors

All errors come at once, in the order of the lines: file, line, key, what is wrong, what is allowed. The value of a
secret is never part of an error.

    office.toml:3: interval: there is no such key (did you mean interval under [dpd]?); allowed: name, connect, …
    office.toml:12: dpd.retry: 90 is out of range; allowed: 2 to 60 seconds

Check a file before it is used: ` + "`ezvpn profile check FILE`" + `.
`

// Keys lists the paths of every key, "dpd.interval" for one, in the order of the documentation.
func Keys() []string {
	out := make([]string, len(keys))
	for i, k := range keys {
		out[i] = k.path
	}
	return out
}
