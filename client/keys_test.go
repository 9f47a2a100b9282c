package client

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"

	"ezvpn/client/status"
)

// TestKeys: one reader at a time, told in the status while it lasts, and closed with its context and with the client.
func TestKeys(t *testing.T) {
	inLab(t, func(l *lab) {
		ctx, cancel := context.WithCancel(context.Background())
		keys, err := l.c.Keys(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := l.c.Keys(context.Background()); !errors.Is(err, ErrKeysTaken) {
			t.Errorf("a second reader: %v", err)
		}
		l.serve(gw1, nil)
		l.up(amendableProfile(t, amendable))
		if w := l.c.Snapshot().Warnings; len(w) == 0 || w[len(w)-1] != keysWarning {
			t.Errorf("warnings %q", w)
		}
		synctest.Wait()
		cancel()
		synctest.Wait()
		kinds := map[string]int{}
		for d := range keys {
			kinds[d.Kind]++
		}
		if kinds[status.DisclosedISAKMP] != 1 || kinds[status.DisclosedESP] != 2 || kinds[status.DisclosedMessage] < 8 {
			t.Errorf("%v", kinds)
		}
		for _, w := range l.c.Snapshot().Warnings {
			if w == keysWarning {
				t.Error("the warning stays")
			}
		}
		again, err := l.c.Keys(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		if d := <-again; d.Kind != status.DisclosedISAKMP {
			t.Errorf("of a session that is up: %+v", d)
		}
		l.c.Close()
		for range again {
		}
		if _, err := l.c.Keys(context.Background()); err == nil {
			t.Error("of a client that is closed")
		}
	})
}
