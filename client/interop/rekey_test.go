//go:build interop && linux

package interop

import (
	"testing"
	"time"
)

// stormy is a group whose gateway renews SAs all the time: how much of it is a storm, and how long that takes.
type stormy struct {
	name   string // of the case
	remote remote
	group  string
	esp    string // proposal
	long   time.Duration
	phase1 int // renewals at least
	phase2 int
}

func storms() []stormy {
	return []stormy{
		// The ISAKMP SA is renewed every 60 s, by Aggressive Mode from the gateway; the IPsec SA every 25 s.
		{"ezrekey-nonat-gcm", rekeying, "ezrekey", "aes128gcm16", either(150*time.Second, 44*time.Minute),
			either(2, 20), either(5, 100)},
		{"ezrekey-nat-cbc", rekeyingNAT, "ezrekey", "aes128-sha1", either(90*time.Second, 44*time.Minute),
			either(1, 20), either(3, 100)},
		// The gateway ends each ISAKMP SA when it is 60 to 80 s old; XAUTH is due each time.
		{"ezreauth-nonat-gcm", reauthed, "ezreauth", "aes128gcm16", either(150*time.Second, 30*time.Minute),
			either(1, 20), 0},
	}
}

// noStall is the longest pause of a stream while SAs are renewed.
const noStall = 2 * time.Second

// TestRemoteRekey holds a checksummed TCP stream through storms of renewals. The stream has one connection: a tunnel that
// came up again with another address would break it.
func TestRemoteRekey(t *testing.T) {
	t.Parallel()
	for _, s := range storms() {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			s.test(t)
		})
	}
}

func (s stormy) test(t *testing.T) {
	h := s.remote.host
	steadfast.onFailure(t, len(steadfast.log(t)))
	d := s.remote.connect(t, s.remote.profile(s.group, "auto", periodic+"[esp]\nproposals = [\""+s.esp+"\"]\n", steadfast))
	defer d.end(t)
	defer h.tight(t)()
	p := h.ping(t, inside)
	begin := time.Now()
	flow := h.stream(t, "flow", inside, s.long)
	seen := newSAs()
	for end, tick := begin.Add(s.long), time.NewTicker(2*time.Second); time.Now().Before(end) && !t.Failed(); <-tick.C {
		seen.look(t, d)
	}
	r := flow.wait(t, time.Minute)
	if r.longest > noStall {
		t.Errorf("the stream stood still for %v until %s want at most %v", r.longest, r.until, noStall)
	}
	lost := p.lost(t, begin, time.Now().Add(-time.Second))
	if len(seen.isakmp)-1 < s.phase1 || len(seen.ipsec)-1 < s.phase2 {
		t.Errorf("%d renewals of phase 1 and %d of phase 2, want at least %d and %d", len(seen.isakmp)-1, len(seen.ipsec)-1,
			s.phase1, s.phase2)
	}
	measured(t, "rekey storm, "+s.name,
		"%d phase 1, %d phase 2, %d MB right, longest pause %v (of ping %v), pings lost %d", len(seen.isakmp)-1,
		len(seen.ipsec)-1, r.bytes/1e6, r.longest.Round(time.Millisecond), p.silence(t, begin).Round(time.Millisecond), lost)
}

// sas are the associations that a tunnel went through.
type sas struct{ isakmp, ipsec map[string]bool }

func newSAs() sas { return sas{map[string]bool{}, map[string]bool{}} }

// look adds those of this moment.
func (s sas) look(t testing.TB, d *daemon) {
	now := d.snapshot(t)
	if now.ISAKMP != nil {
		s.isakmp[now.ISAKMP.Cookies] = true
	}
	for _, sa := range now.IPsec {
		s.ipsec[sa.InSPI] = true
	}
}
