package client

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/netip"
	"time"

	"ezvpn/client/profile"
	"ezvpn/client/status"
	"ezvpn/tunnel"
	"ezvpn/tunnel/host"
)

// Platform is what differs between the real daemon, the demo and the tests.
type Platform struct {
	// OpenOutside opens the UDP side; port 0 is any. It is called once per connect.
	OpenOutside func(localPort uint16) (tunnel.Outside, error)
	// OpenInside opens the TUN device, or the userspace stack, once the address is known.
	OpenInside func(InsideConfig) (tunnel.Inside, error)
	// Resolve gives the addresses of a peer, through the uplink's resolvers.
	Resolve func(ctx context.Context, name string) ([]netip.Addr, error)
	Host    host.Configurator
	// ReopenInside says that the inside cannot change its address: the userspace stack.
	ReopenInside bool
	// Changes tells when links, addresses, routes or the clock of the machine changed, until ctx ends; nil for never.
	Changes func(ctx context.Context) <-chan struct{}
	// Asleep is how long the machine has been suspended since it started; nil where it never is.
	Asleep func() time.Duration
	// Rand is the source of cookies, nonces and keys; nil is the system's.
	Rand io.Reader
}

// InsideConfig is what OpenInside needs.
type InsideConfig struct {
	Name    string // wanted interface name, e.g. "ezvpn0"
	Address netip.Addr
	MTU     int
	DNS     []netip.Addr
}

// Client is one session. Its methods are safe for concurrent use; they hand commands to the session loop.
type Client struct{ s *session }

// ConnectOptions go with one connect.
type ConnectOptions struct {
	Owner   string                    // for the status: who asked
	Answers map[string]profile.Secret // XAUTH answers known beforehand, used once, never kept
}

var (
	ErrBusy      = errors.New("another session is up or coming up; disconnect it first")
	ErrNoPrompt  = errors.New("nothing is being asked, or it was already answered")
	ErrNoSession = errors.New("no session is up")
)

// New starts the session loop. Close ends it.
func New(p Platform, log *slog.Logger) *Client { return &Client{s: newSession(p, log)} }

// Connect starts a session and returns at once; Watch tells how it goes.
func (c *Client) Connect(p *profile.Profile, o ConnectOptions) error { return c.s.connect(p, o) }

// Disconnect ends the session: Deletes are sent, the machine is put back. It returns when that is done, or with ctx.
func (c *Client) Disconnect(ctx context.Context) error { return c.s.disconnect(ctx) }

// Answer answers the open prompt with this ID. cancel gives up the connect.
func (c *Client) Answer(id string, fields map[string]profile.Secret, cancel bool) error {
	return c.s.answer(id, fields, cancel)
}

// Snapshot is the state now, counters included.
func (c *Client) Snapshot() status.Snapshot { return c.s.snapshot() }

// Watch sends the present snapshot first, then the newest after each change; a slow reader skips. The channel is
// closed when ctx ends or the client closes.
func (c *Client) Watch(ctx context.Context) <-chan status.Snapshot { return c.s.watch(ctx) }

// Close disconnects and ends the loop.
func (c *Client) Close() { c.s.close() }
