package client

import (
	"context"
	"errors"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"ezvpn/client/gateway"
	"ezvpn/client/status"
)

// Close ends the session from wherever it stands, and leaves nothing behind: no goroutine, no setting, no session at
// the gateway that it could tell.
func TestCloseInEveryState(t *testing.T) {
	const nobody = "198.51.100.200"
	tests := []struct {
		state status.State
		reach func(l *lab)
	}{
		{status.ConnectRequired, func(*lab) {}},
		{status.Resolving, func(l *lab) { l.hang = true; l.connect(stored("manual", "vpn.example.com")) }},
		{status.Securing, func(l *lab) { l.connect(stored("manual", nobody)) }},
		{status.XAuthRequired, func(l *lab) { l.serve(gw1, nil); l.connect(testProfile("manual", gw1)) }},
		{status.Configuring, func(l *lab) {
			l.serve(gw1, nil).Break(gateway.SilentAfterXAUTH, true)
			l.connect(stored("manual", gw1))
		}},
		{status.Active, func(l *lab) { l.serve(gw1, nil); l.connect(stored("manual", gw1)) }},
		{status.Waiting, func(l *lab) { l.connect(stored("auto", nobody)) }},
		{status.FailingOver, func(l *lab) {
			g := l.serve(gw1, nil)
			l.up(stored("auto", gw1, nobody))
			g.Disconnect()
			l.wire.Cut(netip.MustParseAddr(gw1), true)
		}},
		{status.Disconnecting, func(l *lab) {
			l.serve(gw1, nil)
			l.up(stored("manual", gw1))
			go func() { _ = l.c.Disconnect(context.Background()) }()
		}},
		{status.Blocked, func(l *lab) {
			l.serve(gw1, nil)
			p := stored("auto", gw1)
			p.XAUTH.Password = "wrong"
			l.connect(p)
		}},
	}
	for _, tt := range tests {
		t.Run(string(tt.state), func(t *testing.T) {
			inLab(t, func(l *lab) {
				tt.reach(l)
				if tt.state != status.Disconnecting { // too short to be seen for sure
					l.state(2*time.Minute, tt.state)
				}
				began := time.Now()
				l.c.Close()
				if d := time.Since(began); d > resolveTime {
					t.Errorf("Close took %v", d)
				}
				synctest.Wait()
				for _, s := range l.sites {
					if got := s.Sessions(); len(got) != 0 && tt.state != status.Configuring && tt.state != status.FailingOver {
						t.Errorf("the gateway has %+v", got)
					}
				}
				if got := l.c.Snapshot().State; got != status.ConnectRequired && got != status.Blocked {
					t.Errorf("state %s after Close", got)
				}
				if err := l.c.Connect(stored("manual", gw1), ConnectOptions{}); !errors.Is(err, errClosed) {
					t.Errorf("Connect after Close: %v", err)
				}
				if err := l.c.Disconnect(context.Background()); err != nil {
					t.Errorf("Disconnect after Close: %v", err)
				}
				l.c.Close()
			})
		})
	}
}

// A session that ended leaves room for the next one; a Disconnect that nobody waits for goes on.
func TestSecondConnect(t *testing.T) {
	inLab(t, func(l *lab) {
		g := l.serve(gw1, nil)
		for range 3 {
			l.up(stored("manual", gw1))
			if back := l.pings(3, time.Millisecond); back != 3 {
				t.Errorf("%d of 3 packets came back", back)
			}
			gone, cancel := context.WithCancel(context.Background())
			cancel()
			if err := l.c.Disconnect(gone); err != nil && !errors.Is(err, context.Canceled) {
				t.Error(err)
			}
			l.state(time.Second, status.ConnectRequired)
			synctest.Wait()
			if got := g.Sessions(); len(got) != 0 || !l.inside().closed() {
				t.Errorf("the gateway still has %+v", got)
			}
		}
	})
}

func TestWatch(t *testing.T) {
	inLab(t, func(l *lab) {
		l.serve(gw1, nil)
		slow := l.c.Watch(context.Background())
		ctx, cancel := context.WithCancel(context.Background())
		brief := l.c.Watch(ctx)
		if s := <-brief; s.State != status.ConnectRequired || s.Version != 1 {
			t.Errorf("first: %+v", s)
		}
		l.up(stored("manual", gw1))
		synctest.Wait()
		if s := <-brief; s.State != status.Active {
			t.Errorf("the newest does not win: %s", s.State)
		}
		var before uint64
		for range 3 { // while traffic may flow there is one a second
			began := time.Now()
			s := <-brief
			if s.Serial <= before || time.Since(began) > time.Second {
				t.Errorf("serial %d after %d, %v later", s.Serial, before, time.Since(began))
			}
			before = s.Serial
		}
		cancel()
		synctest.Wait()
		for range brief { // what was in it, then the end
		}
		l.c.Close()
		if s := <-slow; s.State != status.ConnectRequired {
			t.Errorf("the slow reader's last: %s", s.State)
		}
		if _, open := <-slow; open {
			t.Error("the channel stays open after Close")
		}
		for range l.c.Watch(context.Background()) {
			t.Error("a snapshot from a closed client")
		}
	})
}
