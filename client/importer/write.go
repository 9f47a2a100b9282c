package importer

import (
	"fmt"
	"slices"
	"strings"
)

// order is the order in which a profile is written.
var order = []string{"name", "connect", "idle_timeout", "mode", "peers", "preset", "accept_backup_servers",
	"group.name", "group.id_type", "group.key", "xauth.username", "xauth.password", "xauth.save", "xauth.domain",
	"dpd.interval", "dpd.retry", "dpd.mode", "ike.proposals", "ike.lifetime", "ike.fragmentation", "ike.local_port",
	"ike.app_version", "ike.peer_id", "esp.proposals", "esp.pfs", "esp.lifetime", "inside.networks", "nat.mode",
	"nat.keepalive", "routes.local_lan", "routes.exclude", "dns.mode", "primary.return", "security.allow"}

// render writes values as a profile.
func render(vals map[string]any) string { return renderWith(vals, nil) }

// renderWith writes, beside the values, what is missing as comments.
func renderWith(vals map[string]any, missing []gap) string {
	var b strings.Builder
	table := ""
	for _, k := range order {
		v, ok := vals[k]
		i := slices.IndexFunc(missing, func(g gap) bool { return g.key == k })
		if !ok && i < 0 {
			continue
		}
		name := k
		if t, n, dotted := strings.Cut(k, "."); dotted {
			name = n
			if t != table {
				fmt.Fprintf(&b, "\n[%s]\n", t)
				table = t
			}
		}
		if ok {
			fmt.Fprintf(&b, "%s = %s\n", name, literal(v))
		} else {
			fmt.Fprintf(&b, "# %s = %s  # fill in: %s\n", name, literal(missing[i].example), missing[i].text)
		}
	}
	return b.String()
}

// text is the profile with its comments.
func (d *draft) text() string {
	var open []gap
	for _, g := range gaps {
		if g.open(d.vals) {
			open = append(open, g)
		}
	}
	var b strings.Builder
	fmt.Fprintf(&b, "# From %s, %s.\n", clean(d.report.File), d.report.Format)
	b.WriteString(renderWith(d.vals, open))
	if len(d.locked) > 0 {
		slices.Sort(d.locked)
		b.WriteString("\n# The source locked the following. To keep it so, put a file of this name into the managed folder:\n#\n")
		fmt.Fprintf(&b, "#   [managed]\n#   locked = %s\n", literal(d.locked))
	}
	return b.String()
}

func literal(v any) string {
	switch v := v.(type) {
	case string:
		return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(v) + `"`
	case []string:
		all := make([]string, len(v))
		for i, s := range v {
			all[i] = literal(s)
		}
		return "[" + strings.Join(all, ", ") + "]"
	}
	return fmt.Sprint(v)
}
