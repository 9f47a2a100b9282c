package service

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"ezvpn/service/ipc"
)

// TestConnectFlood: a thousand connects a second become one a second, one more waits, and root is held up by none.
func TestConnectFlood(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var p pace
		begin, passed := time.Now(), make(chan time.Duration, 20000)
		user := ipc.Caller{User: "1001"}
		for range 10000 {
			ready := make(chan bool, 1)
			go func() {
				ready <- true
				if p.turn(t.Context(), user) == nil {
					passed <- time.Since(begin)
				}
			}()
			<-ready
			synctest.Wait()
			if e := p.turn(t.Context(), ipc.Caller{User: "0", Admin: true}); e != nil {
				t.Fatalf("root: %v", e)
			}
			time.Sleep(time.Millisecond)
		}
		time.Sleep(2 * connectPace)
		synctest.Wait()
		close(passed)
		last, n := -connectPace, 0
		for at := range passed {
			if at-last < connectPace {
				t.Errorf("a connect at %v, after one at %v", at, last)
			}
			last, n = at, n+1
		}
		if n < 10 || n > 12 {
			t.Errorf("%d connects in 12 s", n)
		}
	})
}

// TestConnectGivenUp: who goes away while waiting leaves the place to the next.
func TestConnectGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var p pace
		user := ipc.Caller{User: "1001"}
		if e := p.turn(t.Context(), user); e != nil {
			t.Fatal(e)
		}
		ctx, cancel := context.WithCancel(t.Context())
		left := make(chan *ipc.Error, 1)
		go func() { left <- p.turn(ctx, user) }()
		synctest.Wait()
		if e := p.turn(t.Context(), user); e == nil || e.Code != ipc.Busy {
			t.Errorf("a third: %v", e)
		}
		cancel()
		if e := <-left; e == nil {
			t.Error("it connected for nobody")
		}
		if e := p.turn(t.Context(), user); e != nil {
			t.Errorf("after one left: %v", e)
		}
	})
}
