package importer

import (
	"strconv"
	"strings"
)

// pcfKeys maps the keys of [main], in small letters. The list is written once and only read.
var pcfKeys = map[string]struct {
	to  string
	set func(d *draft, s setting, to string)
}{
	"host":             {"peers", func(d *draft, s setting, _ string) {}}, // before the backup servers, see readPCF
	"groupname":        {"group.name", takeText},
	"grouppwd":         {"group.key", takeSecret},
	"enc_grouppwd":     {"group.key", takeObfuscated},
	"username":         {"xauth.username", takeText},
	"userpassword":     {"xauth.password", takeSecret},
	"enc_userpassword": {"xauth.password", takeObfuscated},
	"saveuserpassword": {"xauth.save", takeSave},
	"ntdomain":         {"xauth.domain", takeText},
	"backupserver":     {"peers", func(*draft, setting, string) {}},
	"enablebackup":     {"peers", func(*draft, setting, string) {}},
	"authtype":         {"", takeAuthType},
	"enablenat":        {"nat.mode", takeNAT},
	"tunnelingmode":    {"nat.mode", takeTunneling},
	"peertimeout":      {"dpd.interval", takePeerTimeout},
	"forcekeepalives":  {"nat.keepalive", takeKeepalives},
	"uselegacyikeport": {"ike.local_port", takeLegacyPort},
	"enablelocallan":   {"routes.local_lan", takeLocalLAN},
	"enablesplitdns":   {"dns.mode", takeSplitDNS},
	"dhgroup":          {"security.allow", takeDHGroup},
	"singledes":        {"", takeSingleDES},
}

func readPCF(f *file) ([]*draft, error) {
	d := f.draft()
	d.preset = "cisco"
	all := f.settings(func(line int) { d.drop(at{line, ""}, "is not a line of the form key=value") })
	backup := true
	for _, s := range all {
		switch key := strings.ToLower(s.key); {
		case s.section != "main":
		case key == "description":
			d.label = s.value
		case key == "enablebackup":
			backup = s.value != "0"
		case key == "host":
			d.peers(s.at, unquote(s.value))
		}
	}
	for _, s := range all {
		if strings.ToLower(s.key) != "backupserver" || s.value == "" || s.section != "main" {
			continue
		}
		if backup {
			d.peers(s.at, strings.Split(unquote(s.value), ",")...)
		} else {
			d.drop(s.at, "EnableBackup=0 turns the backup servers off")
		}
	}
	for _, s := range all {
		takePCF(d, s)
	}
	return []*draft{d}, nil
}

func takePCF(d *draft, s setting) {
	k, known := pcfKeys[strings.ToLower(s.key)]
	switch {
	case s.section != "main":
		d.drop(s.at, "stands outside [main]")
	case strings.EqualFold(s.key, "Description"):
	case known:
		s.value = unquote(s.value)
		if s.value != "" {
			k.set(d, s, k.to)
		}
	case s.value == "" || s.value == "0":
	case strings.HasPrefix(strings.ToLower(s.key), "cert"), strings.EqualFold(s.key, "VerifyCertDN"), strings.EqualFold(s.key, "SendCertChain"):
		d.drop(s.at, "certificates do not exist in this version")
	default:
		d.drop(s.at, "has no counterpart")
	}
	if s.locked {
		d.lock(s.at, k.to)
	}
}

func takeText(d *draft, s setting, to string)       { d.set(s.at, to, s.value) }
func takeSecret(d *draft, s setting, to string)     { d.secret(s.at, to, s.value) }
func takeObfuscated(d *draft, s setting, to string) { d.revealed(s.at, to, s.value) }

func takeSave(d *draft, s setting, to string) {
	if s.value == "1" {
		d.weaken(s.at, to, true, "a typed password is kept, if the gateway allows it")
	} else {
		d.set(s.at, to, false)
	}
}

func takeAuthType(d *draft, s setting, _ string) {
	switch s.value {
	case "1":
		d.note(s.at, Mapped, "", "a group key, which is the only way that a profile knows")
	case "3", "5":
		d.note(s.at, Missing, "group.key", "the gateway wants certificates, which do not exist in this version; ask for a group with a key")
	default:
		d.drop(s.at, "is not 1, 3 or 5")
	}
}

func takeNAT(d *draft, s setting, to string) {
	if s.value == "0" {
		d.set(s.at, to, "auto")
	} else {
		d.set(s.at, to, "force")
	}
}

func takeTunneling(d *draft, s setting, _ string) {
	if s.value == "1" {
		d.drop(s.at, "IPsec over TCP does not exist here; UDP is used")
		return
	}
	d.note(s.at, Mapped, "", "IPsec over UDP, as everywhere here")
}

// takePeerTimeout keeps the time after which a silent peer is given up: the interval, then five questions 2 s apart.
func takePeerTimeout(d *draft, s setting, to string) {
	n, err := strconv.Atoi(s.value)
	if err != nil || n <= 0 {
		d.drop(s.at, "is not a number of seconds above 0")
		return
	}
	if d.set(s.at, to, max(n-10, 10)) {
		d.vals["dpd.retry"], d.vals["dpd.mode"] = 2, "on-demand"
	}
}

func takeKeepalives(d *draft, s setting, to string) {
	if s.value == "1" {
		d.set(s.at, to, 20)
	} else {
		d.drop(s.at, "keepalives through NAT are always sent")
	}
}

func takeLegacyPort(d *draft, s setting, to string) {
	if s.value == "0" {
		d.set(s.at, to, 0)
	} else {
		d.set(s.at, to, 500)
	}
}

func takeLocalLAN(d *draft, s setting, to string) {
	if s.value == "1" {
		d.weaken(s.at, to, true, "networks that the gateway names as local stay outside the tunnel")
	} else {
		d.set(s.at, to, false)
	}
}

func takeSplitDNS(d *draft, s setting, to string) {
	if s.value == "0" {
		d.set(s.at, to, "full")
	} else {
		d.note(s.at, Mapped, to, "the default: the gateway decides")
	}
}

func takeDHGroup(d *draft, s setting, _ string) { d.dhGroup(s.at, s.value) }

func takeSingleDES(d *draft, s setting, _ string) {
	if s.value != "0" {
		d.note(s.at, Weak, "", "DES is not used; the gateway must offer something better")
	}
}

// dhGroup takes a Diffie-Hellman group of phase 1. All groups that are not weak are offered anyway, the best first.
func (d *draft) dhGroup(p at, n string) {
	switch n {
	case "1":
		d.note(p, Weak, "", "Diffie-Hellman group 1 is not used; the gateway must offer something better")
	case "2":
		d.allow(p, "modp1024", "Diffie-Hellman group 2 is weak; it is offered after the better ones")
	case "5", "14":
		d.note(p, Mapped, "ike.proposals", "offered by default")
	default:
		d.drop(p, "the groups of a profile are 2, 5 and 14, and those of the proposals")
	}
}
