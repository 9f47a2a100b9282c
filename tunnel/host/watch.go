package host

import "time"

// settleTime is how long the machine must be quiet before a change is told: one change of network is a dozen messages.
const settleTime = 300 * time.Millisecond

// mostTime bounds the wait when it never gets quiet.
const mostTime = 2 * time.Second

// coalesce turns bursts on in into single values on out; a reader that is slow finds one. It closes out after done.
func coalesce(done <-chan struct{}, in <-chan struct{}, out chan<- struct{}) {
	defer close(out)
	var quiet, most <-chan time.Time
	tell := func() {
		quiet, most = nil, nil
		select {
		case out <- struct{}{}:
		default:
		}
	}
	for {
		select {
		case <-done:
			return
		case <-in:
			quiet = time.After(settleTime)
			if most == nil {
				most = time.After(mostTime)
			}
		case <-quiet:
			tell()
		case <-most:
			tell()
		}
	}
}
