package view

import (
	"errors"

	"ezvpn/client/status"
	"ezvpn/gui/words"
	"ezvpn/service/ipc"
)

// Kind of a notice; each can be switched off.
type Kind string

const (
	NoticeUp     Kind = "connected"
	NoticeOver   Kind = "failover"
	NoticeCode   Kind = "prompt"
	NoticeEnded  Kind = "ended"
	NoticeFailed Kind = "failed"
)

// Kinds lists them, for the settings.
func Kinds() []Kind { return []Kind{NoticeUp, NoticeOver, NoticeCode, NoticeEnded, NoticeFailed} }

// Notice is one notification.
type Notice struct {
	Kind        Kind
	Title, Body string
}

// Notices are what is to be said when one snapshot follows another; before is nil for the first, of which only a
// question is news. What was the same before gives none, so none comes twice.
func Notices(f Facts, before *status.Snapshot) []Notice {
	s, say := f.Snapshot, f.Words.Say
	if s == nil {
		return nil
	}
	var out []Notice
	if s.Prompt != nil && (before == nil || before.Prompt == nil || before.Prompt.ID != s.Prompt.ID) {
		out = append(out, Notice{NoticeCode, say("notice.prompt"), say("sentence.prompt", "Peer", clip(s.Prompt.Peer, 60))})
	}
	if before == nil {
		return out
	}
	now, was := peerName(s), peerName(before)
	switch {
	case s.State == status.Active && before.State != status.Active:
		if from := lastPeer(before); from != "" && from != now && before.State != status.ConnectRequired && s.Totals.Failovers > before.Totals.Failovers {
			out = append(out, over(f, from, now))
		} else {
			out = append(out, Notice{NoticeUp, say("notice.up"), say("notice.up.body", "Peer", now)})
		}
	case s.State == status.Active && now != was && was != "" && now != "":
		out = append(out, over(f, was, now))
	case before.State == status.Active && s.State == status.FailingOver:
		// The one of the peer that it comes back with says it all.
	case ended(s) && !ended(before) && failed(s):
		kind, title := NoticeFailed, say("notice.failed")
		if before.State == status.Active {
			kind, title = NoticeEnded, say("notice.ended")
		}
		out = append(out, Notice{kind, title, clip(Sentence(f.Words, s.Diagnosis), 200)})
	}
	return out
}

// Refused says why the service did not do what was asked.
func Refused(w words.Words, err error) Notice {
	var e *ipc.Error
	if !errors.As(err, &e) {
		return Notice{NoticeFailed, w.Say("notice.refused"), w.Say("no-service.sentence")}
	}
	body := clip(e.Sentence, 160)
	if e.Next != "" {
		body += "\n" + clip(e.Next, 160)
	}
	return Notice{NoticeFailed, w.Say("notice.refused"), body}
}

// ended says that nothing goes on by itself.
func ended(s *status.Snapshot) bool {
	return s.State == status.ConnectRequired || s.State == status.Blocked
}

func over(f Facts, from, to string) Notice {
	body := f.Words.Say("notice.over.body", "From", from, "To", to)
	for _, p := range f.Snapshot.Peers {
		if clip(p.Name, 60) == from && p.Reason != "" {
			body = f.Words.Say("notice.over.why", "From", from, "To", to, "Why", clip(p.Reason, 120))
		}
	}
	return Notice{NoticeOver, f.Words.Say("notice.over"), body}
}

func peerName(s *status.Snapshot) string {
	if p := ActivePeer(s); p != nil {
		return clip(p.Name, 60)
	}
	return ""
}

// lastPeer is the one that was lost: the newest of those that are down.
func lastPeer(s *status.Snapshot) string {
	name := ""
	var last *status.Peer
	for i, p := range s.Peers {
		if p.Health == "down" && (last == nil || p.Since.After(last.Since)) {
			last, name = &s.Peers[i], clip(p.Name, 60)
		}
	}
	return name
}
