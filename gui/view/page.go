package view

import (
	"net/netip"
	"strings"
	"time"

	"ezvpn/client/status"
)

// Row is one fact of a page.
type Row struct{ Label, Value string }

// maxListed bounds the networks, servers and domains of a row.
const maxListed = 8

// Status is the facts of the status page, in order; what is not known has no row.
func Status(f Facts) []Row {
	say, s := f.Words.Say, f.Snapshot
	if s == nil {
		return nil
	}
	var rows []Row
	add := func(key, value string) {
		if value != "" {
			rows = append(rows, Row{say(key), value})
		}
	}
	add("row.profile", clip(s.Profile, 60))
	if p := ActivePeer(s); p != nil {
		name := clip(p.Name, 60)
		if a, err := netip.ParseAddrPort(p.Address); err == nil && a.Addr().String() != strings.SplitN(name, ":", 2)[0] {
			name += " (" + a.Addr().String() + ")"
		}
		add("row.peer", name)
	}
	if s.State == status.Active && !s.Since.IsZero() {
		add("row.since", s.Since.In(f.Now.Location()).Format("2006-01-02 15:04")+" ("+Since(f.Words, f.Now, s.Since)+")")
	}
	if n := s.Network; n != nil {
		if n.Address.IsValid() {
			add("row.address", n.Address.String())
		}
		add("row.networks", networks(f, n.Include))
		add("row.dns", addresses(n.DNS))
		add("row.domains", clip(strings.Join(limited(n.SplitDNS), ", "), 120))
	}
	if s.Traffic.InBytes+s.Traffic.OutBytes > 0 {
		add("row.traffic", say("traffic", "In", status.Bytes(s.Traffic.InBytes), "Out", status.Bytes(s.Traffic.OutBytes)))
	}
	if r := s.Security; r != nil {
		grade := r.Grade
		if key := "grade." + r.Grade; f.Words.Has(key) {
			grade = say(key)
		}
		add("row.security", clip(grade, 40))
	}
	return rows
}

func limited(all []string) []string {
	if len(all) > maxListed {
		return append(append([]string(nil), all[:maxListed]...), "…")
	}
	return all
}

func networks(f Facts, all []netip.Prefix) string {
	var out []string
	for _, p := range all {
		if p.Bits() == 0 {
			return f.Words.Say("networks.all")
		}
		out = append(out, p.String())
	}
	return strings.Join(limited(out), ", ")
}

func addresses(all []netip.Addr) string {
	var out []string
	for _, a := range all {
		out = append(out, a.String())
	}
	return strings.Join(limited(out), ", ")
}

// PeerRow is one gateway of the peers page.
type PeerRow struct {
	Mark, Name, Health, Heard, Reason, Next string
	Active                                  bool
}

// Peers are the gateways in their order.
func Peers(f Facts) []PeerRow {
	if f.Snapshot == nil {
		return nil
	}
	var out []PeerRow
	for _, p := range f.Snapshot.Peers {
		r := PeerRow{Mark: Mark(p.Health), Name: clip(p.Name, 60), Health: Health(f.Words, p.Health), Active: p.Health == "active"}
		if p.Health == "down" {
			r.Reason = clip(p.Reason, 120)
		}
		if !p.LastHeard.IsZero() {
			r.Heard = ago(f, p.LastHeard)
		}
		if r.Active && f.Snapshot.DPD.RTT > 0 {
			r.Heard = strings.TrimPrefix(r.Heard+" · "+Millis(f.Snapshot.DPD.RTT), " · ")
		}
		if p.NextTry.After(f.Now) {
			r.Next = f.Words.Say("peer.next", "In", Since(f.Words, p.NextTry, f.Now))
		}
		out = append(out, r)
		if len(out) == 64 {
			break
		}
	}
	return out
}

func ago(f Facts, t time.Time) string {
	if f.Now.Sub(t) < time.Minute {
		return f.Words.Say("time.now")
	}
	return f.Words.Say("time.ago", "Time", Since(f.Words, f.Now, t))
}

// Events are those of the timeline, the newest first: a time and a text.
func Events(f Facts) []Row {
	if f.Snapshot == nil {
		return nil
	}
	all := f.Snapshot.Events
	out := make([]Row, 0, len(all))
	for i := len(all) - 1; i >= 0; i-- {
		out = append(out, Row{all[i].Time.In(f.Now.Location()).Format("01-02 15:04:05"), clip(all[i].Text, 200)})
	}
	return out
}

// Button is the one thing to do about the session.
type Button struct {
	Label  string
	Action Action
	Arg    string
}

// Buttons are what can be done from the status page; the first is the foremost.
func Buttons(f Facts) []Button {
	var out []Button
	if s := f.Snapshot; s != nil && s.Prompt != nil {
		out = append(out, Button{f.Words.Say("menu.answer"), Answer, ""})
	}
	for _, i := range sessions(f) {
		if i.Action == Connect || i.Action == Disconnect {
			out = append(out, Button{i.Label, i.Action, i.Arg})
		}
	}
	if len(out) > 4 {
		out = out[:4]
	}
	return out
}

// Warnings are what else is to be said of the session, at most five.
func Warnings(f Facts) []string {
	if f.Snapshot == nil {
		return nil
	}
	var out []string
	for _, w := range f.Snapshot.Warnings {
		if out = append(out, clip(w, 240)); len(out) == 5 {
			break
		}
	}
	if r := f.Snapshot.Security; r != nil && r.Grade == "weak" {
		for _, reason := range r.Reasons {
			if len(out) < 5 {
				out = append(out, clip(reason, 240))
			}
		}
	}
	return out
}
