package view

import (
	"strconv"
	"strings"

	"ezvpn/client/status"
	"ezvpn/gui/words"
	"ezvpn/service/ipc"
)

// Action is what a click does.
type Action string

const (
	Nothing    Action = ""
	Open       Action = "open"       // the window, at the page Arg
	Connect    Action = "connect"    // the profile Arg
	Disconnect Action = "disconnect" //
	Copy       Action = "copy"       // Arg to the clipboard
	Answer     Action = "answer"     // opens the prompt
	Quit       Action = "quit"
)

// Item is one row of the flat menu. An empty label is a separator.
type Item struct {
	Label   string
	Action  Action
	Arg     string
	Checked bool
}

// maxShown bounds the profiles and peers of the menu: more are in the window.
const maxShown = 12

// Menu is the whole menu.
func Menu(f Facts) []Item {
	say, v := f.Words.Say, Of(f)
	items := []Item{{Label: headline(f, v), Action: Open, Arg: "status"}}
	s := f.Snapshot
	if s != nil && s.Prompt != nil {
		items = append(items, Item{Label: say("menu.answer"), Action: Answer})
	}
	items = append(items, Item{})
	items = append(items, sessions(f)...)
	if s != nil && len(s.Peers) > 0 {
		items = append(items, Item{})
		for i, p := range s.Peers {
			if i == maxShown {
				items = append(items, Item{Label: say("menu.more", "N", strconv.Itoa(len(s.Peers)-i)), Action: Open, Arg: "peers"})
				break
			}
			items = append(items, Item{Label: peerLine(f, p), Action: Open, Arg: "peers"})
		}
		if n := s.Network; n != nil && n.Address.IsValid() {
			items = append(items, Item{Label: say("menu.address", "Address", n.Address.String()), Action: Copy, Arg: n.Address.String()})
		}
	}
	return append(items, Item{},
		Item{Label: say("menu.open"), Action: Open, Arg: "status"},
		Item{Label: say("menu.import"), Action: Open, Arg: "import"},
		Item{Label: say("menu.diagnose"), Action: Open, Arg: "diagnose"},
		Item{}, Item{Label: say("menu.quit"), Action: Quit})
}

// headline says state, peer and time.
func headline(f Facts, v View) string {
	if s := f.Snapshot; s != nil && s.State == status.Active {
		if p := ActivePeer(s); p != nil {
			return strings.Join([]string{v.State, clip(p.Name, 40), Since(f.Words, f.Now, s.Since)}, " · ")
		}
	}
	return v.State
}

// sessions are Connect and Disconnect, one row for each profile.
func sessions(f Facts) []Item {
	say, s := f.Words.Say, f.Snapshot
	if s == nil {
		return nil
	}
	var items []Item
	switch {
	case s.State == status.Disconnecting:
	case Running(s) && s.State != status.Active && s.State != status.Standby:
		items = append(items, Item{Label: named(f, "menu.cancel", s.Profile), Action: Disconnect, Arg: s.Profile, Checked: true})
	case Running(s):
		items = append(items, Item{Label: named(f, "menu.disconnect", s.Profile), Action: Disconnect, Arg: s.Profile, Checked: true})
	}
	for i, p := range f.Profiles {
		if i == maxShown {
			items = append(items, Item{Label: say("menu.more", "N", strconv.Itoa(len(f.Profiles)-i)), Action: Open, Arg: "profiles"})
			break
		}
		if Running(s) && p.Name == s.Profile || !usable(p) {
			continue
		}
		label := say("menu.connect")
		if len(f.Profiles) > 1 || Running(s) {
			label = named(f, "menu.connect", p.Name)
		}
		items = append(items, Item{Label: label, Action: Connect, Arg: p.Name})
	}
	if len(items) == 0 && len(f.Profiles) == 0 && !Running(s) {
		items = append(items, Item{Label: say("menu.new"), Action: Open, Arg: "profiles"})
	}
	return items
}

// usable says whether a profile can connect: its files are right, or an older version is kept.
func usable(p ipc.ProfileInfo) bool { return len(p.Errors) == 0 || p.Using != "" }

// Running says that there is a session.
func Running(s *status.Snapshot) bool {
	return s.State != status.ConnectRequired && s.State != status.Blocked
}

// named is what is to be done, and with which profile.
func named(f Facts, key, profile string) string {
	if profile == "" {
		return f.Words.Say(key)
	}
	return f.Words.Say(key+".named", "Profile", clip(profile, 40))
}

func peerLine(f Facts, p status.Peer) string {
	line := Mark(p.Health) + " " + clip(p.Name, 40) + " · " + Health(f.Words, p.Health)
	if p.Health == "active" && f.Snapshot.DPD.RTT > 0 {
		line += " · " + Millis(f.Snapshot.DPD.RTT)
	}
	return line
}

// Health is the health of a peer in words. One that is not known counts as not tried.
func Health(w words.Words, health string) string {
	if key := "health." + health; w.Has(key) {
		return w.Say(key)
	}
	return w.Say("health.unknown")
}

// Mark tells the health of a peer without colour.
func Mark(health string) string {
	switch health {
	case "active":
		return "●"
	case "trying":
		return "◐"
	case "down":
		return "✕"
	}
	return "○"
}

// clip keeps a line that somebody else wrote short and harmless.
func clip(s string, most int) string {
	r := []rune(status.FilterLine(s))
	if len(r) > most {
		return string(r[:most-1]) + "…"
	}
	return string(r)
}
