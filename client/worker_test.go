package client

import (
	"context"
	"errors"
	"net/netip"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"ezvpn/client/profile"
	"ezvpn/client/status"
	"ezvpn/ike"
	"ezvpn/tunnel"
	"ezvpn/tunnel/host"
)

// noted is a machine that says what it could not do.
type noted struct{ host.Fake }

func (*noted) Notes() []string { return []string{"left out\x1b[2J"} }

func wish(addr string) actConfigure {
	return actConfigure{seq: 1, mtu: 1400, host: host.Config{Addresses: prefixes(addr), Routes: prefixes("10.20.0.0/16"),
		Gateways: []netip.Addr{netip.MustParseAddr(gw1)}}}
}

// A stack that cannot change its address is replaced; the old one is closed in every case, also when the machine
// refuses what comes after it.
func TestReplacedDevices(t *testing.T) {
	for _, fails := range []bool{false, true} {
		var opened []*pipe
		fake := &host.Fake{}
		w := &worker{platform: Platform{Host: fake, ReopenInside: true, OpenInside: func(c InsideConfig) (tunnel.Inside, error) {
			opened = append(opened, newPipe(c.Name, c.MTU))
			return opened[len(opened)-1], nil
		}}}
		for _, a := range []string{"10.99.1.2/32", "10.99.1.2/32"} {
			if ev, ok := w.configure(wish(a)).(evHostReady); !ok || ev.inside != opened[0] || len(opened) != 1 {
				t.Fatalf("%+v, %d devices", ev, len(opened))
			}
		}
		if fails {
			fake.Fail(errors.New("busy"))
		}
		ev := w.configure(wish("10.99.1.3/32"))
		if _, failed := ev.(evHostFailed); failed != fails || len(opened) != 2 || opened[0].closed() {
			t.Errorf("%T, %d devices, the first closed: %v", ev, len(opened), opened[0].closed())
		}
		fake.Fail(nil)
		if !fails {
			if err := w.closeOld(); err != nil || !opened[0].closed() || opened[1].closed() {
				t.Errorf("after the change: %v", err)
			}
		}
		if done := w.release(nil).(evTornDown); done.err != nil || !opened[0].closed() || !opened[1].closed() {
			t.Errorf("after the end: %v", done.err)
		}
	}
}

// What the machine could not do as asked is in the status, in letters that are safe to show.
func TestNotesAreWarnings(t *testing.T) {
	w := &worker{platform: Platform{Host: &noted{}, OpenInside: func(c InsideConfig) (tunnel.Inside, error) { return newPipe(c.Name, c.MTU), nil }}}
	ready, ok := w.configure(wish("10.99.1.2/32")).(evHostReady)
	if !ok {
		t.Fatal("not ready")
	}
	m, _ := play(t, newMachine(t0), up(connectTo("manual", gw1))[:7]...)
	ready.seq = m.seq
	m, _ = m.step(t0, ready)
	if got := snapshotOf(t0, m, counters{}).Warnings; !slices.Equal(got, []string{"left out[2J"}) {
		t.Errorf("%q", got)
	}
	m, _ = play(t, m, evDisconnect{}, evTornDown{})
	if got := snapshotOf(t0, m, counters{}).Warnings; len(got) != 0 {
		t.Errorf("after the end: %q", got)
	}
}

// Only IPv4 addresses count, those in IPv6 clothes included.
func TestResolvedAddresses(t *testing.T) {
	w := &worker{platform: Platform{Resolve: func(context.Context, string) ([]netip.Addr, error) {
		return []netip.Addr{netip.MustParseAddr("2001:db8::1"), netip.MustParseAddr("::ffff:198.51.100.1"), netip.MustParseAddr("198.51.100.2")}, nil
	}}}
	ev := w.resolve(t.Context(), actResolve{name: "vpn.example.com"}).(evResolved)
	if len(ev.addrs) != 2 || ev.addrs[0].String() != "198.51.100.1" || ev.addrs[1].String() != "198.51.100.2" {
		t.Errorf("%v", ev.addrs)
	}
}

// A name server that does not answer holds nobody up: Disconnect ends the look-up.
func TestDisconnectWhileResolving(t *testing.T) {
	inLab(t, func(l *lab) {
		l.hang = true
		l.connect(stored("manual", "vpn.example.com"))
		l.state(time.Second, status.Resolving)
		began := time.Now()
		if err := l.c.Disconnect(context.Background()); err != nil || time.Since(began) != 0 {
			t.Errorf("%v after %v", err, time.Since(began))
		}
		l.hang = false
		l.serve(gw1, nil)
		l.up(stored("manual", "vpn.example.com"))
	})
}

// A silent name server is given up after its time, with its own diagnosis.
func TestNameServerIsSilent(t *testing.T) {
	inLab(t, func(l *lab) {
		l.hang = true
		l.connect(stored("manual", "vpn.example.com"))
		s := l.until(time.Minute, "given up", func(s status.Snapshot) bool { return s.State == status.ConnectRequired && s.Diagnosis != nil })
		if s.Diagnosis.Cause != "name-unknown" || s.Time.Sub(s.Events[0].Time) != resolveTime {
			t.Errorf("%+v after %v", s.Diagnosis, s.Time.Sub(s.Events[0].Time))
		}
	})
}

// News that comes after Disconnect is no news, and Close waits for what the worker still does.
func TestDisconnectWhileConfiguring(t *testing.T) {
	inLab(t, func(l *lab) {
		gate := make(chan struct{})
		open := l.c.s.platform.OpenInside
		l.c.Close()
		l.c = New(Platform{OpenOutside: l.openOutside, Resolve: l.resolve, Host: l.host, OpenInside: func(c InsideConfig) (tunnel.Inside, error) {
			<-gate
			return open(c)
		}}, l.c.s.log)
		l.serve(gw1, nil)
		l.connect(stored("manual", gw1))
		synctest.Wait()
		done := make(chan error, 1)
		go func() { done <- l.c.Disconnect(context.Background()) }()
		synctest.Wait()
		if s := l.c.Snapshot(); s.State != status.Disconnecting {
			t.Errorf("state %s while the device opens", s.State)
		}
		close(gate)
		if err := <-done; err != nil {
			t.Error(err)
		}
		if s := l.c.Snapshot(); s.State != status.ConnectRequired || !l.inside().closed() {
			t.Errorf("state %s", s.State)
		}
	})
}

// Events of an association that the machine has left do not count, but what it still has to send is sent.
func TestOldAssociation(t *testing.T) {
	inLab(t, func(l *lab) {
		l.serve(gw1, nil)
		l.serve(gw2, nil)
		l.up(stored("auto", gw1, gw2))
		s := l.c.s
		if !s.do(func(now time.Time) {
			s.feed(now, s.main(), []ike.Event{ike.Redirected{To: netip.MustParseAddr("198.51.100.200")}, ike.ProbeAcked{}, ike.Failed{Failure: &ike.Failure{Reason: ike.PeerDeleted}},
				ike.SAUp{SA: ike.IPsecSA{In: ike.SPIKeys{SPI: 77}}}})
			if len(s.m.sas) != 0 || s.m.diagnosis != nil || s.m.isakmp != nil {
				t.Errorf("SAs %v, diagnosis %+v", s.m.sas, s.m.diagnosis)
			}
		}) {
			t.Fatal("the loop has ended")
		}
	})
}

// A profile that holds nothing to connect to is refused, not crashed on; and a caller may change its copy.
func TestConnectChecksItsProfile(t *testing.T) {
	inLab(t, func(l *lab) {
		for _, p := range []*profile.Profile{nil, {}, {Peers: []profile.Peer{{Host: gw1, Port: 500}}}} {
			if err := l.c.Connect(p, ConnectOptions{}); err == nil || errors.Is(err, ErrBusy) {
				t.Errorf("%v", err)
			}
		}
		l.serve(gw1, nil)
		p := stored("manual", gw1)
		l.connect(p)
		p.Peers[0].Host, p.XAUTH.Password = "vpn.invalid", "wrong"
		l.state(time.Minute, status.Active)
	})
}

// Snapshots of a closed client may be asked for from everywhere.
func TestSnapshotsAfterClose(t *testing.T) {
	inLab(t, func(l *lab) {
		l.c.Close()
		done := make(chan uint64)
		for range 8 {
			go func() { done <- l.c.Snapshot().Serial }()
		}
		first := <-done
		for range 7 {
			if n := <-done; n != first {
				t.Errorf("serial %d and %d", first, n)
			}
		}
	})
}
