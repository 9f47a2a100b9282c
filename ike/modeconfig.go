package ike

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"slices"
	"time"

	"ezvpn/ike/isakmp"
)

// Limits of what a gateway may push.
const (
	maxNetworks = 256
	maxServers  = 6
	maxDomains  = 64
	maxBackups  = 10
	maxText     = 4096
)

// readModeConfig takes each attribute by itself: one that is not usable is left out, named in Dropped, and the rest
// stands. Everything here comes from the gateway and is not trusted.
func readModeConfig(as []isakmp.Attribute, gateway netip.Addr) ModeConfig {
	r := reader{n: ModeConfig{PFS: -1}, gateway: gateway}
	for _, a := range as {
		r.attribute(a)
	}
	if slices.Contains(r.n.Include, everything) {
		r.n.Include, r.n.everything = nil, true
	}
	return r.n
}

var everything = netip.MustParsePrefix("0.0.0.0/0")

type reader struct {
	n       ModeConfig
	gateway netip.Addr
}

func (r *reader) refuse(a isakmp.Attribute, format string, args ...any) {
	if len(r.n.Dropped) < 64 {
		r.n.Dropped = append(r.n.Dropped, isakmp.ConfigName(a.Type)+": "+fmt.Sprintf(format, args...))
	}
}

func (r *reader) attribute(a isakmp.Attribute) {
	n := &r.n
	switch a.Type {
	case isakmp.ConfigIPv4Address:
		r.address(a)
	case isakmp.ConfigIPv4Netmask:
		r.netmask(a)
	case isakmp.ConfigAddressExpiry:
		v, _ := a.Uint()
		n.Expires = time.Duration(min(v, 1<<31)) * time.Second
	case isakmp.ConfigIPv4DNS:
		n.DNS = r.server(a, n.DNS)
	case isakmp.ConfigIPv4NBNS:
		n.NBNS = r.server(a, n.NBNS)
	case isakmp.ConfigAppVersion:
		n.Version = cutText(a.Value)
	case isakmp.ConfigIPv4Subnet:
		if len(a.Value) != 8 {
			r.refuse(a, "%d bytes instead of 8", len(a.Value))
			return
		}
		if p, ok := (isakmp.ID{Kind: isakmp.IDIPv4Subnet, Data: a.Value}).Prefix(); ok {
			n.Include = r.network(a, n.Include, p)
		} else {
			r.refuse(a, "not a network")
		}
	case isakmp.UnityBanner:
		n.Banner = cutText(a.Value)
	case isakmp.UnitySavePassword:
		v, ok := a.Uint()
		n.SavePassword, n.saveSaid = ok && v == 1, true
	case isakmp.UnityDefaultDomain:
		n.Domain = cutText(a.Value)
	case isakmp.UnitySplitDNS:
		r.domains(a)
	case isakmp.UnitySplitInclude:
		r.networks(a, &n.Include)
	case isakmp.UnityLocalLAN:
		r.networks(a, &n.Exclude)
	case isakmp.UnityPFS:
		if v, ok := a.Uint(); ok && v <= 31 {
			n.PFS = int(v)
		}
	case isakmp.UnityBackupServers:
		n.BackupSaid = true
		n.BackupServers = append(n.BackupServers, a.Servers()...)
		if len(n.BackupServers) > maxBackups {
			r.refuse(a, "more than %d", maxBackups)
			n.BackupServers = n.BackupServers[:maxBackups]
		}
	case isakmp.UnityNATTPort:
		v, _ := a.Uint()
		n.UDPPort = uint16(min(v, 65535))
	}
}

func cutText(b []byte) string { return string(b[:min(len(b), maxText)]) }

// address refuses what cannot be this machine's address.
func (r *reader) address(a isakmp.Attribute) {
	addr, err := a.IPv4()
	switch {
	case err != nil || !addr.IsValid():
		r.refuse(a, "no address")
	case !usable(addr) || addr == r.gateway:
		r.refuse(a, "%s cannot be our address", addr)
	default:
		r.n.Address = addr
	}
}

// netmask refuses what is no mask. It never says more than which network the address is from.
func (r *reader) netmask(a isakmp.Attribute) {
	m, err := a.IPv4()
	if err != nil {
		r.refuse(a, "%d bytes instead of 4", len(a.Value))
		return
	}
	if !m.IsValid() { // none
		return
	}
	b := m.As4()
	if holes := ^binary.BigEndian.Uint32(b[:]); holes&(holes+1) != 0 || m.IsUnspecified() {
		r.refuse(a, "%s is not a mask", m)
		return
	}
	r.n.Netmask = m
}

// usable says whether an address can belong to a host on the inside.
func usable(a netip.Addr) bool {
	return a.Is4() && !a.IsUnspecified() && !a.IsLoopback() && !a.IsLinkLocalUnicast() && a.As4()[0] != 0 && a.As4()[0] < 224
}

func (r *reader) server(a isakmp.Attribute, list []netip.Addr) []netip.Addr {
	addr, err := a.IPv4()
	switch {
	case err != nil:
		r.refuse(a, "not an address")
	case !addr.IsValid(): // none
	case !usable(addr):
		r.refuse(a, "%s is not a server's address", addr)
	case len(list) >= maxServers:
		r.refuse(a, "more than %d", maxServers)
	case !slices.Contains(list, addr):
		return append(list, addr)
	}
	return list
}

func (r *reader) domains(a isakmp.Attribute) {
	names, refused := a.Domains()
	if refused > 0 {
		r.refuse(a, "%d names are not host names", refused)
	}
	for _, name := range names {
		if len(r.n.SplitDNS) >= maxDomains {
			r.refuse(a, "more than %d", maxDomains)
			return
		}
		if !slices.Contains(r.n.SplitDNS, name) {
			r.n.SplitDNS = append(r.n.SplitDNS, name)
		}
	}
}

func (r *reader) networks(a isakmp.Attribute, list *[]netip.Prefix) {
	nets, refused, err := a.Networks()
	if err != nil {
		r.refuse(a, "%v", err)
	}
	if refused > 0 {
		r.refuse(a, "%d entries have a mask with holes", refused)
	}
	for _, p := range nets {
		*list = r.network(a, *list, p)
	}
}

// network refuses loopback, link-local (cloud metadata lives there), multicast, and 0/8 beside 0/0.
func (r *reader) network(a isakmp.Attribute, list []netip.Prefix, p netip.Prefix) []netip.Prefix {
	first := p.Addr().As4()[0]
	switch {
	case p == everything && a.Type == isakmp.UnityLocalLAN, p != everything && (first == 0 || first == 127 || first >= 224 ||
		p.Addr().IsLinkLocalUnicast() || p.Contains(netip.AddrFrom4([4]byte{127, 0, 0, 1}))):
		r.refuse(a, "%s", p)
	case len(list) >= maxNetworks:
		r.refuse(a, "more than %d networks", maxNetworks)
	case !slices.Contains(list, p):
		return append(list, p)
	}
	return list
}

// over lays what was said now over what was said before: a banner alone leaves the address as it is.
func (n ModeConfig) over(old ModeConfig) ModeConfig {
	text := func(to *string, from string) {
		if *to == "" {
			*to = from
		}
	}
	text(&n.Domain, old.Domain)
	text(&n.Banner, old.Banner)
	text(&n.Version, old.Version)
	if !n.Address.IsValid() {
		n.Address, n.Netmask = old.Address, old.Netmask
	}
	if n.Expires == 0 {
		n.Expires = old.Expires
	}
	if n.DNS == nil {
		n.DNS = old.DNS
	}
	if n.NBNS == nil {
		n.NBNS = old.NBNS
	}
	if n.SplitDNS == nil {
		n.SplitDNS = old.SplitDNS
	}
	if n.Include == nil && !n.everything {
		n.Include = old.Include
	}
	if n.Exclude == nil {
		n.Exclude = old.Exclude
	}
	if !n.BackupSaid {
		n.BackupServers, n.BackupSaid = old.BackupServers, old.BackupSaid
	}
	if n.PFS < 0 {
		n.PFS = old.PFS
	}
	if n.UDPPort == 0 {
		n.UDPPort = old.UDPPort
	}
	n.SavePassword = n.SavePassword || !n.saveSaid && old.SavePassword
	return n
}

// attributes writes a configuration the way a gateway sends it.
func (n ModeConfig) attributes() (as []isakmp.Attribute) {
	addr := func(kind uint16, list ...netip.Addr) {
		for _, a := range list {
			if a.IsValid() {
				as = append(as, isakmp.TLV(kind, a.AsSlice()))
			}
		}
	}
	str := func(kind uint16, s string) {
		if s != "" {
			as = append(as, isakmp.TLV(kind, []byte(s)))
		}
	}
	addr(isakmp.ConfigIPv4Address, n.Address)
	addr(isakmp.ConfigIPv4Netmask, n.Netmask)
	addr(isakmp.ConfigIPv4DNS, n.DNS...)
	addr(isakmp.ConfigIPv4NBNS, n.NBNS...)
	if n.Expires > 0 {
		as = append(as, isakmp.TLV(isakmp.ConfigAddressExpiry, binary.BigEndian.AppendUint32(nil, uint32(n.Expires/time.Second))))
	}
	str(isakmp.UnityBanner, n.Banner)
	str(isakmp.UnityDefaultDomain, n.Domain)
	if n.SavePassword {
		as = append(as, isakmp.TV(isakmp.UnitySavePassword, 1))
	}
	for _, d := range n.SplitDNS {
		str(isakmp.UnitySplitDNS, d)
	}
	if len(n.Include) > 0 {
		as = append(as, isakmp.TLV(isakmp.UnitySplitInclude, isakmp.SplitValue(n.Include...)))
	}
	if len(n.Exclude) > 0 {
		as = append(as, isakmp.TLV(isakmp.UnityLocalLAN, isakmp.SplitValue(n.Exclude...)))
	}
	if n.PFS >= 0 {
		as = append(as, isakmp.TV(isakmp.UnityPFS, uint16(n.PFS)))
	}
	for _, b := range n.BackupServers {
		str(isakmp.UnityBackupServers, b)
	}
	if n.BackupSaid && len(n.BackupServers) == 0 {
		as = append(as, isakmp.TLV(isakmp.UnityBackupServers, nil))
	}
	str(isakmp.ConfigAppVersion, n.Version)
	return as
}
