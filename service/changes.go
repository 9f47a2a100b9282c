package service

import (
	"context"
	"log/slog"

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
