package importer

import "strings"

func isIOS(text string) bool {
	return has(text, "crypto ipsec client ezvpn ")
}

// has says whether a line begins with these words, indented or not.
func has(text, words string) bool {
	for _, l := range strings.Split(text, "\n") {
		if strings.HasPrefix(strings.ToLower(strings.TrimLeft(l, " \t")), words) {
			return true
		}
	}
	return false
}

// readIOS reads the Easy VPN blocks. The keepalive of ISAKMP stands outside them and is for all; the networks are
// those of the interfaces that a block calls inside.
func readIOS(f *file) ([]*draft, error) {
	var all []*draft
	global := map[string]command{} // the last one of each kind counts
	byName := map[string]*draft{}
	var block *draft
	inside := map[string][]command{}
	var address command
	for _, c := range f.commands() {
		ezvpn := c.begins("crypto", "ipsec", "client", "ezvpn")
		switch {
		case len(all) > maxProfiles: // Read says so
			return all, nil
		case !c.deep && ezvpn && c.word(4) != "":
			block = f.draft()
			block.preset, block.label = "cisco", c.word(4)
			block.note(c.at(5), Mapped, "name", "")
			byName[c.word(4)] = block
			all = append(all, block)
		case !c.deep:
			block, address = nil, command{}
			if c.begins("crypto", "isakmp") {
				global[c.word(2)] = c
			}
		case block != nil:
			takeIOS(block, c)
		case c.begins("ip", "address"):
			address = c
		case ezvpn && strings.EqualFold(c.word(5), "inside"):
			inside[c.word(4)] = append(inside[c.word(4)], address)
		}
	}
	for _, d := range all {
		takeISAKMP(d, global["keepalive"])
		takeISAKMP(d, global["nat"])
		takeInside(d, inside[d.label])
	}
	return all, nil
}

func takeInside(d *draft, addresses []command) {
	if m, _ := d.vals["mode"].(string); !strings.HasPrefix(m, "network-extension") {
		return
	}
	var nets []string
	for _, c := range addresses {
		if n, ok := network(c.word(2), c.word(3)); ok {
			nets = append(nets, n)
			d.set(c.at(2), "inside.networks", nets)
		}
	}
}

func takeIOS(d *draft, c command) {
	switch {
	case c.begins("connect"):
		to := map[string]string{"auto": "auto", "manual": "manual", "acl": "traffic"}[c.word(1)]
		if to == "" {
			d.drop(c.at(1), "is not auto, manual or acl")
			return
		}
		d.set(c.at(2), "connect", to)
	case c.begins("group"):
		d.set(c.at(1), "group.name", c.word(1))
		if strings.EqualFold(c.word(2), "key") {
			d.routerSecret(at{c.line, "group key"}, "group.key", c.words[3:])
		}
	case c.begins("mode"):
		to := map[string]string{"client": "client", "network-extension": "network-extension", "network-plus": "network-extension-plus"}[c.word(1)]
		if to == "" {
			d.drop(c.at(1), "is not client, network-extension or network-plus")
			return
		}
		d.set(c.at(2), "mode", to)
	case c.begins("peer"):
		takeIOSPeer(d, c)
	case c.begins("username"):
		d.set(c.at(1), "xauth.username", c.word(1))
		if strings.EqualFold(c.word(2), "password") {
			d.routerSecret(at{c.line, "username password"}, "xauth.password", c.words[3:])
		}
	case c.begins("xauth", "userid", "mode"):
		d.note(c.at(4), Mapped, "xauth", "asked for where the profile has no password")
	case c.begins("idletime"), c.begins("idle-time"):
		d.number(c.at(1), "idle_timeout", c.word(1))
	default:
		d.drop(c.at(1), "has no counterpart")
	}
}

// takeIOSPeer puts the default peer before the others, as the router prefers it.
func takeIOSPeer(d *draft, c command) {
	before, _ := d.vals["peers"].([]string)
	if !strings.EqualFold(c.word(2), "default") {
		d.peers(c.at(1), c.word(1))
		return
	}
	delete(d.vals, "peers")
	d.peers(c.at(1), c.word(1))
	now, _ := d.vals["peers"].([]string)
	for _, h := range before {
		if len(now) > 0 && h != now[0] && len(now) < 16 {
			now = append(now, h)
		}
	}
	if len(now) == 0 {
		now = before
	}
	if len(now) > 0 {
		d.vals["peers"] = now
		d.set(c.at(3), "primary.return", true)
	}
}

// takeISAKMP takes what stands outside the blocks.
func takeISAKMP(d *draft, c command) {
	switch {
	case c.begins("crypto", "isakmp", "keepalive"):
		rest := c.words[3:]
		p := c.at(3)
		if len(rest) == 0 {
			d.drop(p, "has no number of seconds")
			return
		}
		if !d.number(p, "dpd.interval", rest[0]) {
			return
		}
		mode := "on-demand"
		for _, w := range rest[1:] {
			switch w {
			case "periodic", "on-demand":
				mode = w
			default:
				d.number(p, "dpd.retry", w)
			}
		}
		d.set(p, "dpd.mode", mode)
	case c.begins("crypto", "isakmp", "nat", "keepalive"):
		d.number(c.at(4), "nat.keepalive", c.word(4))
	}
}
