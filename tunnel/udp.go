package tunnel

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync"
)

// Ports of IKE and of NAT traversal.
const (
	portIKE  = 500
	portNATT = 4500
)

// UDP is the real outside: one socket, or with local port 500 a second one for 4500.
type UDP struct {
	socks []*socket // the first takes everything; with two, the second takes what does not go to port 500
	reads chan read // of two sockets
	held  read      // what the reader has of them; the socket waits until it asks for more
	done  chan struct{}
	once  sync.Once
}

// ListenUDP opens the outside on an IPv4 port; 0 is any, 500 opens 4500 beside it.
func ListenUDP(port uint16) (*UDP, error) { return listen(netip.IPv4Unspecified(), port) }

// ListenLoopback opens it on loopback only, for the demo and for tests.
func ListenLoopback(port uint16) (*UDP, error) {
	return listen(netip.AddrFrom4([4]byte{127, 0, 0, 1}), port)
}

func listen(at netip.Addr, port uint16) (*UDP, error) {
	u := &UDP{done: make(chan struct{})}
	ports := []uint16{port}
	if port == portIKE {
		ports = append(ports, portNATT)
	}
	for _, p := range ports {
		c, err := net.ListenUDP("udp4", net.UDPAddrFromAddrPort(netip.AddrPortFrom(at, p)))
		if err != nil {
			u.Close()
			return nil, fmt.Errorf("opening UDP port %d: %w", p, err)
		}
		u.socks = append(u.socks, newSocket(c))
	}
	if len(u.socks) > 1 {
		u.reads = make(chan read)
		for _, s := range u.socks {
			go u.pump(s)
		}
	}
	return u, nil
}

// Port is the local port.
func (u *UDP) Port() uint16 { return u.socks[0].addr().Port() }

func (u *UDP) ReadBatch(d []Datagram) (int, error) {
	if u.reads == nil {
		return u.socks[0].read(d)
	}
	if len(u.held.d) == 0 {
		if u.held.release != nil {
			u.held.release <- struct{}{}
		}
		u.held = read{}
		select {
		case u.held = <-u.reads:
		case <-u.done:
			return 0, net.ErrClosed
		}
	}
	n := copy(d, u.held.d)
	u.held.d = u.held.d[n:]
	return n, u.held.err
}

// read is what one of two sockets gave. The socket goes on when it is released, since that reuses the memory.
type read struct {
	d       []Datagram
	err     error
	release chan struct{} // with room for one
}

// pump reads one of two sockets.
func (u *UDP) pump(s *socket) {
	d := make([]Datagram, readBatch)
	release := make(chan struct{}, 1)
	for {
		n, err := s.read(d)
		select {
		case u.reads <- read{d[:n], err, release}:
		case <-u.done:
			return
		}
		select {
		case <-release:
		case <-u.done:
			return
		}
	}
}

func (u *UDP) WriteBatch(d []Datagram) (int, error) {
	sent := 0
	for len(d) > 0 {
		s, n := u.sockFor(d[0].Peer), 1
		for n < len(d) && u.sockFor(d[n].Peer) == s {
			n++
		}
		if s != nil {
			k, err := s.write(d[:n])
			sent += k
			if err != nil {
				return sent, err
			}
		}
		d = d[n:]
	}
	return sent, nil
}

// sockFor is the socket that sends to peer; nil if none can.
func (u *UDP) sockFor(peer netip.AddrPort) *socket {
	switch {
	case !peer.Addr().Is4():
		return nil
	case len(u.socks) > 1 && peer.Port() != portIKE:
		return u.socks[1]
	}
	return u.socks[0]
}

// LocalAddr asks the system by connecting a socket that sends nothing.
func (u *UDP) LocalAddr(peer netip.Addr) netip.AddrPort {
	c, err := net.DialUDP("udp4", nil, net.UDPAddrFromAddrPort(netip.AddrPortFrom(peer, portIKE)))
	if err != nil {
		return netip.AddrPort{}
	}
	defer c.Close()
	a, ok := c.LocalAddr().(*net.UDPAddr)
	if !ok {
		return netip.AddrPort{}
	}
	return netip.AddrPortFrom(a.AddrPort().Addr().Unmap(), u.Port())
}

func (u *UDP) Close() error {
	var errs []error
	u.once.Do(func() {
		close(u.done)
		for _, s := range u.socks {
			errs = append(errs, s.close())
		}
	})
	return errors.Join(errs...)
}

// patience is how many failed reads in a row are taken for the network's word about a datagram that was sent before,
// such as an ICMP message, and not for the socket's.
const patience = 16
