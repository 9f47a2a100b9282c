package client

import (
	"errors"
	"math/rand/v2"
	"net/netip"
	"testing"
	"time"

	"ezvpn/client/profile"
	"ezvpn/client/status"
	"ezvpn/ike"
)

// news is one event that may come at any time, in any order: a machine has to take it.
func news(r *rand.Rand, m machine) event {
	reasons := []ike.Reason{ike.NoAnswer, ike.ProposalRefused, ike.GroupKeyWrong, ike.XAUTHRefused, ike.PeerDeleted, ike.Expired, ike.NoAddress,
		ike.ConfigTimeout, ike.SATimeout, ike.SARefused, ike.Internal, ike.XAUTHTooMany}
	saRenewed := evIKE{ike.SAUp{SA: ike.IPsecSA{Ready: true, In: ike.SPIKeys{SPI: r.Uint32N(4)}, Out: ike.SPIKeys{SPI: 1}}}}
	id := ""
	if m.prompt != nil {
		id = m.prompt.ID
	}
	all := []event{evDisconnect{}, secured, asks, accepted, configured, saUp, saRenewed, evPeerDead{misses: 5}, evTick{}, evTornDown{},
		evTornDown{err: errors.New("busy")}, evHostReady{seq: m.seq}, evHostReady{seq: m.seq - 1}, evHostFailed{errors.New("busy")},
		evDeviceFailed{errors.New("none")}, evOutsideLost{}, evDialFailed{errors.New("no route")},
		evResolved{err: errors.New("no such host")}, evResolved{addrs: []netip.Addr{netip.MustParseAddr(gw1), netip.MustParseAddr(gw2)}},
		evAnswer{id: id, fields: map[string]profile.Secret{"password": "pw"}}, evAnswer{id: id, cancel: true}, evAnswer{id: "q0"},
		evIKE{ike.XAUTHDone{}}, evIKE{ike.SADown{In: r.Uint32N(4)}}, evIKE{ike.SADown{In: 0x1001}},
		evIKE{ike.Redirected{To: netip.MustParseAddr(gw2)}}, evIKE{ike.Redirected{}}, failed(reasons[r.IntN(len(reasons))]),
		evIKE{ike.Expiring{}}, evChanged{reapply: true}, evChanged{moved: true}, evChanged{woke: true}, evProved{}, evWanted{}, evIdle{}, evClear{}, evAmended{stored("auto", gw2, gw1)}, evAmended{stored("traffic", gw1)},
		evResolved{addrs: []netip.Addr{netip.MustParseAddr(gw1)}, back: true}, evResolved{back: true},
		evOtherFailed{assoc: m.assocs, err: errors.New("no route")}}
	for range 3 { // of another association, most often the candidate's
		if x, ok := all[r.IntN(len(all))].(evIKE); ok {
			assoc := -r.IntN(3)
			if m.beside != nil && r.IntN(4) > 0 {
				assoc = m.beside.assoc
			}
			all = append(all, evOther{assoc, x.event}, evOther{assoc, x.event})
		}
	}
	return all[r.IntN(len(all))]
}

// Whatever comes in whatever order: no panic, one release for each end, nothing left over when it is idle, no wait and
// no prompt without an end.
func TestAnythingInAnyOrder(t *testing.T) {
	for seed := range uint64(2000) {
		r := rand.New(rand.NewPCG(seed, 1))
		m, now := newMachine(t0), t0
		releases := 0
		for range 60 {
			now = now.Add(time.Duration(r.IntN(90)) * time.Second)
			ev := news(r, m)
			if m.idle() && r.IntN(3) > 0 {
				connect := []string{"auto", "manual", "traffic"}[r.IntN(3)]
				c := connectTo(connect, []string{gw1, "vpn.example.com", gw2}[:1+r.IntN(3)]...)
				c.profile.Primary.Return, c.profile.Primary.Hold = r.IntN(2) == 0, time.Minute
				ev = c
			}
			before := m
			var acts []action
			m, acts = m.step(now, ev)
			snapshotOf(now, m, counters{}) // whatever it is, it can be shown
			for _, a := range acts {
				if _, ok := a.(actRelease); ok {
					releases++
				}
			}
			ended := before.state == status.Disconnecting && m.state != status.Disconnecting
			began := before.state != status.Disconnecting && m.state == status.Disconnecting
			if began {
				if releases != 1 {
					t.Fatalf("seed %d: %d releases at the end of %s by %v", seed, releases, before.state, ev)
				}
			}
			if ended {
				releases = 0
			}
			if m.idle() && (m.host != nil || m.net != nil || m.isakmp != nil || len(m.sas) != 0 || m.prompt != nil || !m.deadline.IsZero() || m.up || m.ready || m.beside != nil || m.leaving != nil || !m.wakeAt().IsZero()) {
				t.Fatalf("seed %d: left over after %v: %+v", seed, ev, snapshotOf(now, m, counters{}))
			}
			if m.prompt != nil && m.deadline.IsZero() {
				t.Fatalf("seed %d: a prompt without an end after %v", seed, ev)
			}
			if m.beside != nil && m.state != status.Active {
				t.Fatalf("seed %d: a candidate beside nothing after %v in %s", seed, ev, before.state)
			}
			if m.state == status.Standby && (m.host == nil || m.dialed || len(m.sas) != 0) {
				t.Fatalf("seed %d: standby with %+v after %v", seed, m, ev)
			}
			if m.state == status.Waiting && m.deadline.IsZero() {
				t.Fatalf("seed %d: it waits for ever after %v", seed, ev)
			}
			if m.state == status.Active && (m.net == nil || m.host == nil) {
				t.Fatalf("seed %d: active without a configuration after %v", seed, ev)
			}
		}
	}
}
