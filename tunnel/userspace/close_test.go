package userspace

import (
	"context"
	"net/netip"
	"testing"
	"time"
)

// A stack is closed while its sockets still send: no panic may come of it.
func TestCloseWhileSending(t *testing.T) {
	for range 300 {
		s, err := New([]netip.Addr{netip.MustParseAddr("10.0.0.1")}, nil, 1400)
		if err != nil {
			t.Fatal(err)
		}
		done := make(chan struct{})
		go func() {
			defer close(done)
			bufs, sizes := [][]byte{make([]byte, 2048)}, make([]int, 1)
			for {
				if _, err := s.ReadBatch(bufs, sizes, 0); err != nil {
					return
				}
			}
		}()
		c, err := s.DialContext(context.Background(), "udp", "10.0.0.9:9")
		if err != nil {
			t.Fatal(err)
		}
		for range 4 {
			go func() {
				for range 50 {
					if _, err := c.Write(make([]byte, 100)); err != nil {
						return
					}
				}
			}()
		}
		ctx, cancel := context.WithTimeout(context.Background(), 50*time.Microsecond)
		<-ctx.Done()
		cancel()
		s.Close()
		<-done
		c.Close()
	}
}
