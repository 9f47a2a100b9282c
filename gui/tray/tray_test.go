package tray

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"ezvpn/assets"
	"ezvpn/client/status"
	"ezvpn/gui/link"
	"ezvpn/gui/view"
	"ezvpn/gui/words"
	"ezvpn/service/ipc"
)

// fake is a panel and a service that keep what they are told.
type fake struct {
	mu     sync.Mutex // guards below
	icons  []assets.State
	menus  int
	items  []view.Item
	click  func(view.Item)
	said   []view.Notice
	copied []string
	opened []string
	asked  []string
	refuse error
	quit   bool
}

func (f *fake) Icon(s assets.State) { f.do(func() { f.icons = append(f.icons, s) }) }
func (f *fake) Tooltip(string)      {}
func (f *fake) Menu(i []view.Item, click func(view.Item)) {
	f.do(func() { f.menus++; f.items, f.click = slices.Clone(i), click })
}
func (f *fake) Notify(n view.Notice) { f.do(func() { f.said = append(f.said, n) }) }
func (f *fake) Copy(s string)        { f.do(func() { f.copied = append(f.copied, s) }) }
func (f *fake) Quit()                { f.do(func() { f.quit = true }) }
func (f *fake) open(page string)     { f.do(func() { f.opened = append(f.opened, page) }) }

func (f *fake) Up(_ context.Context, u ipc.Up) (ipc.State, error) {
	var refuse error
	f.do(func() { f.asked, refuse = append(f.asked, "up "+u.Profile), f.refuse })
	return ipc.State{}, refuse
}

func (f *fake) Down(context.Context) (ipc.State, error) {
	f.do(func() { f.asked = append(f.asked, "down") })
	return ipc.State{}, nil
}

func (f *fake) do(g func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	g()
}

// drawn counts the menus.
func (f *fake) drawn() (n int) {
	f.do(func() { n = f.menus })
	return n
}

// press clicks the row that begins so.
func (f *fake) press(t *testing.T, label string) {
	t.Helper()
	f.mu.Lock()
	items, click := f.items, f.click
	f.mu.Unlock()
	for _, i := range items {
		if strings.HasPrefix(i.Label, label) {
			click(i)
			synctest.Wait()
			return
		}
	}
	t.Errorf("no row %q in %+v", label, items)
}

// running runs a tray in virtual time.
func running(t *testing.T, f *fake, quiet []view.Kind, day func(tell func(link.News))) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		news := make(chan link.News)
		tr := &Tray{Words: words.For("en", nil), Panel: f, Service: f, Open: f.open, Quiet: quiet, Now: time.Now}
		done := make(chan struct{})
		go func() { defer close(done); tr.Run(ctx, news) }()
		synctest.Wait()
		day(func(n link.News) {
			select {
			case news <- n:
			case <-done:
			}
			synctest.Wait()
		})
		cancel()
		<-done
	})
}

func up(profile, peer string) *status.Snapshot {
	return &status.Snapshot{State: status.Active, Profile: profile, Since: time.Now(), Peers: []status.Peer{{Name: peer, Health: "active"}},
		Network: &status.Network{Address: netip.MustParseAddr("10.99.1.2")}}
}

var profiles = []ipc.ProfileInfo{{Name: "home"}, {Name: "office"}}

// TestClicks: each row does what it says, and a refusal is said.
func TestClicks(t *testing.T) {
	f := &fake{}
	running(t, f, nil, func(tell func(link.News)) {
		tell(link.News{Snapshot: &status.Snapshot{State: status.ConnectRequired}, Profiles: profiles})
		f.press(t, "Connect office")
		tell(link.News{Snapshot: up("office", "a"), Profiles: profiles})
		f.press(t, "Connect home") // another one is up: it is ended first
		f.press(t, "Disconnect")
		f.press(t, "Address")
		f.press(t, "Diagnose")
		f.press(t, "Import")
		f.do(func() { f.refuse = &ipc.Error{Code: ipc.NotAllowed, Sentence: "you may not", Next: "ask"} })
		tell(link.News{Snapshot: &status.Snapshot{State: status.ConnectRequired}, Profiles: profiles})
		f.press(t, "Connect home")
		f.do(func() { f.refuse = errors.New("broken") })
		f.press(t, "Connect home")
		f.press(t, "Quit")
	})
	if want := []string{"up office", "down", "up home", "down", "up home", "up home"}; !slices.Equal(f.asked, want) {
		t.Errorf("asked %q, want %q", f.asked, want)
	}
	if !slices.Equal(f.copied, []string{"10.99.1.2"}) || !slices.Equal(f.opened, []string{"diagnose", "import"}) || !f.quit {
		t.Errorf("%q %q %v", f.copied, f.opened, f.quit)
	}
	if n := len(f.said); n != 3 || f.said[1].Body != "you may not\nask" || f.said[2].Title != "It was refused" {
		t.Errorf("%+v", f.said)
	}
}

// TestDrawsWhatChanged: the same news draws nothing, a minute draws its time, and what the user does not want is not said.
func TestDrawsWhatChanged(t *testing.T) {
	f := &fake{}
	running(t, f, []view.Kind{view.NoticeUp}, func(tell func(link.News)) {
		s := up("office", "a")
		tell(link.News{Snapshot: &status.Snapshot{State: status.ConnectRequired}, Profiles: profiles})
		tell(link.News{Snapshot: s, Profiles: profiles})
		menus := f.drawn()
		for range 100 {
			tell(link.News{Snapshot: s, Profiles: profiles})
		}
		if n := f.drawn() - menus; n != 0 {
			t.Errorf("%d menus for the same news", n)
		}
		time.Sleep(10 * time.Minute)
		synctest.Wait()
		if n := f.drawn() - menus; n != 10 {
			t.Errorf("%d menus in ten minutes", n)
		}
	})
	if !slices.Equal(f.icons, []assets.State{assets.Blocked, assets.Off, assets.On}) || len(f.said) > 0 {
		t.Errorf("%v %v", f.icons, f.said)
	}
}

// TestHostileNews: ten thousand snapshots of everything at random, with texts that want to break out: no panic, and the
// menu stays small and plain.
func TestHostileNews(t *testing.T) {
	f := &fake{}
	r := rand.New(rand.NewPCG(1, 2))
	states := []status.State{status.ConnectRequired, status.Resolving, status.Securing, status.XAuthRequired, status.Configuring, status.Active, status.FailingOver,
		status.Waiting, status.Standby, status.Disconnecting, status.Blocked, "NEW"}
	long := strings.Repeat("x", 100<<10)
	text := func() string {
		return []string{"", "a", "\x1b[2J\n\u202e", long, "peer.example.com", "&<b>%s{{.Peer}}"}[r.IntN(6)]
	}
	running(t, f, nil, func(tell func(link.News)) {
		for range 10_000 {
			s := &status.Snapshot{State: states[r.IntN(len(states))], Profile: text(), Banner: text(), Since: time.Unix(r.Int64N(1<<33), 0)}
			for range r.IntN(50) {
				s.Peers = append(s.Peers, status.Peer{Name: text(), Health: []string{"active", "down", "trying", text()}[r.IntN(4)], Reason: text()})
			}
			if r.IntN(3) == 0 {
				s.Diagnosis = &status.Diagnosis{Cause: text(), Sentence: text(), Next: text(), Peer: text()}
			}
			if r.IntN(3) == 0 {
				s.Prompt = &status.Prompt{ID: fmt.Sprint(r.IntN(3)), Peer: text(), Message: text()}
			}
			n := link.News{Snapshot: s}
			if r.IntN(20) == 0 {
				n = link.News{Trouble: &ipc.Error{Code: text(), Sentence: text()}}
			}
			for range r.IntN(30) {
				n.Profiles = append(n.Profiles, ipc.ProfileInfo{Name: text()})
			}
			tell(n)
			var items []view.Item
			f.do(func() { items = f.items })
			if len(items) > 45 {
				t.Fatalf("%d rows", len(items))
			}
			for _, i := range items {
				if len(i.Label) > 400 || strings.ContainsAny(i.Label, "\n\x1b\u202e") {
					t.Fatalf("%.200q", i.Label)
				}
			}
		}
	})
}
