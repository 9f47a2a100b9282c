package service

import (
	"context"
	"net/netip"
	"time"

	"ezvpn/client"
	"ezvpn/client/profile"
	"ezvpn/client/status"
)

// session is what the service needs of client.Client.
type session interface {
	Connect(*profile.Profile, client.ConnectOptions) error
	Disconnect(context.Context) error
	SetProfile(*profile.Profile) (profile.Impact, error)
	Answer(id string, fields map[string]profile.Secret, cancel bool) error
	Snapshot() status.Snapshot
	Watch(context.Context) <-chan status.Snapshot
	Clear(local, remote netip.AddrPort) (cleared bool, err error)
	Debug(ctx context.Context, since time.Time) (past []status.DebugLine, live <-chan status.DebugLine)
	Keys(ctx context.Context) (<-chan status.Disclosure, error)
	Close()
}
