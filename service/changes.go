package service

import (
	"context"
	"log/slog"
	"runtime"
	"time"

	"ezvpn/tunnel/host"
)

// changes tells when the network or the clock of the machine is not what it was. Without the news of the network the
// session finds out by itself, through dead peer detection, if later.
func changes(log *slog.Logger) func(context.Context) <-chan struct{} {
	return func(ctx context.Context) <-chan struct{} {
		network, err := host.Watch(ctx)
		if err != nil {
			log.Warn("changes of the network are not seen at once", "err", err)
		}
		clock, out := host.WatchClock(ctx), make(chan struct{}, 1)
		go func() {
			for network != nil || clock != nil {
				var open bool
				select {
				case _, open = <-network:
					if !open {
						network = nil
						continue
					}
				case _, open = <-clock:
					if !open {
						clock = nil
						continue
					}
				}
				select {
				case out <- struct{}{}:
				default: // one is waiting already
				}
			}
			close(out)
		}()
		return out
	}
}

// uncounted tells the sleep of the machine that the monotonic clock of the Go runtime leaves out; nil where it counts all
// sleep, as on Windows, so that nothing has to be added.
func uncounted() func() time.Duration {
	if runtime.GOOS == "windows" {
		return nil
	}
	return host.Asleep
}
