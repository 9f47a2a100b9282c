package service

import (
	"sync"
	"time"

	"ezvpn/client"
	"ezvpn/client/profile"
	"ezvpn/client/status"
)

// maxSpans bounds what is remembered of former sessions. The debug log is bounded too; what is older than both is for
// administrators.
const maxSpans = 256

// owners remembers whose each session was: debug lines outlive it, and they name users and addresses.
type owners struct {
	mu    sync.Mutex // guards spans; held while a session begins, so that its first line finds it
	spans []span     // oldest first
	cut   bool       // older ones were forgotten
}

// span is the time from the begin of a session to that of the next. Before the first session nothing is anybody's.
type span struct {
	from  time.Time // on the session's clock
	owner string
}

// of is the owner of a line of this time.
func (o *owners) of(t time.Time) string {
	o.mu.Lock()
	defer o.mu.Unlock()
	for i := len(o.spans) - 1; i >= 0; i-- {
		if !t.Before(o.spans[i].from) {
			return o.spans[i].owner
		}
	}
	if o.cut {
		return forgotten
	}
	return ""
}

// forgotten is nobody's label, so only administrators own what is its.
const forgotten = "somebody"

func (o *owners) add(from time.Time, owner string) {
	if len(o.spans) == maxSpans {
		o.spans, o.cut = o.spans[:copy(o.spans, o.spans[maxSpans/4:])], true
	}
	o.spans = append(o.spans, span{from, owner})
}

// connect begins a session, and remembers whose it is. user is whose layer the profile has.
func (a *api) connect(p *profile.Profile, user string, opt client.ConnectOptions) error {
	a.owners.mu.Lock()
	defer a.owners.mu.Unlock()
	now := a.session.Snapshot()
	if now.State == status.ConnectRequired || now.State == status.Blocked {
		if err := a.fit.check(); err != nil {
			return err
		}
	}
	err := a.session.Connect(p, opt)
	if err == nil {
		a.owners.add(now.Time, opt.Owner)
		a.live.set(p, user)
		a.connected(p, user)
	}
	return err
}
