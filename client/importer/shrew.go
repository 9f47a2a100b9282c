package importer

import (
	"encoding/base64"
	"regexp"
	"strconv"
	"strings"
)

var shrewLine = regexp.MustCompile(`^([nsb]):([a-z0-9-]+):(.*)$`)

func isShrew(text string) bool {
	for _, l := range strings.Split(text, "\n") {
		if shrewLine.MatchString(strings.TrimSpace(l)) {
			return true
		}
	}
	return false
}

func readShrew(f *file) ([]*draft, error) {
	d := f.draft()
	vals := map[string]string{}
	port := ""
	var all []setting
	for i, l := range f.lines() {
		if l = strings.TrimSpace(l); l == "" || l[0] == '#' {
			continue
		}
		m := shrewLine.FindStringSubmatch(l)
		if m == nil {
			d.drop(at{i + 1, ""}, "is not a line of the form s:name:text")
			continue
		}
		s := setting{at: at{i + 1, m[2]}, value: strings.TrimSpace(m[3]), section: m[1]}
		if s.value == "" {
			continue
		}
		if s.key == "network-ike-port" && s.value != "500" {
			port = ":" + s.value
		}
		vals[s.key] = s.value
		all = append(all, s)
	}
	for _, s := range all {
		takeShrew(d, s, vals, port)
	}
	return []*draft{d}, nil
}

func takeShrew(d *draft, s setting, vals map[string]string, port string) {
	switch s.key {
	case "network-host":
		d.peers(s.at, s.value+port)
	case "network-ike-port":
		d.note(s.at, Mapped, "peers", "")
	case "ident-client-data":
		d.set(s.at, "group.name", s.value)
	case "ident-client-type":
		d.identity(s.at, map[string]string{"keyid": "key-id", "fqdn": "fqdn", "ufqdn": "user-fqdn", "address": "address"}[s.value])
	case "ident-server-data":
		d.set(s.at, "ike.peer_id", s.value)
	case "auth-mutual-psk":
		takeShrewKey(d, s)
	case "auth-method":
		if s.value == "mutual-psk-xauth" || s.value == "mutual-psk" {
			d.note(s.at, Mapped, "", "a group key")
		} else {
			d.note(s.at, Missing, "group.key", "the gateway wants certificates, which do not exist in this version; ask for a group with a key")
		}
	case "client-saved-username":
		d.set(s.at, "xauth.username", s.value)
	case "network-natt-mode":
		d.natMode(s.at, s.value)
	case "network-natt-rate":
		d.number(s.at, "nat.keepalive", s.value)
	case "network-frag-mode":
		d.set(s.at, "ike.fragmentation", s.value != "disable")
	case "network-dpd-enable":
		if s.value == "0" {
			d.drop(s.at, "dead peers are always looked for")
		} else {
			d.note(s.at, Mapped, "dpd", "with the default times")
		}
	case "phase1-exchange":
		if s.value == "aggressive" {
			d.note(s.at, Mapped, "ike.exchange", "the only one there is")
		} else {
			d.drop(s.at, "a group key needs Aggressive Mode")
		}
	case "phase1-dhgroup":
		if s.value == "0" {
			d.note(s.at, Mapped, "ike.proposals", "chosen by the default proposals")
		} else {
			d.dhGroup(s.at, s.value)
		}
	case "phase1-life-secs":
		d.number(s.at, "ike.lifetime", s.value)
	case "phase2-life-secs":
		d.number(s.at, "esp.lifetime", s.value)
	case "phase1-cipher", "phase1-hash", "phase2-transform", "phase2-hmac":
		d.algorithm(s.at, s.value)
	case "phase2-pfsgroup":
		d.pfs(s.at, s.value)
	default:
		d.drop(s.at, "has no counterpart")
	}
}

func takeShrewKey(d *draft, s setting) {
	v := s.value
	if s.section == "b" {
		b, err := base64.StdEncoding.DecodeString(v)
		if err != nil {
			d.note(s.at, Dropped, "group.key", "is not base64")
			return
		}
		if v, err = decode(b); err != nil {
			d.note(s.at, Dropped, "group.key", "is not text")
			return
		}
	}
	d.secret(s.at, "group.key", v)
}

// identity takes the kind of the group's name.
func (d *draft) identity(p at, kind string) {
	if kind == "" {
		d.drop(p, "is not a kind of name that a profile knows")
		return
	}
	d.set(p, "group.id_type", kind)
}

func (d *draft) number(p at, to, v string) bool {
	n, err := strconv.Atoi(strings.TrimSpace(v))
	if err != nil {
		d.note(p, Dropped, to, "is not a number")
		return false
	}
	return d.set(p, to, n)
}

// natMode takes the words of Shrew and of vpnc.
func (d *draft) natMode(p at, v string) {
	switch strings.ToLower(v) {
	case "force", "force-rfc", "force-natt":
		d.set(p, "nat.mode", "force")
	case "force-draft":
		d.set(p, "nat.mode", "drafts")
	case "enable", "natt":
		d.set(p, "nat.mode", "auto")
	case "cisco-udp":
		d.drop(p, "Cisco's own UDP encapsulation does not exist here; NAT-T is used")
	default:
		d.drop(p, "NAT-T cannot be turned off, only left to what both sides see")
		d.vals["nat.mode"] = "auto"
	}
}

// algorithm takes the name of one; a profile offers all that are not weak.
func (d *draft) algorithm(p at, v string) {
	switch v = strings.ToLower(strings.TrimPrefix(v, "esp-")); v {
	case "3des", "md5":
		d.allow(p, v, "is weak; it is offered after the better ones")
	case "auto", "aes", "sha1", "sha2-256", "sha2-384", "sha2-512":
		d.note(p, Mapped, "", "offered by default")
	case "des":
		d.note(p, Weak, "", "DES is not used; the gateway must offer something better")
	default:
		d.drop(p, "is an algorithm that a profile does not have")
	}
}

// pfs takes the group of Quick Mode, as a number or as vpnc writes it.
func (d *draft) pfs(p at, v string) {
	switch strings.TrimPrefix(strings.ToLower(v), "dh") {
	case "0", "nopfs", "server":
		d.set(p, "esp.pfs", "none")
	case "2":
		if d.weaken(p, "esp.pfs", "modp1024", "Diffie-Hellman group 2 is weak") {
			d.allow(p, "modp1024", "Diffie-Hellman group 2 is weak")
		}
	case "5":
		d.set(p, "esp.pfs", "modp1536")
	case "14":
		d.set(p, "esp.pfs", "modp2048")
	case "-1":
		d.set(p, "esp.pfs", "none")
	default:
		d.drop(p, "the groups of a profile for this are 2, 5 and 14")
	}
}
