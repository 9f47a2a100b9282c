package ike

import (
	"slices"
	"testing"
	"time"

	"ezvpn/ike/isakmp"
)

// Adopt in places where it means nothing changes nothing.
func TestAdoptNothing(t *testing.T) {
	a, b := established(t), established(t)
	c, d := a.client, b.client
	for name, f := range map[string]func(){
		"nil": func() { c.Adopt(nil) }, "itself": func() { c.Adopt(c) }, "the other end": func() { c.Adopt(b.server) },
	} {
		if f(); len(c.children) != 1 || c.heir != nil || b.server.heir != nil {
			t.Errorf("%s: %d IPsec SAs", name, len(c.children))
		}
	}
	c.Adopt(d)
	c.Adopt(d) // once more
	d.Adopt(c) // in a ring
	if len(c.children) != 2 || len(d.children) != 0 || d.heir != c || c.heir != nil {
		t.Fatalf("%d and %d IPsec SAs", len(c.children), len(d.children))
	}
	e := established(t).client
	e.end()
	c.Adopt(e)
	e.Adopt(c)
	if len(c.children) != 2 || c.heir != nil {
		t.Error("an association that ended takes part")
	}
}

// An association that handed its IPsec SAs on can be rid of in any order, and what it hears later ends in no panic.
func TestHeirEndsFirst(t *testing.T) {
	r := ringUp(t, nil, nil)
	r.hold, r.gatewayKeeps = true, true
	old := r.client()
	r.again()
	r.drive(2 * time.Second)
	heir := r.client()
	if heir == old {
		t.Fatal("not renewed")
	}
	ev := heir.Close(r.now, "test")
	if n := len(find[SADown](ev)); n != 2 {
		t.Errorf("%d IPsec SAs went", n)
	}
	r.take(0, heir, ev)
	gateway := r.ends[1].conns[0]
	q, err := gateway.Quick(r.now, wholeOfClient)
	if err != nil {
		t.Fatal(err)
	}
	r.take(1, gateway, q)
	r.drive(2 * time.Minute)
	if n := len(old.children); n != 0 || len(sas(r.ends[0].events)) != 0 {
		t.Errorf("%d IPsec SAs in an association that has an heir", n)
	}
}

// Renewals one after the other, each with the old one still there: what is said to the first reaches the last.
func TestChainOfHeirs(t *testing.T) {
	r := ringUp(t, nil, nil)
	r.hold, r.gatewayKeeps, r.always = true, true, true
	first, firstGateway := r.client(), r.gateway()
	for range 3 {
		r.again()
		r.drive(40 * time.Second)
	}
	if len(r.client().children) != 1 || first.keeper() != r.client() {
		t.Fatalf("%d IPsec SAs", len(r.client().children))
	}
	sa := r.client().children[0].sa.In.SPI
	r.take(0, first, first.Rekey(r.now, sa))
	ev, err := firstGateway.Quick(r.now, wholeOfClient)
	if err != nil {
		t.Fatal(err)
	}
	r.take(1, firstGateway, ev)
	r.drive(2 * time.Minute)
	if err := r.holds(1); err != nil || r.client().child(sa) != nil {
		t.Errorf("%v", err)
	}
}

// A rekey that the old association had begun is given up, and done by the heir, at once where nothing of the heir takes
// the place of that SA anyway.
func TestRekeyUnderWay(t *testing.T) {
	for _, covered := range []bool{true, false} {
		r := ringUp(t, nil, nil)
		r.gatewayKeeps, r.hold, r.always = true, true, true
		old := r.client()
		r.renewed = func(r *ring, c *Conn) {
			if !covered {
				for id, x := range c.exchanges {
					if x.quick != nil {
						delete(c.exchanges, id)
					}
				}
			}
			c.Adopt(old)
			r.ends[0].current, r.ends[0].old = c, old
		}
		i, _ := old.Cookies()
		r.fault = func(_ int, f flight) []flight { // of the Quick Mode of the old one no answer comes, but late
			if !f.toServer && string(f.d.Data[:8]) == string(i[:]) && f.d.Data[18] == byte(isakmp.QuickMode) {
				f.at = f.at.Add(5 * time.Second)
			}
			return []flight{f}
		}
		in := old.children[0].sa.In.SPI
		r.clientRekeys()
		r.again()
		r.drive(20 * time.Second)
		up := slices.DeleteFunc(find[SAUp](r.ends[0].events), func(u SAUp) bool { return u.SA.Replaces != in || !u.SA.Ready })
		if len(up) != 1 {
			t.Errorf("covered %v: replaced %d times", covered, len(up))
		}
		r.drive(2 * time.Minute)
		if err := r.holds(1); err != nil {
			t.Errorf("covered %v: %v", covered, err)
		}
	}
}
