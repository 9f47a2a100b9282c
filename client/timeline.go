package client

import (
	"slices"
	"time"

	"ezvpn/client/status"
)

// timelineLimit is how many events are kept; the oldest go first.
const timelineLimit = 256

// timeline is the bounded history of a session.
type timeline struct{ events []status.Event }

func (t *timeline) add(now time.Time, kind, text string) {
	if len(t.events) == timelineLimit {
		t.events = slices.Delete(t.events, 0, 1)
	}
	t.events = append(t.events, status.Event{Time: now, Kind: kind, Text: text})
}

func (t *timeline) list() []status.Event { return slices.Clone(t.events) }
