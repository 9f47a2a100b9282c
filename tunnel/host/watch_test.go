package host

import (
	"testing"
	"testing/synctest"
	"time"
)

func TestCoalesce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		done, in, out := make(chan struct{}), make(chan struct{}), make(chan struct{}, 1)
		go coalesce(done, in, out)
		start := time.Now()
		for range 50 {
			in <- struct{}{}
		}
		<-out
		if took := time.Since(start); took != settleTime {
			t.Errorf("a burst is told after %v, want %v", took, settleTime)
		}
		synctest.Wait()
		if len(out) != 0 {
			t.Error("a burst is told twice")
		}
		// A machine that never gets quiet is told of all the same.
		start = time.Now()
		ticker := time.NewTicker(settleTime / 2)
		for told := false; !told; {
			select {
			case <-ticker.C:
				in <- struct{}{}
			case <-out:
				told = true
			}
		}
		ticker.Stop()
		if took := time.Since(start); took > mostTime+settleTime {
			t.Errorf("told after %v, want at most %v", took, mostTime)
		}
		close(done)
		for range out {
		}
	})
}
