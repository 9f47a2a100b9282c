package proxy

import (
	"context"
	"errors"
	"net"
	"os"
	"strings"
)

// The stack's errors have no types of their own, but for those of package net around them.

func refused(err error) bool {
	var op *net.OpError
	return errors.As(err, &op) && op.Err != nil && strings.Contains(op.Err.Error(), "connection was refused")
}

func timedOut(err error) bool {
	var n net.Error
	return errors.Is(err, context.DeadlineExceeded) || errors.Is(err, os.ErrDeadlineExceeded) || errors.As(err, &n) && n.Timeout()
}

func notFound(err error) bool {
	var d *net.DNSError
	return errors.As(err, &d)
}
