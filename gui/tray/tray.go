// Package tray is the icon in the panel and its menu. It draws what gui/view says, and needs no OpenGL: windows are
// processes of their own.
package tray

import (
	"context"
	"slices"
	"time"

	"ezvpn/assets"
	"ezvpn/client/status"
	"ezvpn/gui/link"
	"ezvpn/gui/view"
	"ezvpn/gui/words"
	"ezvpn/service/ipc"
)

// Panel is where the icon stands; systray's is one.
type Panel interface {
	Icon(s assets.State)
	Tooltip(text string)
	// Menu replaces the whole menu. Click is called with the action of a row, from any goroutine.
	Menu(items []view.Item, click func(view.Item))
	Notify(n view.Notice)
	Copy(text string)
	Quit()
}

// Service is what the tray asks of the service.
type Service interface {
	Up(ctx context.Context, u ipc.Up) (ipc.State, error)
	Down(ctx context.Context) (ipc.State, error)
}

// Tray connects the service with the panel. It belongs to Run's goroutine.
type Tray struct {
	Words   words.Words
	Panel   Panel
	Service Service
	Open    func(page string) // a window
	Quiet   []view.Kind       // notices that the user does not want
	Now     func() time.Time

	facts   view.Facts
	before  *status.Snapshot
	shown   []view.Item
	icon    assets.State
	tooltip string
	drawn   bool
}

// Run shows news and carries clicks out, until ctx ends or the user quits.
func (t *Tray) Run(ctx context.Context, news <-chan link.News) {
	clicks := make(chan view.Item)
	ctx, quit := context.WithCancel(ctx)
	defer quit()
	click := func(i view.Item) {
		select {
		case clicks <- i:
		case <-ctx.Done():
		}
	}
	failed := make(chan view.Notice, 4)
	minute := time.NewTimer(untilMinute(t.Now()))
	defer minute.Stop()
	t.facts = view.Facts{Words: t.Words, Now: t.Now()}
	t.draw(click)
	for {
		select {
		case <-ctx.Done():
			return
		case n := <-news:
			t.hear(n)
		case <-minute.C: // times are shown by the minute
			minute.Reset(untilMinute(t.Now()))
		case n := <-failed:
			t.notify(n)
		case i := <-clicks:
			if i.Action == view.Quit {
				t.Panel.Quit()
				return
			}
			t.do(ctx, i, failed)
		}
		t.draw(click)
	}
}

func untilMinute(now time.Time) time.Duration {
	return now.Truncate(time.Minute).Add(time.Minute).Sub(now)
}

func (t *Tray) hear(n link.News) {
	t.facts.Snapshot, t.facts.Trouble = n.Snapshot, n.Trouble
	if n.Snapshot != nil {
		t.facts.Profiles = n.Profiles
	}
	t.facts.Now = t.Now()
	for _, x := range view.Notices(t.facts, t.before) {
		t.notify(x)
	}
	if n.Snapshot != nil {
		t.before = n.Snapshot
	}
}

func (t *Tray) notify(n view.Notice) {
	if !slices.Contains(t.Quiet, n.Kind) {
		t.Panel.Notify(n)
	}
}

// draw changes what is not shown already: a menu that is rebuilt closes under the user's hand.
func (t *Tray) draw(click func(view.Item)) {
	t.facts.Now = t.Now()
	v := view.Of(t.facts)
	if icon := assets.State(v.Icon); icon != t.icon || !t.drawn {
		t.icon = icon
		t.Panel.Icon(icon)
	}
	if v.Tooltip != t.tooltip || !t.drawn {
		t.tooltip = v.Tooltip
		t.Panel.Tooltip(v.Tooltip)
	}
	if items := view.Menu(t.facts); !slices.Equal(items, t.shown) || !t.drawn {
		t.shown = items
		t.Panel.Menu(items, click)
	}
	t.drawn = true
}

// verbTime is how long the service may take for a verb; disconnecting puts the machine back first.
const verbTime = 30 * time.Second

// do carries a click out. What the service refuses is said in a notice.
func (t *Tray) do(ctx context.Context, i view.Item, failed chan<- view.Notice) {
	ask := func(verb func(context.Context) error) {
		go func() {
			ctx, cancel := context.WithTimeout(ctx, verbTime)
			defer cancel()
			if err := verb(ctx); err != nil && ctx.Err() == nil {
				select {
				case failed <- view.Refused(t.Words, err):
				default: // four wait already
				}
			}
		}()
	}
	switch i.Action {
	case view.Connect:
		s := t.facts.Snapshot
		ask(func(ctx context.Context) error {
			if s != nil && view.Running(s) && s.Profile != i.Arg {
				if _, err := t.Service.Down(ctx); err != nil {
					return err
				}
			}
			_, err := t.Service.Up(ctx, ipc.Up{Profile: i.Arg})
			return err
		})
	case view.Disconnect:
		ask(func(ctx context.Context) error { _, err := t.Service.Down(ctx); return err })
	case view.Copy:
		t.Panel.Copy(i.Arg)
	case view.Answer:
		t.Open("prompt")
	case view.Open:
		t.Open(i.Arg)
	}
}
