package service

import (
	"context"
	"net/netip"
	"sync"
	"time"
)

// patience is how long a lookup may take where the last good answer is known: a failover waits for it.
const patience = 3 * time.Second

// remembering looks names up, and falls back on the last good answer when that fails: where no name server answers,
// the next gateway must still be found.
func remembering(lookup func(context.Context, string) ([]netip.Addr, error)) func(context.Context, string) ([]netip.Addr, error) {
	var mu sync.Mutex // guards known
	known := map[string][]netip.Addr{}
	return func(ctx context.Context, name string) ([]netip.Addr, error) {
		mu.Lock()
		_, seen := known[name]
		mu.Unlock()
		if seen {
			var cancel context.CancelFunc
			ctx, cancel = context.WithTimeout(ctx, patience)
			defer cancel()
		}
		addrs, err := lookup(ctx, name)
		mu.Lock()
		defer mu.Unlock()
		if err == nil && len(addrs) > 0 {
			if len(known) >= maxKnown {
				clear(known)
			}
			known[name] = addrs
			return addrs, nil
		}
		if old, ok := known[name]; ok && err != nil {
			return old, nil
		}
		return addrs, err
	}
}

// maxKnown bounds the names: a gateway may push backup servers with every connect.
const maxKnown = 64
