package status

import (
	"fmt"
	"io"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"time"
)

// Text writes the snapshot for a person, with now as the present. It shows what the JSON holds, and every text that a
// gateway may have chosen passes the filter again.
func Text(w io.Writer, s Snapshot, now time.Time) error {
	p := &page{now: now}
	p.head(s)
	p.peers(s)
	p.network(s.Network)
	p.isakmp(s.ISAKMP)
	for _, sa := range s.IPsec {
		p.ipsec(sa)
	}
	p.dpd(s)
	p.traffic(s)
	p.rating(s)
	p.diagnosis(s.Diagnosis)
	p.prompt(s.Prompt, s.Profile)
	p.banner(s.Banner)
	_, err := io.WriteString(w, p.b.String())
	return err
}

// meanings says in words what a state is.
var meanings = map[State]string{
	ConnectRequired: "not connected",
	Resolving:       "looking up the gateway's name",
	Securing:        "negotiating with the gateway",
	XAuthRequired:   "waiting for your answer",
	Configuring:     "setting up the tunnel",
	Active:          "connected",
	FailingOver:     "connecting again, the tunnel's routes stay",
	Waiting:         "no gateway answered, pausing before the next try",
	Standby:         "resting, the next packet for the inside connects",
	Disconnecting:   "disconnecting",
	Blocked:         "stopped, needs you",
}

// Meaning says in words what the state is.
func (s State) Meaning() string {
	if m, ok := meanings[s]; ok {
		return m
	}
	return string(s)
}

// page is the text as it grows: a label, and what belongs to it.
type page struct {
	b   strings.Builder
	now time.Time
}

func (p *page) line(label, format string, args ...any) {
	if label != "" {
		label += ":"
	}
	fmt.Fprintf(&p.b, "%-12s%s\n", label, fmt.Sprintf(format, args...))
}

func (p *page) head(s Snapshot) {
	p.line("State", "%s (%s)%s", FilterLine(string(s.State)), FilterLine(s.State.Meaning()), p.since(s.Since))
	if s.Profile != "" {
		by := ""
		if s.Owner != "" {
			by = ", started by " + FilterLine(s.Owner)
		}
		p.line("Profile", "%s%s", FilterLine(s.Profile), by)
	}
}

func (p *page) peers(s Snapshot) {
	for _, x := range s.Peers {
		text := FilterLine(x.Name)
		if x.Address != "" {
			text += " (" + FilterLine(x.Address) + ")"
		}
		text += ", " + FilterLine(x.Health)
		if x.Origin != "profile" && x.Origin != "" {
			text += ", " + FilterLine(x.Origin) + " by the gateway"
		}
		if x.Reason != "" && x.Health == "down" {
			text += ": " + FilterLine(x.Reason)
		}
		if !x.LastHeard.IsZero() {
			text += ", heard " + p.ago(x.LastHeard)
		}
		if x.NextTry.After(p.now) {
			text += ", next try in " + Duration(x.NextTry.Sub(p.now))
		}
		p.line("Peer", "%s", text)
	}
}

func (p *page) network(n *Network) {
	if n == nil {
		return
	}
	address := "none (network extension)"
	if n.Address.IsValid() {
		address = n.Address.String()
	}
	if n.Interface != "" {
		address += " on " + FilterLine(n.Interface)
	}
	if n.MTU > 0 {
		address += fmt.Sprintf(", MTU %d", n.MTU)
	}
	p.line("Address", "%s", address)
	networks := "everything through the tunnel"
	if len(n.Include) > 0 && !slices.ContainsFunc(n.Include, func(x netip.Prefix) bool { return x.Bits() == 0 }) {
		networks = joined(n.Include) + " through the tunnel"
	}
	if len(n.Exclude) > 0 {
		networks += "; outside it: " + joined(n.Exclude)
	}
	p.line("Networks", "%s", networks)
	p.dns(n)
	if len(n.Backup) > 0 {
		p.line("Backup", "%s (pushed by the gateway)", filtered(n.Backup))
	}
	if n.GatewayVersion != "" {
		p.line("Gateway", "%s", FilterLine(n.GatewayVersion))
	}
}

func (p *page) dns(n *Network) {
	if len(n.DNS) == 0 {
		p.line("DNS", "unchanged")
		return
	}
	text := joined(n.DNS)
	switch n.DNSMode {
	case "split":
		text += " for " + filtered(n.SplitDNS)
	case "full":
		text += " for everything"
	default:
		text += ", not used"
	}
	if n.Domain != "" {
		text += ", search domain " + FilterLine(n.Domain)
	}
	if n.DNSBy != "" {
		text += " (" + FilterLine(n.DNSBy) + ")"
	}
	p.line("DNS", "%s", text)
}

func (p *page) isakmp(sa *ISAKMPSA) {
	if sa == nil {
		return
	}
	p.line("ISAKMP SA", "%s, %s, %s, %s%s", FilterLine(sa.Encryption), FilterLine(sa.Hash), FilterLine(sa.Group),
		FilterLine(sa.Auth), p.left(sa.Expires))
	p.line("", "%s to %s, peer identity %s", FilterLine(sa.Local), FilterLine(sa.Remote), FilterLine(sa.PeerID))
	nat := "NAT: " + FilterLine(sa.NAT)
	if sa.NATT {
		nat += ", ESP in UDP"
	}
	p.line("", "%s, cookies %s", nat, FilterLine(sa.Cookies))
	if len(sa.Vendors) > 0 {
		p.line("", "vendor IDs: %s", filtered(sa.Vendors))
	}
}

func (p *page) ipsec(sa IPsecSA) {
	alg := FilterLine(sa.Encryption)
	if sa.Auth != "" {
		alg += ", " + FilterLine(sa.Auth)
	}
	if sa.PFS != "" {
		alg += ", PFS " + FilterLine(sa.PFS)
	}
	p.line("IPsec SA", "%s%s", alg, p.left(sa.Expires))
	p.line("", "%s to %s, SPI in %s, out %s", FilterLine(sa.Local), FilterLine(sa.Remote), FilterLine(sa.InSPI), FilterLine(sa.OutSPI))
	volume := fmt.Sprintf("in %s (%d packets), out %s (%d packets)", Bytes(sa.InBytes), sa.InPackets, Bytes(sa.OutBytes), sa.OutPackets)
	if sa.Bytes > 0 {
		volume += ", at most " + Bytes(sa.Bytes)
	}
	p.line("", "%s", volume)
}

func (p *page) dpd(s Snapshot) {
	d := s.DPD
	switch {
	case d.Mode == "":
		return
	case d.Mode == "off":
		p.line("DPD", "off")
		return
	case d.Mode == "unsupported":
		p.line("DPD", "the gateway did not announce it; a dead gateway is noticed late")
		return
	}
	text := fmt.Sprintf("%s, every %d s, retry %d s, %d missed", FilterLine(d.Mode), d.Interval, d.Retry, d.Misses)
	if !d.LastAck.IsZero() {
		text += ", last answer " + p.ago(d.LastAck)
	}
	if d.RTT > 0 {
		text += fmt.Sprintf(", round trip %.1f ms", float64(d.RTT)/float64(time.Millisecond))
	}
	if !d.Heard.IsZero() {
		text += ", peer heard " + p.ago(d.Heard)
	}
	p.line("DPD", "%s", text)
}

func (p *page) traffic(s Snapshot) {
	t := s.Traffic
	if s.ISAKMP == nil && t.InPackets+t.OutPackets == 0 && len(t.Drops) == 0 {
		return
	}
	p.line("Traffic", "in %s (%d packets), out %s (%d packets)", Bytes(t.InBytes), t.InPackets, Bytes(t.OutBytes), t.OutPackets)
	var drops []string
	for _, why := range slices.Sorted(maps.Keys(t.Drops)) {
		if n := t.Drops[why]; n > 0 {
			drops = append(drops, fmt.Sprintf("%s %d", FilterLine(why), n))
		}
	}
	if len(drops) > 0 {
		p.line("", "dropped: %s", strings.Join(drops, ", "))
	}
	if t.Retransmits > 0 {
		p.line("", "IKE messages sent again: %d", t.Retransmits)
	}
}

func (p *page) rating(s Snapshot) {
	if s.Security != nil {
		p.line("Security", "%s", FilterLine(s.Security.Grade))
		for _, r := range s.Security.Reasons {
			p.line("", "%s", FilterLine(r))
		}
	}
	for _, x := range s.Warnings {
		p.line("Warning", "%s", FilterLine(x))
	}
}

func (p *page) diagnosis(d *Diagnosis) {
	if d == nil {
		return
	}
	p.b.WriteByte('\n')
	p.line("What", "%s", FilterLine(d.Sentence))
	for i, e := range d.Evidence {
		p.line([]string{"Evidence", ""}[min(i, 1)], "%s", FilterLine(e))
	}
	p.line("Next", "%s", FilterLine(d.Next))
	p.line("Cause", "%s%s", FilterLine(d.Cause), p.since(d.Time))
}

func (p *page) prompt(q *Prompt, profile string) {
	if q == nil {
		return
	}
	p.b.WriteByte('\n')
	var fields []string
	for _, f := range q.Fields {
		text := f.Label
		if f.Text != "" {
			text += " (" + f.Text + ")"
		}
		fields = append(fields, text)
	}
	p.line("Question", "%s asks for: %s%s", FilterLine(q.Peer), filtered(fields), p.left(q.Expires))
	if q.Message != "" {
		p.quoted("The gateway says:", q.Message)
	}
	p.line("Answer", "ezvpn up %s", FilterLine(profile))
}

func (p *page) banner(s string) {
	if s = strings.TrimSpace(Filter(s)); s != "" {
		p.b.WriteByte('\n')
		p.quoted("Message from the gateway:", s)
	}
}

// quoted sets a text of the gateway apart, so that it cannot be taken for ours.
func (p *page) quoted(heading, s string) {
	fmt.Fprintln(&p.b, heading)
	for line := range strings.SplitSeq(strings.TrimSpace(Filter(s)), "\n") {
		fmt.Fprintf(&p.b, "  | %s\n", line)
	}
}
