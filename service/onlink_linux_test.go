package service

import (
	"io"
	"net"
	"net/netip"
	"testing"

	"ezvpn/tunnel/host"
)

// TestOnLink: a socket that is kept on a link reaches what is there, and one kept on a link that is not there says so.
func TestOnLink(t *testing.T) {
	server, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	go func() {
		if c, err := server.Accept(); err == nil {
			io.WriteString(c, "hello")
			c.Close()
		}
	}()
	to := server.Addr().(*net.TCPAddr).AddrPort()
	elsewhere := netip.MustParseAddr("127.0.0.9") // as if the server were not on this machine
	c, err := dialOutside(ways{uplink: host.Uplink{Link: "lo", Source: elsewhere}})(t.Context(), "tcp", to)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if b, err := io.ReadAll(c); string(b) != "hello" || err != nil {
		t.Errorf("%q, %v", b, err)
	}
	if c, err := dialOutside(ways{uplink: host.Uplink{Link: "ez-none0", Source: elsewhere}})(t.Context(), "tcp", to); err == nil {
		c.Close()
		t.Error("a link that does not exist is no hindrance")
	}
}
