package ike

import (
	"fmt"
	"testing"
	"time"
)

// A renewal that fails leaves the tunnel as it is: a password that is wrong now, a gateway that has forgotten the group,
// or that refuses all that we propose.
func TestRenewalThatFails(t *testing.T) {
	for name, spoil := range map[string]func(*ring){
		"password": func(r *ring) { r.password = "old" },
		"group":    func(r *ring) { r.srv.Group = func(Identity) (Secret, bool) { return nil, false } },
		"key":      func(r *ring) { r.srv.Group = func(Identity) (Secret, bool) { return Secret("new"), true } },
		"suite":    func(r *ring) { r.srv.Phase1 = []Phase1{{Cipher: 7, KeyBits: 192, Hash: 2, Group: 19}} },
		"silence":  func(r *ring) { r.fault = func(_ int, f flight) []flight { return nil } },
	} {
		for way, begin := range ways {
			t.Run(name+", "+way, func(t *testing.T) {
				r := ringUp(t, nil, nil)
				r.always = true
				old := r.client()
				spoil(r)
				begin(r)
				r.drive(time.Minute)
				if r.client() != old || old.phase == closed || len(old.children) != 1 {
					t.Fatal("the tunnel is not what it was")
				}
				for _, c := range r.ends[0].conns[1:] {
					if c.phase != closed {
						t.Error("the renewal did not end")
					}
				}
				r.fault = nil
				r.drive(time.Minute)
				if err := r.holds(1); err != nil {
					t.Error(err)
				}
			})
		}
	}
}

// Kinds of phase 1 that a gateway may begin.
func TestReverseKinds(t *testing.T) {
	for name, change := range map[string]func(*Config, *Server){
		"drafts of NAT traversal": func(c *Config, _ *Server) { c.NATT = NATTDrafts },
		"true NAT-D":              func(c *Config, _ *Server) { c.NATT = NATTAuto },
		"fragments":               func(c *Config, s *Server) { c.FragmentSize, s.FragmentSize = 150, 150 },
		"3DES":                    func(c *Config, s *Server) { s.Phase1 = []Phase1{{Cipher: 5, Hash: 1, Group: 2}}; c.Phase1 = s.Phase1 },
		"PFS":                     func(c *Config, s *Server) { c.PFS, s.PFS = 19, 19 },
		"known gateway":           func(c *Config, s *Server) { c.PeerIdentity = &s.Identity },
		"no DPD, no fragments":    func(c *Config, s *Server) { c.NoFragments, s.NoDPD, s.NoFragments = true, true, true },
	} {
		t.Run(name, func(t *testing.T) {
			r := ringUp(t, change, nil)
			r.always = true
			r.reverse()
			r.drive(time.Minute)
			if err := r.settled(1); err != nil {
				t.Fatal(err)
			}
			was, _ := r.ends[0].conns[0].ISAKMPSA()
			if is, _ := r.client().ISAKMPSA(); is.NATLocal != was.NATLocal || is.DPD != was.DPD || is.Suite != was.Suite ||
				r.client().natt != r.ends[0].conns[0].natt {
				t.Errorf("%+v, the first one %+v", is, was)
			}
		})
	}
}

// A gateway that knows the user does not ask again; after a while we ask for the address without that. A question that
// comes late is answered all the same.
func TestRenewalWithoutQuestion(t *testing.T) {
	for way, begin := range ways {
		for _, late := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, late %v", way, late), func(t *testing.T) {
				r := ringUp(t, nil, nil)
				r.trusts, r.always = true, true
				begin(r)
				if late {
					r.drive(renewalWait)
					gateway := r.ends[1].conns[1]
					r.fault = func(_ int, f flight) []flight { // the first request is lost
						if f.toServer {
							return nil
						}
						return []flight{f}
					}
					r.drive(200 * time.Millisecond)
					r.fault = nil
					ev, err := gateway.RequestXAUTH(r.now, 0, []XAUTHField{{Name: "username"}, {Name: "password"}}, "")
					if err != nil {
						t.Fatal(err)
					}
					r.take(1, gateway, ev)
				}
				r.drive(time.Minute)
				if err := r.settled(1); err != nil {
					t.Error(err)
				}
				want := map[bool]int{false: 1, true: 2}[late] // XAUTHDone of the first association, and of the renewal
				if n := len(find[XAUTHDone](r.ends[0].events)); n != want {
					t.Errorf("%d verdicts, want %d", n, want)
				}
			})
		}
	}
}
