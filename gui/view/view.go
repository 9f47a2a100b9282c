// Package view says what the desktop shows of a snapshot: icon, sentences, menu, rows, notices. It is pure: snapshot,
// words and the time in, values out. Tray and windows draw what it says and decide nothing.
package view

import (
	"cmp"
	"time"

	"ezvpn/client/status"
	"ezvpn/gui/words"
	"ezvpn/service/ipc"
)

// Icon is one of the five that the tray shows.
type Icon string

const (
	Off        Icon = "off"
	Connecting Icon = "connecting"
	On         Icon = "on"
	Attention  Icon = "attention" // on its way back, or somebody is asked
	Blocked    Icon = "blocked"   // it does not go on by itself
)

// Facts are all that a view is made of. The zero value is a desktop that has not heard of its service yet.
type Facts struct {
	Words    words.Words
	Now      time.Time
	Snapshot *status.Snapshot  // nil while no service answers
	Trouble  *ipc.Error        // why none does, or why it refused what the user asked for
	Profiles []ipc.ProfileInfo // that the user may connect
}

// View is what is said of a session at one glance.
type View struct {
	Icon     Icon
	State    string // "Connected"
	Sentence string // one sentence about it
	Next     string // what the user can do; empty if there is nothing to do
	Tooltip  string // short, for the tray
}

// Of makes the view.
func Of(f Facts) View {
	v := View{Icon: iconOf(f.Snapshot)}
	say := f.Words.Say
	s := f.Snapshot
	if s == nil {
		v.State, v.Sentence, v.Next = say("state.no-service"), say("no-service.sentence"), say("no-service.next")
		if t := f.Trouble; t != nil && t.Code != ipc.Unreachable {
			v.Sentence, v.Next = status.FilterLine(t.Sentence), status.FilterLine(t.Next)
		}
		v.Tooltip = say("app.name") + ": " + v.State
		return v
	}
	v.State = say("state." + string(s.State))
	v.Sentence, v.Next = sentence(f, s)
	v.Tooltip = say("app.name") + ": " + v.State
	if p := ActivePeer(s); p != nil && s.State == status.Active {
		v.Tooltip += ", " + status.FilterLine(p.Name)
	}
	return v
}

func iconOf(s *status.Snapshot) Icon {
	if s == nil {
		return Blocked
	}
	switch s.State {
	case status.Active:
		if s.Prompt != nil {
			return Attention
		}
		return On
	case status.Resolving, status.Securing, status.Configuring, status.Disconnecting:
		return Connecting
	case status.XAuthRequired, status.FailingOver, status.Waiting:
		return Attention
	case status.Blocked:
		return Blocked
	case status.ConnectRequired:
		if failed(s) {
			return Blocked
		}
	}
	return Off
}

// failed says that the last connect came to nothing, and not because the user wanted it so.
func failed(s *status.Snapshot) bool { return s.Diagnosis != nil && s.Diagnosis.Cause != "cancelled" }

// sentence is what matters most now.
func sentence(f Facts, s *status.Snapshot) (text, next string) {
	say := f.Words.Say
	peer := ""
	if p := ActivePeer(s); p != nil {
		peer = status.FilterLine(p.Name)
	}
	switch {
	case s.Prompt != nil:
		return say("sentence.prompt", "Peer", status.FilterLine(s.Prompt.Peer)), say("next.prompt")
	case s.State == status.Active && peer != "":
		return say("sentence.up", "Peer", peer, "Since", Since(f.Words, f.Now, s.Since)), ""
	case s.State == status.Active:
		return say("sentence.up.bare", "Since", Since(f.Words, f.Now, s.Since)), ""
	case s.State == status.FailingOver && s.Diagnosis != nil:
		return say("sentence.failing-over", "Why", Sentence(f.Words, s.Diagnosis)), ""
	case failed(s):
		return Sentence(f.Words, s.Diagnosis), Next(f.Words, s.Diagnosis)
	case (s.State == status.Resolving || s.State == status.Securing || s.State == status.Configuring) && trying(s) != "":
		return say("sentence."+string(s.State), "Peer", trying(s)), ""
	case s.State == status.ConnectRequired && f.Profiles != nil && len(f.Profiles) == 0:
		return say("sentence.no-profile"), say("next.no-profile")
	}
	return say("sentence." + string(s.State) + ".bare"), ""
}

// Sentence is a diagnosis in the words of the user: the sentence of its cause where the language has one, else the
// daemon's own.
func Sentence(w words.Words, d *status.Diagnosis) string {
	peer := cmp.Or(status.FilterLine(d.Peer), w.Say("the.gateway"))
	if key := "cause." + d.Cause; w.Language != "en" && w.Has(key) {
		return w.Say(key, "Peer", peer)
	}
	return status.FilterLine(d.Sentence)
}

// Next is what the user can do about it.
func Next(w words.Words, d *status.Diagnosis) string {
	if key := "cause." + d.Cause + ".next"; w.Language != "en" && w.Has(key) {
		return w.Say(key)
	}
	return status.FilterLine(d.Next)
}

// ActivePeer is the one that the tunnel stands with, nil for none.
func ActivePeer(s *status.Snapshot) *status.Peer {
	for i, p := range s.Peers {
		if p.Health == "active" {
			return &s.Peers[i]
		}
	}
	return nil
}

func trying(s *status.Snapshot) string {
	for _, p := range s.Peers {
		if p.Health == "trying" {
			return status.FilterLine(p.Name)
		}
	}
	return ""
}

// Since is how long ago, in the two largest units: "3 h 12 min". The minute is the finest, so that a menu does not change
// each second.
func Since(w words.Words, now, t time.Time) string {
	d := now.Sub(t)
	switch m := int64(d / time.Minute); {
	case t.IsZero() || m < 1:
		return w.Say("time.now")
	case m < 60:
		return w.Say("time.min", "Min", number(m))
	case m < 24*60:
		return w.Say("time.h-min", "H", number(m/60), "Min", number(m%60))
	default:
		return w.Say("time.d-h", "D", number(m/1440), "H", number(m%1440/60))
	}
}
