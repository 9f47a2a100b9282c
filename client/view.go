package client

import (
	"fmt"
	"net/netip"
	"slices"
	"time"

	"ezvpn/client/status"
	"ezvpn/dpd"
	"ezvpn/ike"
	"ezvpn/ike/isakmp"
	"ezvpn/ike/keymat"
	"ezvpn/tunnel"
	"ezvpn/tunnel/esp"
)

// counters is what the data path and the detector know, beside the machine.
type counters struct {
	stats  tunnel.Stats
	sas    []tunnel.SAStats
	ike    ike.Stats
	heard  time.Time
	watch  *dpd.Detector // nil: the peer is not watched
	local  netip.AddrPort
	events []status.Event
	totals status.Totals
}

// snapshotOf is pure: machine and counters in, the whole status out.
func snapshotOf(now time.Time, m machine, c counters) status.Snapshot {
	s := status.Snapshot{Version: 1, Time: now, State: m.state, Since: m.since, Owner: m.owner, Diagnosis: m.diagnosis,
		Banner: m.banner, Peers: m.peers.status(), Warnings: filterAll(slices.Concat(m.warnings, m.notes)), Events: c.events}
	if m.profile != nil {
		s.Profile = m.profile.Name
		s.DPD = dpdView(m, c)
		s.Security = rate(m)
	}
	if m.prompt != nil {
		p := m.prompt.Prompt
		s.Prompt = &p
	}
	for i := range s.Peers {
		if s.Peers[i].Health == "active" {
			s.Peers[i].LastHeard = c.heard
		}
		if m.state == status.Waiting && i == m.peers.at {
			s.Peers[i].NextTry = m.deadline
		}
	}
	switch {
	case m.beside != nil && m.beside.back:
		s.Peers[0].Health = "trying"
	case !m.returnAt.IsZero():
		s.Peers[0].NextTry = m.returnAt
	}
	s.Network = networkView(m)
	if m.isakmp != nil {
		s.ISAKMP = isakmpView(*m.isakmp, c.local)
	}
	for _, sa := range m.sas {
		s.IPsec = append(s.IPsec, ipsecView(sa, c.sas))
	}
	s.Traffic = status.Traffic{InBytes: c.stats.InBytes, OutBytes: c.stats.OutBytes, InPackets: c.stats.InPackets,
		OutPackets: c.stats.OutPackets, Drops: c.stats.Drops, Retransmits: c.ike.Retransmits}
	s.Totals = c.totals
	return s
}

func networkView(m machine) *status.Network {
	if m.net == nil || m.host == nil {
		return nil
	}
	n, h := *m.net, *m.host
	return &status.Network{Interface: m.iface, Address: n.Address, MTU: m.mtu, Include: h.Routes, Exclude: h.Exclude,
		DNS: h.DNS.Servers, DNSMode: string(h.DNS.Mode), DNSBy: m.dnsBy, Domain: firstOf(h.DNS.Search),
		SplitDNS: h.DNS.Domains, Backup: filterAll(n.BackupServers), SavePassword: n.SavePassword,
		GatewayVersion: status.FilterLine(n.Version)}
}

func firstOf(s []string) string {
	if len(s) == 0 {
		return ""
	}
	return s[0]
}

func filterAll(in []string) []string {
	var out []string
	for _, s := range in {
		out = append(out, status.FilterLine(s))
	}
	return out
}

func dpdView(m machine, c counters) status.DPD {
	d := status.DPD{Mode: m.profile.DPD.Mode, Interval: int(m.profile.DPD.Interval / time.Second),
		Retry: int(m.profile.DPD.Retry / time.Second), Heard: c.heard}
	if m.isakmp != nil && !m.isakmp.DPD {
		d.Mode = "unsupported"
	}
	if c.watch != nil {
		d.Stray = c.watch.Stray()
		d.Misses, d.LastAck, d.RTT = max(0, c.watch.Outstanding()-1), c.watch.LastAck(), c.watch.RTT()
	}
	return d
}

func isakmpView(sa ike.ISAKMPSA, local netip.AddrPort) *status.ISAKMPSA {
	v := &status.ISAKMPSA{Cookies: fmt.Sprintf("%x:%x", sa.Initiator, sa.Responder), Local: local.String(),
		Remote: sa.Remote.String(), PeerID: identityText(sa.PeerIdentity), Encryption: cipherName(sa.Suite),
		Hash: sa.Suite.Hash.String(), Group: sa.Suite.Group.String(), Auth: "pre-shared group key", NATT: sa.Marker,
		Vendors: sa.Vendors, Since: sa.Since, Expires: sa.Expires}
	if sa.XAUTH {
		v.Auth += " + XAUTH"
	}
	v.NAT = map[[2]bool]string{{false, false}: "none", {true, false}: "local", {false, true}: "remote", {true, true}: "both"}[[2]bool{sa.NATLocal, sa.NATRemote}]
	return v
}

func identityText(id ike.Identity) string {
	if id.Kind == isakmp.IDIPv4 && len(id.Data) == 4 {
		return netip.AddrFrom4([4]byte([]byte(id.Data))).String()
	}
	return status.FilterLine(id.Data)
}

func cipherName(p ike.Phase1) string {
	if p.Cipher == keymat.TripleDES {
		return "3DES"
	}
	return fmt.Sprintf("AES-%d", p.KeyBits)
}

func suiteName(s ike.Suite) string { return esp.Suite(s).String() }

func ipsecView(sa ike.IPsecSA, stats []tunnel.SAStats) status.IPsecSA {
	enc, auth := esp.Suite(sa.Suite).Names()
	v := status.IPsecSA{InSPI: fmt.Sprintf("0x%08x", sa.In.SPI), OutSPI: fmt.Sprintf("0x%08x", sa.Out.SPI),
		Encryption: enc, Auth: auth, Local: sa.Selector.Local.String(), Remote: sa.Selector.Remote.String(),
		Since: sa.Since, Expires: sa.Expires, Bytes: sa.Bytes}
	if sa.PFS != 0 {
		v.PFS = sa.PFS.String()
	}
	if i := slices.IndexFunc(stats, func(x tunnel.SAStats) bool { return x.InSPI == sa.In.SPI }); i >= 0 {
		x := stats[i]
		v.InBytes, v.OutBytes, v.InPackets, v.OutPackets = x.InBytes, x.OutBytes, x.InPackets, x.OutPackets
	}
	return v
}
