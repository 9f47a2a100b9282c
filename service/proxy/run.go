package proxy

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"sync/atomic"

	"ezvpn/client"
	"ezvpn/client/profile"
	"ezvpn/client/status"
	"ezvpn/tunnel"
	"ezvpn/tunnel/userspace"
)

// Options are those of one proxy.
type Options struct {
	Profile  *profile.Profile
	Owner    string                    // for the status
	Answers  map[string]profile.Secret // XAUTH answers known beforehand
	User     string                    // what clients of the proxy must give; empty for nothing
	Password string
	SOCKS    net.Listener // nil for none; Run closes both
	HTTP     net.Listener
	Log      *slog.Logger
	// Outside opens the UDP side; nil is the real one. Tests stay on loopback.
	Outside func(port uint16) (tunnel.Outside, error)
	// Resolve gives the addresses of a peer; nil asks the machine.
	Resolve func(ctx context.Context, name string) ([]netip.Addr, error)
	// Ask answers what the gateway asks; it may block, until its context ends. An error gives the connect up.
	Ask func(ctx context.Context, p status.Prompt) (map[string]profile.Secret, error)
	// Tell gets each change of the session.
	Tell func(status.Snapshot)
}

// Failed is why a session did not come up, or ended for good.
type Failed struct{ Diagnosis *status.Diagnosis }

func (f *Failed) Error() string {
	if f.Diagnosis == nil {
		return "the session ended"
	}
	return f.Diagnosis.Sentence
}

// ErrMode says that the profile has no inside address, which a proxy needs.
var ErrMode = errors.New(`mode = "network-extension" gives no inside address; a proxy needs mode = "client"`)

// Run connects and serves until ctx ends, which is no error, or until the session needs somebody: *Failed. The session
// is taken down before it returns.
func Run(ctx context.Context, o Options) error {
	defer closeAll(o.SOCKS, o.HTTP)
	if o.Profile.Mode == "network-extension" {
		return ErrMode
	}
	if o.Outside == nil {
		o.Outside = func(port uint16) (tunnel.Outside, error) { return tunnel.ListenUDP(port) }
	}
	if o.Resolve == nil {
		o.Resolve = func(ctx context.Context, name string) ([]netip.Addr, error) {
			return net.DefaultResolver.LookupNetIP(ctx, "ip4", name)
		}
	}
	var stack atomic.Pointer[userspace.Stack]
	c := client.New(client.Platform{OpenOutside: o.Outside, Resolve: o.Resolve, ReopenInside: true,
		OpenInside: func(i client.InsideConfig) (tunnel.Inside, error) {
			s, err := userspace.New([]netip.Addr{i.Address}, i.DNS, i.MTU)
			if err != nil {
				return nil, err
			}
			stack.Store(s)
			return s, nil
		}}, o.Log)
	defer c.Close()
	now := func() inside {
		s, snap := stack.Load(), c.Snapshot()
		if s == nil || snap.State != status.Active {
			return inside{}
		}
		return inside{s, snap.Network}
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	s := &server{route: route{now}, creds: credentials{o.User, o.Password}, log: o.Log}
	ended := make(chan error, 3)
	serving := 0
	for _, l := range []struct {
		at    net.Listener
		serve func(context.Context, net.Listener) error
	}{{o.SOCKS, s.socks}, {o.HTTP, s.http}} {
		if l.at != nil {
			serving++
			go func() { ended <- l.serve(ctx, l.at) }()
		}
	}
	serving++
	go func() { ended <- follow(ctx, c, o) }()
	err := <-ended
	cancel()
	for range serving - 1 {
		err = errors.Join(err, <-ended)
	}
	s.close()
	return err
}

// follow connects, answers and tells, until ctx ends or somebody is needed.
func follow(ctx context.Context, c *client.Client, o Options) error {
	if err := c.Connect(o.Profile, client.ConnectOptions{Owner: o.Owner, Answers: o.Answers}); err != nil {
		return fmt.Errorf("connecting: %w", err)
	}
	q := questions{client: c, ask: o.Ask, problem: make(chan error, 1)}
	defer func() { q.drop() }()
	snaps := c.Watch(ctx)
	for {
		select {
		case err := <-q.problem:
			return err
		case s, ok := <-snaps:
			if !ok {
				return nil
			}
			o.Tell(s)
			if s.State == status.Blocked || s.State == status.ConnectRequired && s.Diagnosis != nil {
				return &Failed{s.Diagnosis}
			}
			q.follow(ctx, s.Prompt)
		}
	}
}

func closeAll(all ...net.Listener) {
	for _, l := range all {
		if l != nil {
			l.Close()
		}
	}
}
