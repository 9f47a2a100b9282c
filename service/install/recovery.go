package install

import "time"

// The service manager of Windows starts a daemon that ended by itself after the first of these pauses, then after the
// second, and from then on after the last. After forgiven without a failure it begins again with the first.
var (
	pauses   = []time.Duration{time.Second, 4 * time.Second, 30 * time.Second}
	forgiven = 10 * time.Minute
)
