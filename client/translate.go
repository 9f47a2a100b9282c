package client

import (
	"fmt"
	"io"
	"net/netip"
	"slices"
	"strings"

	"ezvpn/client/profile"
	"ezvpn/client/status"
	"ezvpn/dpd"
	"ezvpn/ike"
	"ezvpn/ike/isakmp"
	"ezvpn/ike/keymat"
	"ezvpn/tunnel"
	"ezvpn/tunnel/esp"
	"ezvpn/tunnel/host"
)

// This file is the only place where the words of one floor become the words of another. All of it is pure.

// offers groups the phase 1 proposals by DH group: Aggressive Mode sends one key exchange, so each group is an
// attempt of its own (RFC 2409 §5.4).
func offers(p *profile.Profile) [][]ike.Phase1 {
	var order []uint16
	byGroup := map[uint16][]ike.Phase1{}
	for _, x := range p.IKE.Proposals {
		if _, ok := byGroup[x.Group]; !ok {
			order = append(order, x.Group)
		}
		byGroup[x.Group] = append(byGroup[x.Group], ike.Phase1{Cipher: keymat.Cipher(x.Cipher), KeyBits: x.KeyBits,
			Hash: keymat.Hash(x.Hash), Group: keymat.Group(x.Group)})
	}
	out := make([][]ike.Phase1, len(order))
	for i, g := range order {
		out[i] = byGroup[g]
	}
	return out
}

func phase2(p *profile.Profile) []ike.Suite {
	out := make([]ike.Suite, len(p.ESP.Proposals))
	for i, x := range p.ESP.Proposals {
		out[i] = ike.Suite{Cipher: x.Cipher, KeyBits: x.KeyBits, Auth: x.Auth}
	}
	return out
}

var idKinds = map[string]uint8{"key-id": isakmp.IDKeyID, "fqdn": isakmp.IDFQDN, "user-fqdn": isakmp.IDUserFQDN, "address": isakmp.IDIPv4}

// identity is the IKE identity that a name of the profile stands for.
func identity(idType, name string) (ike.Identity, error) {
	kind, ok := idKinds[idType]
	if !ok {
		return ike.Identity{}, fmt.Errorf("unknown identity type %q", idType)
	}
	if kind != isakmp.IDIPv4 {
		return ike.Identity{Kind: kind, Data: name}, nil
	}
	a, err := netip.ParseAddr(name)
	if err != nil || !a.Is4() {
		return ike.Identity{}, fmt.Errorf("identity %q is not an IPv4 address", name)
	}
	b := a.As4()
	return ike.Identity{Kind: kind, Data: string(b[:])}, nil
}

// peerIdentity reads ike.peer_id: an address, user@host, or a host name.
func peerIdentity(s string) *ike.Identity {
	if s == "" {
		return nil
	}
	kind := uint8(isakmp.IDFQDN)
	if a, err := netip.ParseAddr(s); err == nil && a.Is4() {
		b := a.As4()
		return &ike.Identity{Kind: isakmp.IDIPv4, Data: string(b[:])}
	} else if strings.Contains(s, "@") {
		kind = isakmp.IDUserFQDN
	}
	return &ike.Identity{Kind: kind, Data: s}
}

var nattModes = map[string]ike.NATT{"force": ike.NATTForce, "auto": ike.NATTAuto, "drafts": ike.NATTDrafts}

// fragmentSize makes an IKE fragment an IP packet of 1280 bytes at most, UDP header and marker included: every IPv6
// path takes as much, and so does what tunnels IPv4 over one.
const fragmentSize = 1280 - 20 - 8 - 4

// ikeConfig is one association: one address, one DH group.
func ikeConfig(d actDial, local netip.AddrPort, hostname string, rand io.Reader) (*ike.Config, error) {
	p := d.profile
	id, err := identity(p.Group.IDType, p.Group.Name)
	if err != nil {
		return nil, err
	}
	return &ike.Config{
		Rand: rand, Local: local, Remote: d.to, NATT: nattModes[p.NAT.Mode],
		Identity: id, PeerIdentity: peerIdentity(p.IKE.PeerID), GroupKey: ike.Secret(p.Group.Key),
		Phase1: offers(p)[d.attempt], Phase1Life: ike.Life{Time: p.IKE.Lifetime},
		Phase2: phase2(p), PFS: keymat.Group(p.ESP.PFS), Phase2Life: ike.Life{Time: p.ESP.Lifetime},
		XAUTH: true, NoAddress: p.Mode == "network-extension", Address: d.address, Inside: p.Inside.Networks, SAPerNetwork: p.ESP.PerNetwork,
		Hostname: hostname, AppVersion: p.IKE.AppVersion, InitialContact: d.initial, Patience: d.patience, Renewal: d.renewal, NoFragments: !p.IKE.Fragmentation,
		FragmentSize: fragmentSize,
	}, nil
}

func dpdPolicy(p *profile.Profile) dpd.Policy {
	return dpd.Policy{Interval: p.DPD.Interval, Retry: p.DPD.Retry, Periodic: p.DPD.Mode == "periodic"}
}

// tunnelSA is the same IPsec SA in the words of the data path.
func tunnelSA(sa ike.IPsecSA, peer netip.AddrPort) tunnel.SA {
	return tunnel.SA{
		Suite: esp.Suite(sa.Suite), InSPI: sa.In.SPI, OutSPI: sa.Out.SPI,
		InEnc: sa.In.Enc, InAuth: sa.In.Auth, OutEnc: sa.Out.Enc, OutAuth: sa.Out.Auth,
		Local: sa.Selector.Local, Remote: sa.Selector.Remote, Peer: peer, InOnly: !sa.Ready,
	}
}

// everything is the pushed network list of a gateway that pushes none.
var everything = netip.MustParsePrefix("0.0.0.0/0")

// hostConfig is what the machine should look like, from what the gateway assigned and what the profile allows.
// Interface and MTU are filled in when the device is open. Warnings say what was left out.
func hostConfig(p *profile.Profile, n ike.ModeConfig, gateways []netip.Addr) (host.Config, []string) {
	var warnings []string
	c := host.Config{Routes: slices.Clone(n.Include), Gateways: gateways, Metric: p.Routes.Metric,
		Exclude: slices.Clone(p.Routes.Exclude)}
	if p.Extends() {
		c.Forward = slices.Clone(p.Inside.Networks)
	}
	if n.Address.IsValid() {
		c.Addresses = []netip.Prefix{netip.PrefixFrom(n.Address, 32)}
	}
	if len(c.Routes) == 0 {
		c.Routes = []netip.Prefix{everything}
	}
	for _, x := range n.Exclude {
		if p.Routes.LocalLAN && private(x) {
			c.Exclude = append(c.Exclude, x)
		} else {
			warnings = append(warnings, fmt.Sprintf("the gateway asked to keep %s outside the tunnel; the profile does not allow it", x))
		}
	}
	full := slices.Contains(c.Routes, everything)
	c.DNS, warnings = dnsConfig(p, n, full, warnings)
	return c, append(warnings, n.Dropped...)
}

// private says that nothing of p is outside the private networks (RFC 1918).
func private(p netip.Prefix) bool {
	p = p.Masked()
	return slices.ContainsFunc(privateNetworks, func(n netip.Prefix) bool { return n.Bits() <= p.Bits() && n.Contains(p.Addr()) })
}

var privateNetworks = []netip.Prefix{
	netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("172.16.0.0/12"), netip.MustParsePrefix("192.168.0.0/16"),
}

func dnsConfig(p *profile.Profile, n ike.ModeConfig, full bool, warnings []string) (host.DNS, []string) {
	d := host.DNS{Mode: host.DNSMode(p.DNS.Mode), Servers: slices.Clone(n.DNS)}
	for i, name := range append([]string{n.Domain}, n.SplitDNS...) {
		if name == "" {
			continue
		}
		label, ok := status.HostLabel(name)
		if !ok {
			warnings = append(warnings, "the gateway pushed a domain that is not a host name; it is not used")
			continue
		}
		if i == 0 {
			d.Search = append(d.Search, label)
		}
		if !slices.Contains(d.Domains, label) {
			d.Domains = append(d.Domains, label)
		}
	}
	switch {
	case len(d.Servers) == 0:
		d = host.DNS{Mode: host.DNSOff}
	case d.Mode == "" && full:
		d.Mode = host.DNSFull
	case d.Mode == "":
		d.Mode = host.DNSSplit
	}
	if d.Mode == host.DNSSplit && len(d.Domains) == 0 {
		if full {
			d.Mode = host.DNSFull
		} else {
			d = host.DNS{Mode: host.DNSOff}
			warnings = append(warnings, "the gateway pushed name servers but no domain; they are not used for a split tunnel")
		}
	}
	return d, warnings
}

// describe is one line for the log.
func describe(n ike.ModeConfig) string {
	s := "no address"
	if n.Address.IsValid() {
		s = "address " + n.Address.String()
	}
	if len(n.Include) == 0 {
		return s + ", everything through the tunnel"
	}
	if len(n.Include) == 1 {
		return s + ", " + n.Include[0].String() + " through the tunnel"
	}
	return fmt.Sprintf("%s, %d networks through the tunnel", s, len(n.Include))
}
