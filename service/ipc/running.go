package ipc

import "errors"

// ErrRunning says that another daemon is at work here already.
var ErrRunning = errors.New("another ezvpnd is at work")
