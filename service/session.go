package service

import (
	"context"

	"ezvpn/client"
	"ezvpn/client/profile"
	"ezvpn/client/status"
)

// session is what the service needs of client.Client.
type session interface {
	Connect(*profile.Profile, client.ConnectOptions) error
	Disconnect(context.Context) error
	Answer(id string, fields map[string]profile.Secret, cancel bool) error
	Snapshot() status.Snapshot
	Watch(context.Context) <-chan status.Snapshot
	Close()
}
