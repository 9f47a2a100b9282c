//go:build linux || darwin

package ipc

import (
	"context"
	"net"
)

func dialRaw(ctx context.Context, address string) (net.Conn, error) {
	var d net.Dialer
	return d.DialContext(ctx, "unix", address)
}
