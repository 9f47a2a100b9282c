//go:build !linux

package tunnel

import (
	"net"
	"net/netip"
)

// socket is one UDP socket, a datagram a call.
type socket struct {
	conn *net.UDPConn
	buf  []byte
}

func newSocket(c *net.UDPConn) *socket { return &socket{conn: c, buf: make([]byte, 65536)} }

func (s *socket) addr() netip.AddrPort { return s.conn.LocalAddr().(*net.UDPAddr).AddrPort() }
func (s *socket) close() error         { return s.conn.Close() }

func (s *socket) read(d []Datagram) (int, error) {
	for failed := 1; ; failed++ {
		n, from, err := s.conn.ReadFromUDPAddrPort(s.buf)
		if err == nil {
			d[0] = Datagram{Peer: netip.AddrPortFrom(from.Addr().Unmap(), from.Port()), Data: s.buf[:n]}
			return 1, nil
		}
		if closedError(err) || failed == patience {
			return 0, err
		}
	}
}

// write says how many the system took; it stops only when the socket is closed.
func (s *socket) write(d []Datagram) (int, error) {
	sent := 0
	for i := range d {
		_, err := s.conn.WriteToUDPAddrPort(d[i].Data, d[i].Peer)
		if closedError(err) {
			return sent, err
		}
		if err == nil {
			sent++
		}
	}
	return sent, nil
}
