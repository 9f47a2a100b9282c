package importer

import (
	"errors"
	"slices"
	"strings"
)

// swanKeys are those of the VPN types openswan and libreswan. The list is written once and only read.
var swanKeys = map[string]func(d *draft, p at, v string){
	"right":                   func(d *draft, p at, v string) { d.peers(p, v) },
	"leftid":                  func(d *draft, p at, v string) { d.set(p, "group.name", strings.TrimPrefix(v, "@")) },
	"leftxauthusername":       vpncText("xauth.username"),
	"leftusername":            vpncText("xauth.username"),
	"pskvalue":                func(d *draft, p at, v string) { d.secret(p, "group.key", v) },
	"xauthpassword":           func(d *draft, p at, v string) { d.secret(p, "xauth.password", v) },
	"rightid":                 func(d *draft, p at, v string) { d.set(p, "ike.peer_id", strings.TrimPrefix(v, "@")) },
	"domain":                  vpncText("xauth.domain"),
	"ikelifetime":             func(d *draft, p at, v string) { d.number(p, "ike.lifetime", strings.TrimSuffix(v, "s")) },
	"salifetime":              func(d *draft, p at, v string) { d.number(p, "esp.lifetime", strings.TrimSuffix(v, "s")) },
	"ike":                     func(d *draft, p at, v string) { d.suites(p, v) },
	"esp":                     func(d *draft, p at, v string) { d.suites(p, v) },
	"dpddelay":                func(d *draft, p at, v string) { d.number(p, "dpd.interval", strings.TrimSuffix(v, "s")) },
	"phase1alg":               func(d *draft, p at, v string) { d.suites(p, v) },
	"phase2alg":               func(d *draft, p at, v string) { d.suites(p, v) },
	"pskinputmodes":           vpncDrop("is about where NetworkManager keeps it"),
	"xauthpasswordinputmodes": vpncDrop("is about where NetworkManager keeps it"),
}

func readKeyfile(f *file) ([]*draft, error) {
	d := f.draft()
	all := f.settings(func(line int) { d.drop(at{line, ""}, "is not a line of the form key=value") })
	kind := ""
	for _, s := range all {
		switch {
		case s.section == "connection" && s.key == "id":
			d.label = unescape(s.value)
		case s.section == "vpn" && s.key == "service-type":
			kind = s.value[strings.LastIndexByte(s.value, '.')+1:]
		}
	}
	if !slices.Contains([]string{"vpnc", "openswan", "libreswan"}, kind) {
		return nil, errors.New("its service-type is not vpnc, openswan or libreswan")
	}
	if kind == "vpnc" {
		d.preset = "cisco"
	}
	for _, s := range all {
		s.value = unescape(s.value)
		takeKeyfile(d, s, kind)
	}
	return []*draft{d}, nil
}

func takeKeyfile(d *draft, s setting, kind string) {
	switch {
	case s.section == "connection" && s.key == "autoconnect" && s.value == "true":
		d.set(s.at, "connect", "auto")
	case s.section == "connection":
	case s.section == "vpn" && s.key == "service-type":
		d.note(s.at, Mapped, "", "")
	case s.section != "vpn" && s.section != "vpn-secrets":
		d.drop(s.at, "settings of addresses and routes are the gateway's")
	case s.value == "":
	case strings.HasSuffix(s.key, "-flags"), strings.HasSuffix(s.key, "-type"), s.key == "user-name", s.key == "persistent":
		d.drop(s.at, "is about where NetworkManager keeps it")
	case kind == "vpnc":
		if !d.vpnc(s.at, s.value) {
			d.drop(s.at, "has no counterpart")
		}
	default:
		if set, ok := swanKeys[strings.ToLower(s.key)]; ok {
			set(d, s.at, s.value)
		} else {
			d.drop(s.at, "has no counterpart")
		}
	}
}

// unescape takes the escapes of a keyfile out.
func unescape(s string) string {
	return strings.NewReplacer(`\s`, " ", `\t`, "\t", `\\`, `\`, `\n`, "\n", `\r`, "\r").Replace(s)
}

// suites notes the weak parts of a list like "aes256-sha1;modp1024".
func (d *draft) suites(p at, v string) {
	v = strings.ToLower(v)
	weak := false
	for _, w := range []string{"3des", "md5", "modp1024"} {
		if strings.Contains(v, w) {
			d.allow(p, w, w+" is weak; it is offered after the better ones")
			weak = true
		}
	}
	if !weak {
		d.note(p, Mapped, "", "the default proposals, which begin with the best")
	}
}
