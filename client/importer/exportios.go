package importer

import (
	"strings"
	"time"

	"ezvpn/client/profile"
)

// ExportIOS writes the Easy VPN block of a router, and its keepalive.
func ExportIOS(p *profile.Profile) ([]byte, Report) {
	e := newExport(p, "IOS configuration")
	e.line("crypto isakmp keepalive %d %d%s", p.DPD.Interval/time.Second, p.DPD.Retry/time.Second, map[bool]string{true: " periodic"}[p.DPD.Mode == "periodic"])
	e.said("dpd", "crypto isakmp keepalive")
	e.line("crypto isakmp nat keepalive %d", p.NAT.Keepalive/time.Second)
	e.said("nat.keepalive", "crypto isakmp nat keepalive")
	e.line("!")
	e.line("crypto ipsec client ezvpn %s", p.Name)
	e.line(" connect %s", map[string]string{"auto": "auto", "manual": "manual", "traffic": "acl"}[p.Connect])
	e.said("connect", "connect")
	e.iosGroup(p)
	e.line(" mode %s", map[string]string{"client": "client", "network-extension": "network-extension", "network-extension-plus": "network-plus"}[p.Mode])
	e.said("mode", "mode")
	for i, h := range hosts(p) {
		if i == 0 && p.Primary.Return {
			h += " default"
		}
		e.line(" peer %s", h)
	}
	e.said("peers", "peer")
	e.iosUser(p)
	e.common(p)
	e.iosLost(p)
	return e.bytes("\n"), e.report
}

func (e *export) iosGroup(p *profile.Profile) {
	name, key := p.Group.Name, string(p.Group.Key)
	switch {
	case !oneWord(name):
		e.needs("group.name", "the router takes one word without spaces")
	case key != "" && !oneWord(key):
		e.needs("group.key", "the router takes one word without spaces")
		e.line(" group %s key FILL-IN", name)
	case key == "":
		e.line(" group %s key FILL-IN", name)
	default:
		e.line(" group %s key 0 %s", name, key)
		e.bare("group.key", "group key")
	}
}

func (e *export) iosUser(p *profile.Profile) {
	user, password := p.XAUTH.Username, string(p.XAUTH.Password)
	if p.IdleTimeout > 0 {
		e.line(" idletime %d", p.IdleTimeout/time.Second)
		e.said("idle_timeout", "idletime")
	}
	switch {
	case user == "" || !oneWord(user) || password != "" && !oneWord(password):
		if user != "" {
			e.lost("xauth.username", "the router takes one word without spaces")
		}
		e.line(" xauth userid mode interactive")
	case password == "":
		e.line(" username %s", user)
		e.said("xauth.username", "username")
		e.line(" xauth userid mode interactive")
	default:
		e.line(" username %s password 0 %s", user, password)
		e.bare("xauth.password", "username password")
		e.line(" xauth userid mode local")
	}
}

func (e *export) iosLost(p *profile.Profile) {
	if p.XAUTH.Domain != "" {
		e.lost("xauth.domain", "the router asks for none")
	}
	if p.XAUTH.Save {
		e.lost("xauth.save", "the router keeps what stands in its configuration")
	}
	if len(p.Inside.Networks) > 0 {
		e.needs("inside.networks", "name the interfaces: crypto ipsec client ezvpn "+p.Name+" inside")
	}
	if len(p.Security.Allow) > 0 {
		e.lost("security.allow", "the router has proposals of its own")
	}
	if p.Routes.LocalLAN {
		e.lost("routes.local_lan", "the router follows the gateway")
	}
	if p.DNS.Mode == "full" {
		e.lost("dns.mode", "the router follows the gateway")
	}
}

// oneWord says whether a router reads a value back as it is written.
func oneWord(s string) bool { return s != "" && !strings.ContainsAny(s, " \t?") }
