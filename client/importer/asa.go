package importer

import "strings"

func isASA(text string) bool { return has(text, "vpnclient ") }

func readASA(f *file) ([]*draft, error) {
	d := f.draft()
	d.preset = "cisco"
	for _, c := range f.commands() {
		if c.begins("vpnclient") && !c.deep {
			takeASA(d, c)
		}
	}
	return []*draft{d}, nil
}

func takeASA(d *draft, c command) {
	switch {
	case c.begins("vpnclient", "server"):
		d.peers(c.at(2), c.words[2:]...)
	case c.begins("vpnclient", "mode"):
		to := map[string]string{"client-mode": "client", "network-extension-mode": "network-extension"}[strings.ToLower(c.word(2))]
		if to == "" {
			d.drop(c.at(2), "is not client-mode or network-extension-mode")
			return
		}
		d.set(c.at(3), "mode", to)
	case c.begins("vpnclient", "vpngroup"):
		d.set(c.at(2), "group.name", c.word(2))
		if strings.EqualFold(c.word(3), "password") {
			d.routerSecret(at{c.line, "vpngroup password"}, "group.key", c.words[4:])
		}
	case c.begins("vpnclient", "username"):
		d.set(c.at(2), "xauth.username", c.word(2))
		if strings.EqualFold(c.word(3), "password") {
			d.routerSecret(at{c.line, "username password"}, "xauth.password", c.words[4:])
		}
	case c.begins("vpnclient", "nem-st-autoconnect"):
		d.set(c.at(2), "connect", "auto")
	case c.begins("vpnclient", "ipsec-over-tcp"):
		d.drop(c.at(2), "IPsec over TCP does not exist here; UDP is used")
	case c.begins("vpnclient", "enable"):
		d.note(c.at(2), Mapped, "connect", "connects when it is asked to; connect = \"auto\" keeps the tunnel up")
	default:
		d.drop(c.at(2), "has no counterpart")
	}
}
