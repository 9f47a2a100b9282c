package doctor

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"
)

func names(f Facts) []Finding {
	var out []Finding
	literal := 0
	for _, p := range f.Peers {
		switch took := p.Took.Round(time.Millisecond); {
		case p.Literal:
			literal++
		case p.Lookup != "" && p.Unknown:
			out = append(out, about(p.Host, Fault, "the name "+p.Host+" does not exist", "correct peers in the profile; if the name exists inside only, use its address",
				p.Lookup))
		case p.Lookup != "":
			out = append(out, about(p.Host, Fault, "no name server answers for "+p.Host, "check the network of this machine and its name servers; an address in the profile needs none",
				p.Lookup))
		case took > 2*time.Second:
			out = append(out, about(p.Host, Warning, fmt.Sprintf("looking up %s took %s", p.Host, took), "one of the machine's name servers does not answer: look at their list"))
		default:
			out = append(out, about(p.Host, OK, p.Host+" is "+join(addresses(p)), ""))
		}
	}
	if literal > 0 && literal == len(f.Peers) {
		return one(OK, "the peers are addresses; no name server is needed to reach them", "")
	}
	return out
}

func addresses(p Peer) []string {
	out := []string{p.Address.String()}
	for _, a := range p.More {
		out = append(out, a.String())
	}
	return out
}

func network(f Facts) []Finding {
	var out []Finding
	for _, p := range f.Peers {
		if p.NoWay != "" {
			out = append(out, about(p.Host, Fault, fmt.Sprintf("this machine has no way to %s (%s)", p.Host, p.Address), "connect the machine to a network", p.NoWay))
		}
	}
	if i := slices.IndexFunc(f.Peers, func(p Peer) bool { return p.Link != "" && p.NoWay == "" }); i >= 0 && len(out) == 0 {
		p := f.Peers[i]
		return one(OK, fmt.Sprintf("datagrams leave by %s with the address %s", p.Link, p.Source), "")
	}
	return out
}

// foreign are the beginnings of the names that other VPN programs give their interfaces, in lower case.
var foreign = []struct{ prefix, what string }{
	{"wg", "WireGuard"}, {"wireguard", "WireGuard"}, {"nordlynx", "NordVPN"}, {"proton", "Proton VPN"}, {"tailscale", "Tailscale"},
	{"zt", "ZeroTier"}, {"cscotun", "Cisco Secure Client"}, {"cisco anyconnect", "Cisco Secure Client"}, {"gpd", "GlobalProtect"}, {"pangp", "GlobalProtect"},
	{"fortissl", "FortiClient"}, {"fortinet", "FortiClient"}, {"openvpn", "OpenVPN"}, {"tap-", "OpenVPN"}, {"zcctun", "Zscaler"},
	{"xfrm", "IPsec in the kernel"}, {"ipsec", "IPsec in the kernel"}, {"vti", "IPsec in the kernel"},
	{"utun", "a VPN"}, {"tun", "a VPN"}, {"tap", "a VPN"}, {"ppp", "a VPN or a modem"}, {"vpn", "a VPN"},
}

// ours is how the interfaces of this product begin.
const ours = "ezvpn"

// vpnOf says which VPN an interface belongs to by its name; empty for none.
func vpnOf(link string) string {
	link = strings.ToLower(link)
	if strings.HasPrefix(link, ours) {
		return ""
	}
	for _, v := range foreign {
		if strings.HasPrefix(link, v.prefix) {
			return v.what
		}
	}
	return ""
}

// everything is the network of a tunnel for all traffic, which overlaps with each local one on purpose.
var everything = netip.MustParsePrefix("0.0.0.0/0")

func others(f Facts) []Finding {
	var out []Finding
	for _, p := range f.Peers {
		if what := vpnOf(p.Link); what != "" {
			out = append(out, about(p.Host, Warning, fmt.Sprintf("the way to %s goes through %s (%s)", p.Host, p.Link, what),
				"disconnect the other VPN if this one does not connect, or is slow"))
		}
	}
	if f.Session != nil && f.Session.Network != nil {
		n := f.Session.Network
		for _, l := range f.Links {
			for _, local := range l.Networks {
				for _, inside := range n.Include {
					if l.Name != n.Interface && inside != everything && local.Addr().Is4() && local.Bits() < 32 && inside.Overlaps(local) {
						out = append(out, about(l.Name, Warning, fmt.Sprintf("%s is on %s, and %s is inside: hosts with the same address cannot be told apart", local.Masked(), l.Name, inside),
							"use another local network, or ask the gateway's administrator for narrower networks"))
					}
				}
			}
		}
	}
	if len(out) > 0 {
		return out
	}
	var idle []string
	for _, l := range f.Links {
		if what := vpnOf(l.Name); what != "" && slices.ContainsFunc(l.Networks, func(n netip.Prefix) bool { return n.Addr().Is4() }) {
			idle = append(idle, l.Name+" ("+what+")")
		}
	}
	if len(idle) > 0 {
		return one(Note, "another VPN is up beside this one: "+join(idle), "it may take the same networks or the name service; disconnect it if something inside is not reached")
	}
	if len(f.Links) == 0 {
		return nil
	}
	return one(OK, "no other VPN is up", "")
}

// room are the bytes that a link should have for a tunnel: ESP in UDP takes up to 81 of them (AES-CBC, SHA-2), and
// IPv6 hosts of the inside want 1280.
const (
	tight    = 1280 + 81
	ordinary = 1492 // PPPoE
)

func mtu(f Facts) []Finding {
	for _, p := range f.Peers {
		i := slices.IndexFunc(f.Links, func(l Link) bool { return l.Name == p.Link && l.MTU > 0 })
		if i < 0 {
			continue
		}
		l := f.Links[i]
		switch {
		case l.MTU < tight:
			return one(Warning, fmt.Sprintf("the MTU of %s is %d bytes: large packets of the tunnel are cut in pieces, which some networks drop", l.Name, l.MTU),
				"use another network if large downloads stall")
		case l.MTU < ordinary:
			return one(Note, fmt.Sprintf("the MTU of %s is %d bytes, less than usual", l.Name, l.MTU), "if large downloads stall, set mtu in the profile some 100 bytes lower")
		}
		return one(OK, fmt.Sprintf("the MTU of %s is %d bytes", l.Name, l.MTU), "")
	}
	return nil
}

var (
	private = []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("172.16.0.0/12"), netip.MustParsePrefix("192.168.0.0/16"),
		netip.MustParsePrefix("100.64.0.0/10"), netip.MustParsePrefix("192.0.0.0/29")}
)

func isPrivate(a netip.Addr) bool {
	return slices.ContainsFunc(private, func(p netip.Prefix) bool { return p.Contains(a) })
}

func nat(f Facts) []Finding {
	if s := f.Session; s != nil && s.ISAKMP != nil {
		switch s.ISAKMP.NAT {
		case "none":
			return one(OK, "no NAT is between this machine and "+s.ISAKMP.Remote, "")
		case "local", "both":
			return one(OK, "this machine is behind a NAT, which the tunnel passes on UDP 4500", "")
		case "remote":
			return one(OK, "the gateway is behind a NAT, which the tunnel passes on UDP 4500", "")
		}
	}
	for _, p := range f.Peers {
		if p.Source.IsValid() && isPrivate(p.Source) && p.Address.IsValid() && !isPrivate(p.Address) && !p.Address.IsLoopback() && !p.Address.IsLinkLocalUnicast() {
			open := slices.ContainsFunc(f.Peers, func(p Peer) bool { return p.replied(4500) == Answered })
			ev := fmt.Sprintf("%s leaves for %s, which no private address does without one", p.Source, p.Address)
			if open {
				return one(OK, "this machine is behind a NAT; UDP 4500, which it needs, is open", "", ev)
			}
			return one(Note, "this machine is behind a NAT: the tunnel needs UDP 4500", "let UDP 4500 out, beside 500", ev)
		}
	}
	return nil
}

func (p Peer) replied(port uint16) Reply {
	for _, x := range p.Ports {
		if x.Number == port {
			return x.Reply
		}
	}
	return ""
}

func (p Peer) title() string {
	if p.Literal {
		return p.Host
	}
	return fmt.Sprintf("%s (%s)", p.Host, p.Address)
}

func reach(f Facts) []Finding {
	var out []Finding
	tried := f.Session != nil && f.Session.Diagnosis != nil && f.Session.Diagnosis.Cause == "no-answer"
	for _, p := range f.Peers {
		if p.Up {
			x := about(p.Host, OK, "the tunnel stands with "+p.title()+", so it was not asked", "")
			if !p.Heard.IsZero() {
				x.Evidence = []string{"last heard " + p.Heard.Format("15:04:05")}
			}
			out = append(out, x)
		} else if len(p.Ports) > 0 {
			out = append(out, p.reached(f.Profile, tried))
		}
	}
	return out
}

// reached judges what the ports answered; tried says that a connect got no answer either.
func (p Peer) reached(prof Profile, tried bool) Finding {
	var said, silent, refused []string
	for _, x := range p.Ports {
		port := fmt.Sprintf("UDP %d", x.Number)
		switch x.Reply {
		case Answered:
			said = append(said, fmt.Sprintf("%s: %s after %s", port, x.What, x.After.Round(100*time.Microsecond)))
		case Refused:
			refused = append(refused, port+": "+x.What)
		default:
			silent = append(silent, fmt.Sprintf("%s: no answer to %s", port, count(x.Sent, "datagram")))
		}
	}
	all := slices.Concat(said, refused, silent)
	begin := p.Ports[0]
	switch {
	case len(said) == len(p.Ports):
		return about(p.Host, OK, p.title()+" answers", "", all...)
	case begin.Reply == Answered && prof.ForceNATT:
		return about(p.Host, Fault, p.title()+" answers, but not on UDP 4500, to which the tunnel moves", "let UDP 4500 out: it is blocked on the way, or the gateway has NAT traversal switched off", all...)
	case begin.Reply == Answered:
		return about(p.Host, Warning, p.title()+" answers on UDP 500, but not on 4500: behind a NAT no tunnel comes up", "let UDP 4500 out, or switch NAT traversal on at the gateway", all...)
	case len(said) > 0:
		return about(p.Host, Warning, p.title()+" answers on UDP 4500 only", `begin there: write the peer as "`+p.Host+`:4500" in the profile`, all...)
	case len(refused) == len(p.Ports):
		return about(p.Host, Fault, p.title()+" is there, and nobody listens for IKE", "check the address; ask the gateway's administrator whether Easy VPN is switched on", all...)
	case tried:
		return about(p.Host, Fault, p.title()+" does not answer, and did not when a connect was tried",
			"try another network, as a phone's; if it answers there, this one blocks UDP 500 and 4500", all...)
	}
	return about(p.Host, Warning, p.title()+" does not answer; some gateways answer nothing but the Aggressive Mode of a known group",
		"try to connect: ezvpn up; if that gets no answer either, UDP 500 and 4500 are blocked on the way", all...)
}

func portal(f Facts) []Finding {
	for _, p := range f.Peers {
		w := p.Web
		switch {
		case w == nil:
		case w.Status == 511: // RFC 6585 section 6
			return one(Fault, "this network wants a login first: it says so in the place of "+p.Host, "open a web page in a browser and log in to the network", "HTTP status 511")
		case w.Location != "" && w.Location != p.Host && w.Location != p.Address.String():
			return one(Warning, "this network may want a login first: a web request to "+p.Host+" is led to "+w.Location, "open a web page in a browser and see whether the network asks for a login",
				fmt.Sprintf("HTTP status %d", w.Status))
		default:
			return one(OK, "no captive portal answers in the place of "+p.Host, "", cmp.Or(w.said(), "no web server answers at all"))
		}
	}
	return nil
}

func (w *Web) said() string {
	if w.Status == 0 {
		return ""
	}
	return fmt.Sprintf("HTTP status %d", w.Status)
}
