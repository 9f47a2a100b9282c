package importer

import (
	"strings"
)

// vpncKeys are the long names of vpnc.conf, with what they become; the settings of NetworkManager have the same names.
// A key may be followed by a space, and then its value. The list is written once and only read.
var vpncKeys = []struct {
	name string
	set  func(d *draft, p at, v string)
}{
	{"IPSec gateway", func(d *draft, p at, v string) { d.peers(p, v) }},
	{"IPSec ID", vpncText("group.name")},
	{"IPSec obfuscated secret", func(d *draft, p at, v string) { d.revealed(p, "group.key", v) }},
	{"IPSec secret", func(d *draft, p at, v string) { d.secret(p, "group.key", v) }},
	{"Xauth username", vpncText("xauth.username")},
	{"Xauth obfuscated password", func(d *draft, p at, v string) { d.revealed(p, "xauth.password", v) }},
	{"Xauth password", func(d *draft, p at, v string) { d.secret(p, "xauth.password", v) }},
	{"Domain", vpncText("xauth.domain")},
	{"NAT Traversal Mode", func(d *draft, p at, v string) { d.natMode(p, v) }},
	{"IKE DH Group", func(d *draft, p at, v string) { d.dhGroup(p, strings.TrimPrefix(strings.ToLower(v), "dh")) }},
	{"Perfect Forward Secrecy", func(d *draft, p at, v string) { d.pfs(p, v) }},
	{"Application version", vpncText("ike.app_version")},
	{"Local Port", func(d *draft, p at, v string) { d.number(p, "ike.local_port", v) }},
	{"DPD idle timeout (our side)", vpncDPD},
	{"IKE Authmode", vpncAuth},
	{"Enable weak encryption", func(d *draft, p at, _ string) { d.allow(p, "3des", "3DES is weak; it is offered after AES") }},
	{"Enable weak authentication", func(d *draft, p at, _ string) { d.allow(p, "md5", "MD5 is weak; it is offered after SHA") }},
	{"Enable Single DES", vpncNever},
	{"Enable no encryption", vpncNever},
	{"Script", vpncDrop("a profile starts no programs")},
	{"Password helper", vpncDrop("a profile starts no programs")},
	{"Vendor", func(d *draft, p at, v string) {
		if strings.EqualFold(v, "fortigate") {
			d.preset = "fortigate"
			d.note(p, Mapped, "preset", "")
			return
		}
		d.drop(p, "the preset of Cisco is used")
	}},
}

// vpncPlain have no counterpart, and nothing is lost.
var vpncPlain = []string{"Interface name", "Interface mode", "Interface MTU", "Debug", "No Detach", "Pidfile", "Local Addr",
	"Cisco UDP Encapsulation Port", "Noninteractive", "CA-File", "CA-Dir", "IPSEC target network", "Xauth interactive",
	"DNSUpdate", "Target Networks", "Split DNS", "Auth Username"}

func vpncText(to string) func(*draft, at, string) {
	return func(d *draft, p at, v string) { d.set(p, to, v) }
}

func vpncDrop(why string) func(*draft, at, string) {
	return func(d *draft, p at, _ string) { d.drop(p, why) }
}

func vpncNever(d *draft, p at, _ string) {
	d.note(p, Weak, "", "is not used; the gateway must offer something better")
}

func vpncDPD(d *draft, p at, v string) {
	if strings.TrimSpace(v) == "0" {
		d.drop(p, "dead peers are always looked for")
		return
	}
	d.number(p, "dpd.interval", v)
}

func vpncAuth(d *draft, p at, v string) {
	if strings.EqualFold(v, "psk") {
		d.note(p, Mapped, "", "a group key, which is the only way that a profile knows")
		return
	}
	d.note(p, Missing, "group.key", "the gateway wants certificates, which do not exist in this version; ask for a group with a key")
}

func isVPNC(text string) bool {
	for _, l := range strings.Split(text, "\n") {
		for _, k := range []string{"IPSec gateway", "IPSec ID", "IPSec secret", "IPSec obfuscated secret"} {
			if _, ok := after(strings.TrimSpace(l), k); ok {
				return true
			}
		}
	}
	return false
}

// after gives what follows a name, whatever the case of its letters.
func after(l, name string) (string, bool) {
	if len(l) < len(name) || !strings.EqualFold(l[:len(name)], name) {
		return "", false
	}
	rest := l[len(name):]
	if rest != "" && rest[0] != ' ' && rest[0] != '\t' {
		return "", false
	}
	return strings.TrimSpace(rest), true
}

func readVPNC(f *file) ([]*draft, error) {
	d := f.draft()
	d.preset = "cisco"
	for i, l := range f.lines() {
		l = strings.TrimSpace(l)
		if l == "" || l[0] == '#' {
			continue
		}
		if !takeVPNC(d, i+1, l) {
			d.drop(at{i + 1, ""}, "is not a line that vpnc knows")
		}
	}
	return []*draft{d}, nil
}

func takeVPNC(d *draft, line int, l string) bool {
	for _, k := range vpncKeys {
		if v, ok := after(l, k.name); ok {
			return d.vpnc(at{line, k.name}, v)
		}
	}
	for _, k := range vpncPlain {
		if _, ok := after(l, k); ok {
			return d.vpnc(at{line, k}, "")
		}
	}
	return false
}

// vpnc takes an entry by its name, and says whether there is one.
func (d *draft) vpnc(p at, v string) bool {
	for _, k := range vpncKeys {
		if !strings.EqualFold(k.name, p.key) {
			continue
		}
		if v != "" || strings.HasPrefix(k.name, "Enable") {
			k.set(d, p, v)
		}
		return true
	}
	for _, k := range vpncPlain {
		if strings.EqualFold(k, p.key) {
			d.drop(p, "has no counterpart")
			return true
		}
	}
	return false
}
