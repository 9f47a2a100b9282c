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
	for {
		n, from, err := s.conn.ReadFromUDPAddrPort(s.buf)
		if err != nil {
			if passing(err) {
				continue
			}
			return 0, err
		}
		d[0] = Datagram{Peer: netip.AddrPortFrom(from.Addr().Unmap(), from.Port()), Data: s.buf[:n]}
		return 1, nil
	}
}

func (s *socket) write(d []Datagram) (int, error) {
	for i := range d {
		if _, err := s.conn.WriteToUDPAddrPort(d[i].Data, d[i].Peer); err != nil && !passing(err) {
			return i, err
		}
	}
	return len(d), nil
}
