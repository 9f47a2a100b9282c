//go:build linux || darwin

package service

import (
	"net/netip"
	"strings"
	"testing"

	"ezvpn/client/status"
	"ezvpn/service/ipc"
)

// TestClear: the patterns reach the session as they were meant, and the answer says what was there.
func TestClear(t *testing.T) {
	s := serve(t)
	cl := s.client(t, alice)
	s.remote = netip.MustParseAddrPort("192.0.2.1:4500")
	s.set(func(n *status.Snapshot) {
		n.State, n.Profile, n.Owner = status.Active, "office", alice.Label()
		n.ISAKMP = &status.ISAKMPSA{Local: "198.51.100.7:40001", Remote: "192.0.2.1:4500"}
	})
	got, err := cl.Clear(t.Context(), ipc.Clear{Remote: "192.0.2.9"})
	if want := (ipc.Cleared{State: status.Active, Profile: "office", Local: "198.51.100.7:40001", Remote: "192.0.2.1:4500"}); err != nil || got != want {
		t.Errorf("another gateway: %+v, %v", got, err)
	}
	got, err = cl.Clear(t.Context(), ipc.Clear{Local: "198.51.100.7", Remote: "192.0.2.1:4500"})
	if want := (ipc.Cleared{Cleared: true, State: status.Resolving, Profile: "office", Local: "198.51.100.7:40001", Remote: "192.0.2.1:4500"}); err != nil || got != want {
		t.Errorf("this gateway: %+v, %v", got, err)
	}
	if want := [2]netip.AddrPort{netip.AddrPortFrom(netip.MustParseAddr("198.51.100.7"), 0), s.remote}; s.cleared != want {
		t.Errorf("the session was asked for %v, want %v", s.cleared, want)
	}
	s.set(func(n *status.Snapshot) { n.Peers = []status.Peer{{Address: "192.0.2.3:500", Health: "trying"}} })
	if got, err = cl.Clear(t.Context(), ipc.Clear{}); err != nil || got.Remote != "192.0.2.3:500" || s.cleared != [2]netip.AddrPort{} {
		t.Errorf("no SA yet: %+v, %v", got, err)
	}
}

// TestClearRefuses: what is no address never reaches the session.
func TestClearRefuses(t *testing.T) {
	s := serve(t)
	for _, body := range []string{``, `[]`, `{"remote":7}`, `{"remote":"vpn.example.com"}`, `{"remote":"192.0.2.1:0"}`,
		`{"remote":"192.0.2.1:65536"}`, `{"remote":"192.0.2"}`, `{"local":"0.0.0.0"}`, `{"local":"fe80::1%eth0"}`, `{"local":"224.0.0.1"}`,
		`{"local":"192.0.2.1/32"}`, `{"local":" 192.0.2.1"}`, `{"peer":"192.0.2.1"}`, `{}{}`,
		`{"remote":"` + strings.Repeat("1", 4096) + `"}`} {
		if got := s.raw(t, root, "POST", ipc.PathClear, body); got != ipc.BadRequest {
			t.Errorf("%.60s: %q", body, got)
		}
	}
	if calls := s.done(); len(calls) != 0 {
		t.Errorf("the session was called: %v", calls)
	}
	if got := s.raw(t, root, "GET", ipc.PathClear, ""); got != ipc.UnknownVerb {
		t.Errorf("GET: %q", got)
	}
}
