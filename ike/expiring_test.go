package ike

import (
	"net/netip"
	"testing"
	"time"

	"ezvpn/ike/isakmp"
)

// The owner hears of the end of the ISAKMP SA once, so early that a renewal can be tried and a person asked.
func TestExpiring(t *testing.T) {
	for _, tt := range []struct{ life, least, most time.Duration }{ // before the end
		{5 * time.Minute, time.Minute, 75 * time.Second},
		{20 * time.Minute, 2 * time.Minute, 3 * time.Minute},
		{time.Hour, 5 * time.Minute, 9 * time.Minute},
		{24 * time.Hour, 144 * time.Minute, 216 * time.Minute},
	} {
		r := ringUp(t, func(c *Config, _ *Server) { c.Phase1Life.Time = tt.life }, nil)
		var said []time.Duration
		r.onExpiring = func(r *ring, c *Conn) {
			sa, _ := c.ISAKMPSA()
			said = append(said, sa.Expires.Sub(r.now))
		}
		end, _ := r.client().ISAKMPSA()
		r.drive(tt.life)
		if len(said) != 1 || said[0] < tt.least || said[0] > tt.most {
			t.Fatalf("life %v: said %v before the end", tt.life, said)
		}
		if e := find[Expiring](r.ends[0].events); len(e) != 1 || e[0].At != end.Expires {
			t.Errorf("%v, expires %v", e, end.Expires)
		}
		if f := r.ends[0].failed; len(f) != 1 || f[0].Reason != Expired {
			t.Errorf("nobody renews it, and it ends with %v", f)
		}
		if n := len(find[Expiring](r.ends[1].events)); n != 0 {
			t.Error("the gateway's side says it, too")
		}
	}
}

// Renewed whenever it is said, the tunnel lives through days, with the IPsec SA of each moment handed on.
func TestRenewedForDays(t *testing.T) {
	for _, keeps := range []bool{true, false} {
		r := ringUp(t, func(c *Config, _ *Server) { c.Phase1Life.Time, c.Phase2Life.Time = 3*time.Hour, 50*time.Minute }, nil)
		r.gatewayKeeps, r.always = keeps, true
		r.onExpiring = func(r *ring, c *Conn) {
			if c == r.client() {
				r.again()
			}
		}
		r.drive(72 * time.Hour)
		if len(r.ends[0].failed) != 0 {
			t.Fatal(r.ends[0].failed)
		}
		if n := len(r.ends[0].conns); n < 24 || n > 32 { // 72 hours, three less an eighth each
			t.Errorf("%d associations", n)
		}
		if len(sas(r.ends[0].events)) > 1 {
			r.drive(overlap + time.Minute)
		}
		if err := r.holds(1); err != nil {
			t.Error(err)
		}
	}
}

// A life that the gateway shortens later moves what is said of it.
func TestExpiringMoves(t *testing.T) {
	r := ringUp(t, nil, nil)
	g := r.gateway()
	ev, err := g.Notify(isakmp.Notify{DOI: 1, Protocol: isakmp.ProtocolISAKMP, Kind: isakmp.ResponderLifetime, SPI: g.cookies(),
		Data: isakmp.AppendAttributes(nil, lifeAttributes(isakmp.Phase1LifeType, isakmp.Phase1LifeDuration, Life{Time: time.Hour})...)})
	if err != nil {
		t.Fatal(err)
	}
	r.take(1, g, ev)
	r.drive(50 * time.Minute)
	if len(find[Expiring](r.ends[0].events)) != 0 {
		t.Fatal("too early")
	}
	r.drive(5 * time.Minute)
	if e := find[Expiring](r.ends[0].events); len(e) != 1 || e[0].At.Sub(t0).Round(time.Minute) != time.Hour {
		t.Errorf("%v", e)
	}
}

// While somebody is asked for a password there is nothing to renew; when message IDs run out, there is.
func TestExpiringWhenItMatters(t *testing.T) {
	p := manual(t)
	p.client.renewAt = p.now.Add(time.Second)
	if d := p.client.Deadline(); d == p.client.renewAt || len(find[Expiring](p.client.Advance(p.now.Add(2*time.Second)))) != 0 {
		t.Error("said before Mode Config")
	}
	q := established(t)
	for id := uint32(1); len(q.client.used) < soonUsed; id++ {
		q.client.used[id<<8] = struct{}{}
	}
	ev := q.inject(sealed(q.server, isakmp.Informational, 0xfffffffe, q.server.dpd(isakmp.RUThere, 1)))
	ev = append(ev, q.inject(sealed(q.server, isakmp.Informational, 0xfffffffd, q.server.dpd(isakmp.RUThere, 2)))...)
	if n := len(find[Expiring](ev)); n != 1 {
		t.Errorf("said %d times", n)
	}
}

// A renewal asks for the address that it has, says nothing of a first contact, and uses what it gets.
func TestRenewalAsksForItsAddress(t *testing.T) {
	r := ringUp(t, nil, nil)
	other := netip.MustParseAddr("10.99.1.77")
	var asked []isakmp.Attribute
	r.renewed = func(r *ring, c *Conn) {
		asked = r.gateway().xauth.request.Attributes
		r.ends[0].current, r.ends[0].old = c, r.client()
	}
	old := r.net.Address
	r.again()
	r.net.Address = other
	r.drive(20 * time.Second)
	a, _ := isakmp.Find(asked, isakmp.ConfigIPv4Address)
	if got, err := a.IPv4(); err != nil || got != old {
		t.Errorf("asked for %v, has %v", got, old)
	}
	n := find[Configured](r.ends[0].events)
	up := find[SAUp](r.ends[0].events)
	if n[len(n)-1].Net.Address != other || up[len(up)-1].SA.Selector.Local != netip.PrefixFrom(other, 32) {
		t.Errorf("%v, %v", n[len(n)-1].Net.Address, up[len(up)-1].SA.Selector)
	}
	for _, c := range r.ends[0].conns[1:] {
		if c.remote.Port() != 4500 || !c.marker {
			t.Errorf("%v", c.remote)
		}
	}
}

// Message 3 of a renewal has no INITIAL-CONTACT, even where the configuration has the flag of the first one.
func TestRenewalIsNoFirstContact(t *testing.T) {
	for _, renewal := range []bool{false, true} {
		cfg := testConfig()
		cfg.Renewal = renewal
		found := false
		p := newPairWith(t, cfg, testServer(), nil)
		p.fault = func(_ int, f flight) []flight {
			if h, _ := isakmp.ParseHeader(f.d.Data); f.toServer && h.Exchange == isakmp.Aggressive && h.Flags&isakmp.Encrypted != 0 {
				tr := p.server.one.t
				keys, err := tr.keys()
				if err != nil {
					t.Fatal(err)
				}
				payloads, err := readThird(tr, keys, tr.initialChain(), h, f.d.Data[isakmp.HeaderLen:])
				if err != nil {
					t.Fatal(err)
				}
				n, _, ok := get[isakmp.Notify](payloads)
				found = ok && n.Kind == isakmp.InitialContact
			}
			return []flight{f}
		}
		p.drive(time.Second)
		if found == renewal {
			t.Errorf("renewal %v: INITIAL-CONTACT %v", renewal, found)
		}
	}
}
