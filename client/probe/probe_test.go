package probe

import (
	"crypto/rand"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"ezvpn/client/profile"
	"ezvpn/ike/isakmp"
)

// gateway answers as its policy says: the first transform of the offer that it takes (RFC 2409 section 5: one of the
// offered, unchanged), or a notify, or nothing.
type gateway struct {
	takes  []string
	method uint16
	quiet  bool // no notify
	port   uint16
	dead   bool
}

func (g gateway) answer(t *testing.T, datagram []byte, port uint16) []byte {
	t.Helper()
	h, err := isakmp.ParseHeader(datagram)
	if err != nil {
		t.Fatal(err)
	}
	payloads, _, err := isakmp.ParsePayloads(h.Next, datagram[isakmp.HeaderLen:])
	if err != nil {
		t.Fatal(err)
	}
	if len(datagram) > 1400 {
		t.Errorf("a question of %d bytes is cut in pieces on the way", len(datagram))
	}
	if g.dead || g.port != 0 && g.port != port {
		return nil
	}
	h.Responder = isakmp.Cookie{1}
	sa := payloads[0].Payload.(isakmp.SA)
	for _, tr := range sa.Proposals[0].Transforms {
		v := map[uint16]uint64{}
		for _, a := range tr.Attributes {
			v[a.Type], _ = a.Uint()
		}
		p := profile.Phase1{Cipher: uint16(v[isakmp.Phase1Encryption]), KeyBits: int(v[isakmp.Phase1KeyLength]), Hash: uint16(v[isakmp.Phase1Hash]), Group: uint16(v[isakmp.Phase1Group])}
		if slices.Contains(g.takes, p.String()) && v[isakmp.Phase1Auth] == uint64(g.method) {
			sa.Proposals[0].Transforms = []isakmp.Transform{tr}
			return isakmp.AppendMessage(nil, h, sa, isakmp.Vendor{Data: isakmp.VendorUnity}, isakmp.Hash{Data: []byte("HASH_R, which nobody keeps")})
		}
	}
	if g.quiet {
		return nil
	}
	h.Exchange = isakmp.Informational
	return isakmp.AppendMessage(nil, h, isakmp.Notify{DOI: 1, Protocol: 1, Kind: 14}) // NO-PROPOSAL-CHOSEN
}

// run probes in virtual time and holds the manners.
func run(t *testing.T, cfg Config, g gateway) (Report, time.Duration) {
	t.Helper()
	cfg.Rand = rand.Reader
	m := New(cfg)
	begin := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	now, last, half := begin, begin.Add(-time.Hour), time.Time{}
	for !m.Done() {
		now = slices.MaxFunc([]time.Time{now, m.Deadline()}, time.Time.Compare)
		d, marked := m.Advance(now)
		if d == nil {
			continue
		}
		if now.Sub(last) < Pause || now.Sub(half) < Rest {
			t.Fatalf("%s after the last datagram, %s after the last half-open SA", now.Sub(last), now.Sub(half))
		}
		last = now
		port := cfg.Port
		if marked && port == 500 {
			port = 4500
		}
		before := len(m.Report().Accepted)
		if a := g.answer(t, d, port); a != nil {
			now = now.Add(20 * time.Millisecond)
			m.Receive(now, []byte("noise"))
			m.Receive(now, a)
			m.Receive(now, a) // twice: the second answers nothing
		}
		if len(m.Report().Accepted) > before {
			half = now
		}
	}
	r := m.Report()
	if r.Asked > MaxAsked || r.Sent > MaxSent || r.Sent < r.Asked {
		t.Errorf("%d questions in %d datagrams", r.Asked, r.Sent)
	}
	return r, now.Sub(begin)
}

func accepted(r Report) (out []string) {
	for _, a := range r.Accepted {
		out = append(out, a.Proposal)
	}
	slices.Sort(out)
	return out
}

// TestFinds: what a gateway takes is found, all of it and nothing else, whatever it says to the rest.
func TestFinds(t *testing.T) {
	mixed := []string{"3des-md5-modp1024", "aes128-sha1-modp1024", "aes256-sha1-modp1536", "aes256-sha256-modp2048", "aes256-sha384-ecp384"}
	for name, g := range map[string]gateway{
		"with XAUTH":            {takes: mixed, method: isakmp.AuthXAUTHInitPreShared},
		"without":               {takes: mixed, method: isakmp.AuthPreShared},
		"silent to the rest":    {takes: mixed, method: isakmp.AuthXAUTHInitPreShared, quiet: true},
		"one":                   {takes: mixed[:1], method: isakmp.AuthXAUTHInitPreShared, quiet: true},
		"on port 4500 alone":    {takes: mixed, method: isakmp.AuthXAUTHInitPreShared, port: 4500},
		"all of the old groups": {takes: all("modp1024"), method: isakmp.AuthXAUTHInitPreShared},
	} {
		for _, group := range []string{"", "staff"} {
			t.Run(fmt.Sprintf("%s, group %q", name, group), func(t *testing.T) {
				r, took := run(t, Config{Group: group, Port: 500}, g)
				want := slices.Sorted(slices.Values(g.takes))
				if got := accepted(r); !slices.Equal(got, want) || !r.Complete || !r.Answered {
					t.Errorf("%v, want %v: %+v", got, want, r)
				}
				if r.XAUTH != (g.method == isakmp.AuthXAUTHInitPreShared) || (r.Port == 4500) != (g.port == 4500) || !slices.Contains(r.Vendors, isakmp.NameUnity) {
					t.Errorf("%+v", r)
				}
				if _, err := profile.Parse("probed", []byte(r.Profile("vpn.example.com", group))); err != nil {
					t.Errorf("%v:\n%s", err, r.Profile("vpn.example.com", group))
				}
				if took > 5*time.Minute {
					t.Errorf("it takes %s", took)
				}
			})
		}
	}
}

func all(group string) (out []string) {
	for _, c := range ciphers {
		for _, h := range hashes {
			out = append(out, c+"-"+h+"-"+group)
		}
	}
	return out
}

// TestSilence: nobody there costs few datagrams; a gateway that takes everything is left alone at the bound.
func TestSilence(t *testing.T) {
	r, _ := run(t, Config{Port: 500}, gateway{dead: true})
	if r.Answered || r.Complete || r.Sent != 2*2*firstTried || r.Port != 4500 || len(r.Advice) != 1 {
		t.Errorf("%+v", r)
	}
	r, _ = run(t, Config{Port: 4501}, gateway{dead: true})
	if r.Answered || r.Sent != 2*firstTried || r.Port != 4501 {
		t.Errorf("%+v", r)
	}
	var every []string
	for _, g := range groups {
		every = append(every, all(g)...)
	}
	r, took := run(t, Config{Port: 500}, gateway{takes: every, method: isakmp.AuthXAUTHInitPreShared})
	if r.Complete || len(r.Accepted) != MaxHalf || r.Why == "" || took > 10*time.Minute {
		t.Errorf("%d, %s: %+v", len(r.Accepted), took, r.Why)
	}
	r, _ = run(t, Config{Port: 500}, gateway{})
	if !r.Answered || len(r.Accepted) > 0 || !r.Complete || r.Groups[0].Says != "NO-PROPOSAL-CHOSEN" {
		t.Errorf("%+v", r)
	}
}

// TestLoss: whichever datagram is lost on the way, a gateway that says no is found as it is; one that goes away is never
// called complete, and an echo of our questions is nobody.
func TestLoss(t *testing.T) {
	g := gateway{takes: []string{"aes256-sha256-modp2048", "aes128-sha1-modp2048", "aes256-sha1-modp1536"}, method: isakmp.AuthXAUTHInitPreShared}
	want := slices.Sorted(slices.Values(g.takes))
	drive := func(reach func(n int) bool, answer func(d []byte) []byte) Report {
		m, now := New(Config{Rand: rand.Reader, Port: 500}), time.Unix(0, 0)
		for n := 0; !m.Done(); {
			now = slices.MaxFunc([]time.Time{now, m.Deadline()}, time.Time.Compare)
			if d, _ := m.Advance(now); d != nil {
				if n++; reach(n) {
					m.Receive(now.Add(time.Millisecond), answer(d))
				}
			}
		}
		return m.Report()
	}
	ask := func(d []byte) []byte { return g.answer(t, d, 500) }
	first := drive(func(int) bool { return true }, ask)
	for lost := 1; lost <= first.Sent; lost++ {
		if r := drive(func(n int) bool { return n != lost }, ask); !slices.Equal(accepted(r), want) || !r.Complete || r.Quiet {
			t.Errorf("datagram %d lost: %v, complete %v", lost, accepted(r), r.Complete)
		}
	}
	for last := 4; last < first.Sent; last++ { // by then it has said no once
		if r := drive(func(n int) bool { return n <= last }, ask); r.Complete || r.Why == "" || r.Sent > last+patient*firstTried {
			t.Errorf("gone after %d: complete %v, %q, %d datagrams", last, r.Complete, r.Why, r.Sent)
		}
	}
	if r := drive(func(n int) bool { return n <= 1 }, ask); !r.Quiet || len(r.Advice) == 0 || !strings.Contains(r.Advice[0], "silence") {
		t.Errorf("gone after its first yes: %+v", r)
	}
	if r := drive(func(int) bool { return true }, func(d []byte) []byte { return d }); r.Answered || r.Complete {
		t.Errorf("an echo: %+v", r)
	}
}

// TestBest: weak proposals are in the profile only if there is nothing else, and then they are allowed by name.
func TestBest(t *testing.T) {
	r, _ := run(t, Config{Port: 500}, gateway{takes: []string{"3des-sha1-modp1024", "aes256-sha256-modp2048", "aes128-sha1-modp2048"}, method: isakmp.AuthXAUTHInitPreShared})
	if !slices.Equal(r.Best, []string{"aes256-sha256-modp2048"}) || len(r.Allow) > 0 {
		t.Errorf("%v %v", r.Best, r.Allow)
	}
	r, _ = run(t, Config{Port: 500}, gateway{takes: []string{"3des-md5-modp1024", "aes128-sha1-modp1024"}, method: isakmp.AuthXAUTHInitPreShared})
	if !slices.Equal(r.Best, []string{"aes128-sha1-modp1024", "3des-md5-modp1024"}) || !slices.Equal(r.Allow, []string{"3des", "md5", "modp1024"}) {
		t.Errorf("%v %v", r.Best, r.Allow)
	}
}

// TestNoHash: nothing of the proof of an Aggressive Mode answer is kept.
func TestNoHash(t *testing.T) {
	r, _ := run(t, Config{Port: 500, Group: "staff"}, gateway{takes: all("modp2048")[:2], method: isakmp.AuthXAUTHInitPreShared})
	if s := fmt.Sprintf("%+v", r); strings.Contains(s, "HASH_R") || strings.Contains(s, fmt.Sprintf("%x", "HASH_R")) {
		t.Error(s)
	}
}

// TestDocumented: docs/probe.md says the bounds as they are.
func TestDocumented(t *testing.T) {
	b, err := os.ReadFile("../../docs/probe.md")
	if err != nil {
		t.Fatal(err)
	}
	doc := strings.Join(strings.Fields(string(b)), " ")
	for _, s := range []string{fmt.Sprintf("at most %d questions", MaxAsked), fmt.Sprintf("%d datagrams", MaxSent), fmt.Sprintf("%d proposals", MaxHalf),
		fmt.Sprintf("%d s apart", Pause/time.Second), fmt.Sprintf("%d s after", Rest/time.Second)} {
		if !strings.Contains(doc, s) {
			t.Errorf("docs/probe.md does not say %q", s)
		}
	}
	for _, g := range groups {
		if !strings.Contains(doc, g) {
			t.Errorf("docs/probe.md does not name %s", g)
		}
	}
}

func FuzzReceive(f *testing.F) {
	h := isakmp.Header{Initiator: isakmp.Cookie{}, Responder: isakmp.Cookie{1}, Exchange: isakmp.MainMode}
	f.Add([]byte{}, uint8(0))
	f.Add(isakmp.AppendMessage(nil, h, isakmp.Notify{DOI: 1, Protocol: 1, Kind: 14}), uint8(3))
	f.Add(isakmp.AppendMessage(nil, h, isakmp.SA{DOI: 1, Situation: 1, Proposals: []isakmp.Proposal{{Number: 1, Protocol: 1, Transforms: []isakmp.Transform{{Number: 1, ID: 1,
		Attributes: []isakmp.Attribute{isakmp.TV(1, 7), isakmp.TV(14, 256), isakmp.TV(2, 4), isakmp.TV(4, 14), isakmp.TV(3, 65001)}}}}}}), uint8(9))
	f.Fuzz(func(t *testing.T, answer []byte, at uint8) {
		m := New(Config{Rand: rand.Reader, Port: 500})
		now := time.Unix(0, 0)
		for i := 0; !m.Done(); i++ {
			now = now.Add(10 * time.Second)
			if d, _ := m.Advance(now); d != nil && i >= int(at) {
				a := slices.Clone(answer)
				copy(a, d[:8]) // our cookie
				m.Receive(now, a)
			}
			if i > 1000 {
				t.Fatal("it does not end")
			}
		}
		if r := m.Report(); r.Sent > MaxSent || r.Asked > MaxAsked || len(r.Accepted) > MaxHalf || len(r.Vendors) > maxVendors {
			t.Fatalf("%+v", r)
		}
	})
}
