// Package demo shows the product at work on one machine without privileges: two gateways of our own and the daemon's
// client over loopback UDP, with the userspace network stack in place of a TUN device.
package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"runtime"
	"strings"
	"sync/atomic"
	"time"

	"ezvpn/client"
	"ezvpn/client/gateway"
	"ezvpn/client/profile"
	"ezvpn/client/status"
	"ezvpn/tunnel"
	"ezvpn/tunnel/userspace"
)

// limit is how long the whole demo may take.
const limit = 60 * time.Second

// columns is how wide a table may be beside the times.
const columns = 100

// demo is one run.
type demo struct {
	out      io.Writer
	began    time.Time
	gateways []*site
	client   *client.Client
	printed  int                             // events of the session that were shown
	stack    atomic.Pointer[userspace.Stack] // the client's inside, once it is up
}

// site is one gateway with the network behind it.
type site struct {
	name    string
	addr    netip.AddrPort
	gateway *gateway.Gateway
	network *gateway.Network
}

// Run shows everything on w, in under half a minute, and gives an error if a step did not do what it should.
func Run(ctx context.Context, w io.Writer) (err error) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	d := &demo{out: w, began: time.Now()}
	defer func() { err = errors.Join(err, d.close()) }()
	for _, step := range []func(context.Context) error{d.start, d.connect, d.use, d.fail, d.disconnect} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	d.say("Done. Everything above ran in one process, without privileges, on 127.0.0.1.")
	return nil
}

func (d *demo) say(format string, args ...any) {
	fmt.Fprintf(d.out, "%5.1fs  %s\n", time.Since(d.began).Seconds(), fmt.Sprintf(format, args...))
}

func (d *demo) title(s string) { fmt.Fprintf(d.out, "\n== %s ==\n", s) }

func (d *demo) indent(s string) {
	for line := range strings.Lines(s) {
		fmt.Fprintf(d.out, "        | %s", line)
	}
}

// start brings up the two gateways and the client.
func (d *demo) start(context.Context) error {
	d.title("Two gateways, and a profile that lists both")
	for _, name := range []string{"gw1", "gw2"} {
		s, err := newSite(name)
		if err != nil {
			return err
		}
		d.gateways = append(d.gateways, s)
		d.say("%s listens on UDP %s: group \"ezgroup\", user alice, 10.20.0.0/16 behind it", s.name, s.addr)
	}
	d.client = client.New(client.Platform{
		OpenOutside: func(uint16) (tunnel.Outside, error) { return tunnel.ListenLoopback(0) },
		OpenInside:  d.openInside,
		Resolve: func(ctx context.Context, n string) ([]netip.Addr, error) {
			return net.DefaultResolver.LookupNetIP(ctx, "ip4", n)
		},
		ReopenInside: true,
	}, slog.New(slog.DiscardHandler))
	return nil
}

func newSite(name string) (*site, error) {
	o, err := tunnel.ListenLoopback(0)
	if err != nil {
		return nil, err
	}
	n, err := gateway.NewNetwork(name)
	if err != nil {
		return nil, errors.Join(err, o.Close())
	}
	addr := netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), o.Port())
	return &site{name: name, addr: addr, network: n,
		gateway: gateway.Serve(gateway.Options{Policy: gateway.Demo(name), Addr: addr, NATT: o, Inside: n.Stack})}, nil
}

func (d *demo) openInside(c client.InsideConfig) (tunnel.Inside, error) {
	s, err := userspace.New([]netip.Addr{c.Address}, c.DNS, c.MTU)
	if err != nil {
		return nil, err
	}
	d.stack.Store(s)
	return s, nil
}

const profileText = `name    = "demo"
connect = "auto"
peers   = ["%s", "%s"]

[group]
name = "ezgroup"
key  = "group-secret"

[xauth]
username = "alice"
save     = true

[dpd]
interval = 10
retry    = 2
mode     = "periodic"
`

// connect brings the tunnel up and answers the gateway's question as a user would.
func (d *demo) connect(ctx context.Context) error {
	text := fmt.Sprintf(profileText, d.gateways[0].addr, d.gateways[1].addr)
	d.indent(text)
	p, err := profile.Parse("demo.toml", []byte(text))
	if err != nil {
		return err
	}
	d.title("Connect")
	if err := d.client.Connect(p, client.ConnectOptions{Owner: "demo"}); err != nil {
		return err
	}
	s, err := d.follow(ctx, func(s status.Snapshot) bool { return s.State == status.Active })
	if err != nil {
		return err
	}
	d.title("Status")
	return d.status(s)
}

func (d *demo) status(s status.Snapshot) error {
	var b strings.Builder
	if err := status.Text(&b, s, time.Now()); err != nil {
		return err
	}
	d.indent(b.String())
	return nil
}

// follow prints each change until the wanted state is there, and answers prompts.
func (d *demo) follow(ctx context.Context, done func(status.Snapshot) bool) (status.Snapshot, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	misses := 0
	answered := ""
	for s := range d.client.Watch(ctx) {
		for _, e := range s.Events[min(d.printed, len(s.Events)):] {
			d.say("%-7s %s", e.Kind, e.Text)
		}
		d.printed = len(s.Events)
		if s.DPD.Misses > misses {
			d.say("%-7s %d unanswered", "dpd", s.DPD.Misses)
		}
		misses = s.DPD.Misses
		if s.Prompt != nil && s.Prompt.ID != answered {
			answered = s.Prompt.ID
			d.say("%-7s %s for alice? ********", "prompt", s.Prompt.Fields[0].Label)
			if err := d.client.Answer(s.Prompt.ID, map[string]profile.Secret{"password": "alice-pw"}, false); err != nil {
				return s, err
			}
		}
		switch {
		case done(s):
			return s, nil
		case s.State == status.Blocked, s.State == status.ConnectRequired && s.Diagnosis != nil:
			return s, errors.New(s.Diagnosis.Sentence)
		}
	}
	return status.Snapshot{}, fmt.Errorf("the demo ran out of time: %w", context.Cause(ctx))
}

// use fetches the page inside, by its name.
func (d *demo) use(ctx context.Context) error {
	d.title("Traffic")
	return d.fetch(ctx, "gw1")
}

func (d *demo) fetch(ctx context.Context, from string) error {
	stack := d.stack.Load()
	web := http.Client{Transport: &http.Transport{DialContext: stack.DialContext, DisableKeepAlives: true}, Timeout: 10 * time.Second}
	defer web.CloseIdleConnections()
	const url = "http://www.corp.example/"
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	began := time.Now()
	r, err := web.Do(req)
	if err != nil {
		return fmt.Errorf("fetching the inside page: %w", err)
	}
	defer r.Body.Close()
	page, err := io.ReadAll(io.LimitReader(r.Body, 4096))
	if err != nil {
		return err
	}
	d.say("GET %s: %s in %.1f ms, name and page through the tunnel", url, r.Status, float64(time.Since(began).Microseconds())/1000)
	d.indent(string(page))
	if !strings.Contains(string(page), from) {
		return fmt.Errorf("the page is not the one of %s", from)
	}
	return nil
}

// fail silences the first gateway and shows the way to the second.
func (d *demo) fail(ctx context.Context) error {
	d.title("gw1 falls silent: no answer, no word of goodbye")
	d.say("dead peer detection asks after 10 s of silence, then every 2 s; the fifth miss is the end of gw1")
	d.gateways[0].gateway.Break(gateway.Silent, true)
	s, err := d.follow(ctx, func(s status.Snapshot) bool {
		return s.State == status.Active && len(s.Peers) == 2 && s.Peers[1].Health == "active"
	})
	if err != nil {
		return err
	}
	if err := d.fetch(ctx, "gw2"); err != nil {
		return err
	}
	d.title("Peers")
	return d.peers(s)
}

// peers shows what ezvpn peers shows on a terminal.
func (d *demo) peers(s status.Snapshot) error {
	var b strings.Builder
	if err := status.PeerTable(&b, s.Peers, time.Now(), columns); err != nil {
		return err
	}
	d.indent(b.String())
	return nil
}

func (d *demo) disconnect(ctx context.Context) error {
	d.title("Disconnect")
	if err := d.client.Disconnect(ctx); err != nil {
		return err
	}
	left := len(d.gateways[1].gateway.Sessions())
	for ; left > 0 && ctx.Err() == nil; left = len(d.gateways[1].gateway.Sessions()) {
		runtime.Gosched() // the Delete is on its way through loopback
	}
	d.say("state %s; gw2 got the Delete and has %d sessions left", d.client.Snapshot().State, left)
	return ctx.Err()
}

func (d *demo) close() error {
	if d.client != nil {
		d.client.Close()
	}
	var errs []error
	for _, s := range d.gateways {
		errs = append(errs, s.network.Close(), s.gateway.Close())
	}
	return errors.Join(errs...)
}
