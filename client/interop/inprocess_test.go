package interop

import (
	"fmt"
	"log/slog"
	"net/netip"
	"testing"

	"ezvpn/client"
	farend "ezvpn/client/gateway"
	"ezvpn/client/profile"
	"ezvpn/client/status"
	"ezvpn/tunnel"
	"ezvpn/tunnel/userspace"
)

// BenchmarkConnectInProcess is the time of one connect and disconnect with a gateway of our own in the same process,
// over loopback: nothing but the two engines and their loops.
func BenchmarkConnectInProcess(b *testing.B) {
	at := serveInProcess(b)
	p, err := profile.Parse("office.toml", fmt.Appendf(nil,
		"peers = [%q]\n[group]\nname = \"ezgroup\"\nkey = \"group-secret\"\n[xauth]\nusername = \"alice\"\n", at))
	if err != nil {
		b.Fatal(err)
	}
	c := client.New(client.Platform{
		OpenOutside: func(uint16) (tunnel.Outside, error) { return tunnel.ListenLoopback(0) },
		OpenInside: func(i client.InsideConfig) (tunnel.Inside, error) {
			return userspace.New([]netip.Addr{i.Address}, i.DNS, i.MTU)
		},
		ReopenInside: true,
	}, slog.New(slog.DiscardHandler))
	b.Cleanup(c.Close)
	for b.Loop() {
		connectInProcess(b, c, p)
		if err := c.Disconnect(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
}

// serveInProcess runs a gateway until the benchmark ends.
func serveInProcess(b *testing.B) netip.AddrPort {
	o, err := tunnel.ListenLoopback(0)
	if err != nil {
		b.Fatal(err)
	}
	n, err := farend.NewNetwork("gw")
	if err != nil {
		b.Fatal(err)
	}
	at := netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), o.Port())
	g := farend.Serve(farend.Options{Policy: farend.Demo("gw"), Addr: at, NATT: o, Inside: n.Stack})
	b.Cleanup(func() {
		if err := g.Close(); err != nil {
			b.Error(err)
		}
		if err := n.Close(); err != nil {
			b.Error(err)
		}
	})
	return at
}

func connectInProcess(b *testing.B, c *client.Client, p *profile.Profile) {
	if err := c.Connect(p, client.ConnectOptions{Owner: "bench"}); err != nil {
		b.Fatal(err)
	}
	answered := ""
	for s := range c.Watch(b.Context()) {
		switch {
		case s.State == status.Active:
			return
		case s.Prompt != nil && s.Prompt.ID != answered:
			answered = s.Prompt.ID
			if err := c.Answer(answered, map[string]profile.Secret{"password": "alice-pw"}, false); err != nil {
				b.Fatal(err)
			}
		case s.State == status.ConnectRequired && s.Diagnosis != nil:
			b.Fatal(s.Diagnosis.Sentence)
		}
	}
	b.Fatal("the client's watch ended before it was connected")
}
