package client

import (
	"context"
	"log/slog"
	"testing"

	"ezvpn/client/gateway"
	"ezvpn/client/status"
	"ezvpn/tunnel/host"
)

// BenchmarkConnect is one connect and disconnect with the gateway of this house over a network in memory, in real time:
// what is left is two engines and their loops.
func BenchmarkConnect(b *testing.B) {
	l := &lab{t: b, wire: gateway.NewWire(), host: &host.Fake{}}
	l.wire.NAT(clientAddr, natAddr)
	l.c = New(Platform{OpenOutside: l.openOutside, OpenInside: l.openInside, Resolve: l.resolve, Host: l.host}, slog.New(slog.DiscardHandler))
	g := l.serve(gw1, nil)
	defer g.Close()
	defer l.c.Close()
	snapshots := l.c.Watch(b.Context())
	p := stored("manual", gw1)
	for b.Loop() {
		l.connect(p)
		for s := range snapshots {
			if s.State == status.Active {
				break
			}
			if s.State == status.Blocked {
				b.Fatal(s.Diagnosis)
			}
		}
		if err := l.c.Disconnect(context.Background()); err != nil {
			b.Fatal(err)
		}
	}
}
