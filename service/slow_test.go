//go:build linux || darwin

package service

import (
	"fmt"
	"io"
	"net"
	"testing"
	"time"

	"ezvpn/service/ipc"
)

// TestSlowSenderKeepsNobodyWaiting: a user begins as many commands as he may have connections, and sends no body. Root's
// command is carried out at once, not after their 10 s each.
func TestSlowSenderKeepsNobodyWaiting(t *testing.T) {
	s := serve(t)
	writeProfile(t, s.dir, "office", goodProfile)
	s.mu.Lock()
	s.caller = alice
	s.mu.Unlock()
	for range ipc.MaxUserConns {
		c, err := net.Dial("unix", s.address)
		must(t, err)
		defer c.Close()
		fmt.Fprintf(c, "POST %s HTTP/1.1\r\nHost: ezvpn\r\nEzvpn-Api: 1\r\nContent-Type: application/json\r\nContent-Length: 20\r\nExpect: 100-continue\r\n\r\n", ipc.PathUp)
		must(t, c.SetReadDeadline(time.Now().Add(time.Minute)))
		// "100 Continue" tells that the body is waited for: the request is as far as it gets.
		if _, err := io.ReadFull(c, make([]byte, len("HTTP/1.1 100 Continue\r\n\r\n"))); err != nil {
			t.Fatal(err)
		}
	}
	if !s.api.owner.TryLock() {
		t.Fatal("who sends nothing holds the lock")
	}
	s.api.owner.Unlock()
	if code := s.raw(t, root, "POST", ipc.PathUp, `{"profile":"office"}`); code != "" {
		t.Errorf("root: %q", code)
	}
}
