package importer

import (
	"slices"
	"strings"
	"time"

	"ezvpn/client/profile"
)

// ExportPCF writes a profile for the Cisco client. The group key and a password stand in it in clear: the client's own
// obfuscation hides nothing.
func ExportPCF(p *profile.Profile) ([]byte, Report) {
	e := newExport(p, "Cisco .pcf")
	h := hosts(p)
	e.line("[main]")
	e.line("Description=%s", p.Name)
	e.said("name", "Description")
	e.line("Host=%s", slices.Concat(h, []string{""})[0])
	e.said("peers", "Host, BackupServer")
	e.line("AuthType=1")
	e.pcfText("group.name", "GroupName", p.Group.Name)
	e.line("GroupPwd=%s", pcfValue(string(p.Group.Key)))
	if p.Group.Key != "" {
		e.bare("group.key", "GroupPwd")
	}
	e.pcfText("xauth.username", "Username", p.XAUTH.Username)
	e.pcfSecret(p)
	e.line("SaveUserPassword=%s", bit(p.XAUTH.Save))
	e.said("xauth.save", "SaveUserPassword")
	e.pcfText("xauth.domain", "NTDomain", p.XAUTH.Domain)
	e.line("EnableBackup=%s", bit(len(h) > 1))
	e.line("BackupServer=%s", strings.Join(h[min(1, len(h)):], ","))
	e.pcfTunnel(p)
	e.common(p)
	e.pcfLost(p)
	text := e.bytes("\r\n")
	if slices.ContainsFunc(text, func(c byte) bool { return c >= 0x80 }) {
		text = slices.Concat([]byte("\xef\xbb\xbf"), text)
		e.lost("", "the file is UTF-8 with a byte order mark, which an old client reads wrongly")
	}
	return text, e.report
}

func (e *export) pcfSecret(p *profile.Profile) {
	e.line("UserPassword=%s", pcfValue(string(p.XAUTH.Password)))
	if p.XAUTH.Password != "" {
		e.bare("xauth.password", "UserPassword")
	}
}

func (e *export) pcfTunnel(p *profile.Profile) {
	e.line("EnableNat=%s", bit(p.NAT.Mode != "auto"))
	e.said("nat.mode", "EnableNat")
	e.line("TunnelingMode=0")
	e.line("PeerTimeout=%d", (p.DPD.Interval+5*p.DPD.Retry)/time.Second)
	e.said("dpd.interval", "PeerTimeout")
	e.line("ForceKeepAlives=1")
	e.line("UseLegacyIKEPort=%s", bit(p.IKE.LocalPort == 500))
	e.said("ike.local_port", "UseLegacyIKEPort")
	e.line("EnableLocalLAN=%s", bit(p.Routes.LocalLAN))
	e.said("routes.local_lan", "EnableLocalLAN")
	e.line("EnableSplitDNS=%s", bit(p.DNS.Mode != "full"))
	group := "5"
	if slices.Contains(p.Security.Allow, "modp1024") {
		group = "2"
	}
	e.line("DHGroup=%s", group)
	e.said("ike.proposals", "DHGroup")
}

func (e *export) pcfLost(p *profile.Profile) {
	if p.DPD.Mode == "periodic" || p.DPD.Retry != 2*time.Second {
		e.lost("dpd", "the format has one time, until a silent peer is given up")
	}
	if p.Extends() {
		e.lost("mode", "the Cisco client has no network extension mode")
	}
	if p.Connect != "manual" {
		e.lost("connect", "the Cisco client keeps that in vpnclient.ini")
	}
	if p.Primary.Return {
		e.lost("primary.return", "the format has nothing like it")
	}
	if p.IKE.LocalPort != 0 && p.IKE.LocalPort != 500 {
		e.lost("ike.local_port", "the format knows 500 and any")
	}
	if p.NAT.Keepalive != 20*time.Second {
		e.lost("nat.keepalive", "the Cisco client chooses the seconds itself")
	}
}

func (e *export) pcfText(key, to, v string) {
	e.line("%s=%s", to, pcfValue(v))
	if v != "" {
		e.said(key, to)
	}
}

// pcfValue puts quotes around what a reader would trim.
func pcfValue(v string) string {
	if v != unquote(v) {
		return `"` + v + `"`
	}
	return v
}

func bit(on bool) string {
	if on {
		return "1"
	}
	return "0"
}
