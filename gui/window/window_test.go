package window

import (
	"image/color"
	"math/rand/v2"
	"net/netip"
	"runtime"
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"ezvpn/client/doctor"
	"ezvpn/client/status"
	"ezvpn/gui/link"
	"ezvpn/gui/view"
	"ezvpn/gui/words"
	"ezvpn/service/ipc"
)

// doing keeps what a window asked for.
type doing struct{ asked []string }

func (d *doing) Do(a view.Action, arg string) { d.asked = append(d.asked, string(a)+" "+arg) }
func (d *doing) Examine(done func([]doctor.Finding)) {
	d.asked = append(d.asked, "examine")
	done([]doctor.Finding{{ID: "reach", Level: doctor.Fault, Sentence: "nobody answers", Evidence: []string{"two datagrams"}, Next: "try another network"},
		{ID: "clock", Level: doctor.OK, Sentence: "the clock is right"}})
}
func (d *doing) Create(name, text string)  { d.asked = append(d.asked, "create "+name+": "+text) }
func (d *doing) Import(fyne.URIReadCloser) { d.asked = append(d.asked, "import") }

var at = time.Date(2026, 11, 2, 12, 0, 0, 0, time.UTC)

func up() *status.Snapshot {
	return &status.Snapshot{State: status.Active, Since: at.Add(-75 * time.Minute), Profile: "office",
		Peers:   []status.Peer{{Name: "vpn.example.com", Address: "198.51.100.1:4500", Health: "active", LastHeard: at}, {Name: "old.example.com", Health: "down", Reason: "it did not answer"}},
		Network: &status.Network{Address: netip.MustParseAddr("10.99.1.2"), Include: []netip.Prefix{netip.MustParsePrefix("10.20.0.0/16")}},
		Events:  []status.Event{{Time: at, Kind: "state", Text: "up through vpn.example.com"}}, Security: &status.Rating{Grade: "weak", Reasons: []string{"MD5"}}}
}

// texts are all that a window shows.
func texts(o fyne.CanvasObject) string {
	var b strings.Builder
	for _, x := range test.LaidOutObjects(o) {
		switch x := x.(type) {
		case *widget.Label:
			b.WriteString(x.Text + "\n")
		case *widget.Button:
			b.WriteString(x.Text + "\n")
		}
	}
	return b.String()
}

func window(t *testing.T, language, page string) (*Main, *doing, fyne.Window) {
	t.Helper()
	test.NewTempApp(t).Settings().SetTheme(Theme{})
	d := &doing{}
	m := NewMain(words.For(language, nil), d, func() time.Time { return at }, page)
	w := test.NewTempWindow(t, m.Object)
	w.Resize(fyne.NewSize(680, 560))
	return m, d, w
}

// TestPages: each page shows what it is about, in both languages.
func TestPages(t *testing.T) {
	for _, c := range []struct{ language, page, want string }{
		{"en", "status", "The tunnel to vpn.example.com is up: 1 h 15 min."}, {"en", "status", "10.20.0.0/16"}, {"en", "status", "MD5"}, {"en", "status", "Disconnect office"},
		{"en", "peers", "●  vpn.example.com"}, {"en", "peers", "it did not answer"}, {"en", "timeline", "up through vpn.example.com"},
		{"en", "profiles", "10.0.0.1, client mode · managed"}, {"en", "import", "Import a file…"}, {"en", "diagnose", "nobody else is asked"},
		{"de", "status", "Der Tunnel zu vpn.example.com steht: 1 h 15 min."}, {"de", "peers", "ausgefallen"},
	} {
		m, _, _ := window(t, c.language, c.page)
		m.Hear(link.News{Snapshot: up(), Profiles: []ipc.ProfileInfo{{Name: "office", Summary: "10.0.0.1, client mode", Layers: []string{"machine", "managed"}}}})
		if got := texts(m.Object); !strings.Contains(got, c.want) {
			t.Errorf("%s, %s: no %q in\n%s", c.language, c.page, c.want, got)
		}
	}
}

func tap(t *testing.T, o fyne.CanvasObject, label string) {
	t.Helper()
	for _, x := range test.LaidOutObjects(o) {
		if b, ok := x.(*widget.Button); ok && b.Text == label {
			test.Tap(b)
			return
		}
	}
	t.Errorf("no button %q in\n%s", label, texts(o))
}

func TestButtons(t *testing.T) {
	m, d, _ := window(t, "en", "status")
	m.Hear(link.News{Snapshot: &status.Snapshot{State: status.ConnectRequired}, Profiles: []ipc.ProfileInfo{{Name: "office"}}})
	tap(t, m.Object, "Connect")
	m.Hear(link.News{Snapshot: up(), Profiles: []ipc.ProfileInfo{{Name: "office"}}})
	tap(t, m.Object, "Disconnect office")
	m.Show("diagnose")
	tap(t, m.Object, "Diagnose…")
	if got := texts(m.Object); !strings.Contains(got, "nobody answers\ntwo datagrams\ntry another network\nthe clock is right") {
		t.Error(got)
	}
	m.Show("profiles")
	tap(t, m.Object, "Import a file…")
	if got := strings.Join(d.asked, ","); got != "connect office,disconnect office,examine,import" {
		t.Error(got)
	}
	m.Hear(link.News{})
	m.Show("status")
	if got := texts(m.Object); !strings.Contains(got, "The ezvpn service does not answer.") {
		t.Error(got)
	}
}

// TestNewProfile: the form makes a profile of its fields, says what is wrong with them, and forgets the key.
func TestNewProfile(t *testing.T) {
	m, d, _ := window(t, "en", "profiles")
	tap(t, m.Object, "New profile…")
	tap(t, m.Object, "Save")
	if !strings.Contains(m.said.Text, "group.key") || len(d.asked) > 0 {
		t.Errorf("%q %q", m.said.Text, d.asked)
	}
	var entries []*widget.Entry
	for _, x := range test.LaidOutObjects(m.Object) {
		switch x := x.(type) {
		case *widget.Entry:
			entries = append(entries, x)
		case *widget.Select:
			x.SetSelected("FRITZ!Box")
		}
	}
	if len(entries) != 5 {
		t.Fatalf("%d entries", len(entries))
	}
	for i, text := range []string{"home", "vpn.example.com", "staff", "s3cret", "alice"} {
		entries[i].SetText(text)
	}
	tap(t, m.Object, "Save")
	want := "create home: name = \"home\"\npeers = [\"vpn.example.com\"]\npreset = \"fritzbox\"\n\n[group]\nname = \"staff\"\nkey = \"s3cret\"\n\n[xauth]\nusername = \"alice\"\n"
	if len(d.asked) != 1 || d.asked[0] != want || entries[3].Text != "" || m.said.Text != "" {
		t.Errorf("%q, said %q", d.asked, m.said.Text)
	}
	if got := texts(m.Object); !strings.Contains(got, "Import a file…") {
		t.Errorf("the list is not back:\n%s", got)
	}
}

// TestPrompt: what is typed goes out once, with Enter too, and is nowhere afterwards; a question that is over closes.
func TestPrompt(t *testing.T) {
	test.NewTempApp(t)
	var sent []ipc.Answer
	over := 0
	p := NewPrompt(words.For("en", nil), func(a ipc.Answer) { sent = append(sent, a) }, func() { over++ })
	w := test.NewTempWindow(t, p.Object)
	ask := func(id string) link.News {
		return link.News{Snapshot: &status.Snapshot{Prompt: &status.Prompt{ID: id, Peer: "vpn.example.com", Message: "Enter your\x1b[2J code",
			Fields: []status.PromptField{{Name: "password", Label: "Password", Hidden: true}, {Name: "passcode", Label: "Code", Text: "challenge 42"}}}}}
	}
	p.Hear(ask("1"))
	if got := texts(p.Object); !strings.Contains(got, "vpn.example.com asks:\nEnter your[2J code") || !strings.Contains(got, "challenge 42") {
		t.Error(got)
	}
	w.Canvas().Focus(p.First())
	test.Type(w.Canvas().Focused(), "s3cret")
	p.Hear(ask("1")) // the same: what is typed stays
	test.Type(p.entries["passcode"], "123456")
	p.entries["passcode"].OnSubmitted("")
	if len(sent) != 1 || sent[0].Fields["password"] != "s3cret" || sent[0].Fields["passcode"] != "123456" || sent[0].Remember {
		t.Errorf("%d answers", len(sent))
	}
	for name, e := range p.entries {
		if e.Text != "" {
			t.Errorf("%s still stands in its field", name)
		}
	}
	p.Hear(ask("2"))
	tap(t, p.Object, "Do not connect")
	if len(sent) != 2 || !sent[1].Cancel || sent[1].ID != "2" {
		t.Errorf("%+v", sent[1:])
	}
	p.Hear(link.News{Snapshot: &status.Snapshot{}})
	p.Hear(link.News{Snapshot: &status.Snapshot{}})
	if over != 1 {
		t.Errorf("over %d times", over)
	}
}

// TestHostile: a thousand snapshots of anything draw without harm, and leave no goroutine behind.
func TestHostile(t *testing.T) {
	m, _, w := window(t, "en", "status")
	r := rand.New(rand.NewPCG(3, 4))
	long := strings.Repeat("lorem ipsum ", 8<<10)
	text := func() string { return []string{"", "a", "\x1b[2J\u202e\n", long, "peer.example.com"}[r.IntN(5)] }
	before := 0
	for i := range 100 {
		s := &status.Snapshot{State: []status.State{status.Active, status.Blocked, "NEW", status.FailingOver}[r.IntN(4)], Banner: long, Profile: text(),
			Diagnosis: &status.Diagnosis{Cause: text(), Sentence: text(), Next: text()}, Warnings: []string{text(), text()}, Security: &status.Rating{Grade: text(), Reasons: []string{text()}}}
		for range r.IntN(50) {
			s.Peers = append(s.Peers, status.Peer{Name: text(), Health: text(), Reason: text(), NextTry: at.Add(time.Hour)})
		}
		n := &status.Network{}
		for k := range 256 {
			n.Include = append(n.Include, netip.PrefixFrom(netip.AddrFrom4([4]byte{10, byte(k), 0, 0}), 16))
		}
		s.Network = n
		m.Hear(link.News{Snapshot: s, Profiles: []ipc.ProfileInfo{{Name: text(), Summary: text(), Errors: []string{text()}}}})
		m.Show([]string{"status", "peers", "timeline", "profiles"}[r.IntN(4)])
		w.Resize(fyne.NewSize(float32(300+r.IntN(900)), float32(200+r.IntN(700))))
		if i == 50 {
			before = runtime.NumGoroutine()
		}
	}
	if got := texts(m.Object); strings.ContainsAny(got, "\x1b\u202e") || len(got) > 64<<10 {
		t.Errorf("%d bytes: %.200q", len(got), got)
	}
	if n := runtime.NumGoroutine(); n > before+5 {
		t.Errorf("%d goroutines, %d before", n, before)
	}
}

// TestReadable: text stands out from its background in both themes, by WCAG's 4.5 to 1.
func TestReadable(t *testing.T) {
	for _, v := range []fyne.ThemeVariant{theme.VariantLight, theme.VariantDark} {
		back := luminance(Theme{}.Color(theme.ColorNameBackground, v))
		for name := range colours {
			l := luminance(Theme{}.Color(name, v))
			if ratio := (max(l, back) + 0.05) / (min(l, back) + 0.05); ratio < 4.5 {
				t.Errorf("%s in variant %d: %.1f to 1", name, v, ratio)
			}
		}
	}
}

func luminance(c color.Color) float64 {
	r, g, b, _ := c.RGBA()
	l := func(v uint32) float64 { x := float64(v) / 0xffff; return x * x * (0.2 + 0.8*x) }
	return 0.2126*l(r) + 0.7152*l(g) + 0.0722*l(b)
}
