package importer

import (
	"fmt"
	"slices"
	"strings"

	"ezvpn/client/profile"
)

// export is a foreign file while it is written.
type export struct {
	lines  []string
	report Report
}

func newExport(p *profile.Profile, format string) *export {
	return &export{report: Report{File: p.Name + ".toml", Format: "to " + format, Profile: p.Name}}
}

func (e *export) line(format string, args ...any) {
	e.lines = append(e.lines, fmt.Sprintf(format, args...))
}

// said reports a key of the profile that the format says.
func (e *export) said(key, to string) { e.report.add(Entry{Key: key, Kind: Mapped, To: to}) }

func (e *export) lost(key, why string) { e.report.add(Entry{Key: key, Kind: Dropped, Text: why}) }

// bare reports a secret, which the format keeps so that everybody can read it.
func (e *export) bare(key, to string) {
	e.report.add(Entry{Key: key, Kind: Weak, To: to, Text: "stands in the file in clear; guard it"})
}

// needs reports a key that the profile keeps elsewhere.
func (e *export) needs(key, why string) { e.report.add(Entry{Key: key, Kind: Missing, Text: why}) }

func (e *export) bytes(end string) []byte { return []byte(strings.Join(e.lines, end) + end) }

// common reports what neither format can say.
func (e *export) common(p *profile.Profile) {
	lost := func(is bool, key, why string) {
		if is {
			e.lost(key, why)
		}
	}
	lost(p.Group.IDType != "key-id", "group.id_type", "the format knows KEY_ID alone")
	lost(p.IKE.PeerID != "", "ike.peer_id", "the format does not check the gateway's name")
	lost(len(p.Routes.Exclude) > 0, "routes.exclude", "the format has no such list")
	lost(slices.ContainsFunc(p.Peers, func(x profile.Peer) bool { return x.Port != 500 }), "peers", "the port of a peer is 500 in the format")
	lost(p.NAT.Mode == "drafts", "nat.mode", "the format cannot ask for the drafts alone")
	lost(p.DNS.Mode == "off" || p.DNS.Mode == "split", "dns.mode", "the format follows the gateway")
	if p.Group.Key == "" {
		e.needs("group.key", "the profile keeps it elsewhere; fill it in")
	}
}

func hosts(p *profile.Profile) []string {
	var all []string
	for _, x := range p.Peers {
		all = append(all, x.Host)
	}
	return all
}
