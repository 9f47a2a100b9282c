package tunnel

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"syscall"
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
	select {
	case r := <-u.reads:
		n := copy(d, r.d[:r.n])
		r.release <- struct{}{}
		return n, r.err
	case <-u.done:
		return 0, net.ErrClosed
	}
}

// read is what one of two sockets gave; it goes on when the reader has taken it.
type read struct {
	d       []Datagram
	n       int
	err     error
	release chan struct{}
}

// pump reads one of two sockets. Data would be overwritten by the next read, so it is copied.
func (u *UDP) pump(s *socket) {
	d := make([]Datagram, readBatch)
	release := make(chan struct{}, 1)
	for {
		n, err := s.read(d)
		for i := range d[:n] {
			d[i].Data = append([]byte(nil), d[i].Data...)
		}
		select {
		case u.reads <- read{d, n, err, release}:
			<-release
		case <-u.done:
			return
		}
		if closedError(err) {
			return
		}
	}
}

func (u *UDP) WriteBatch(d []Datagram) (int, error) {
	if len(u.socks) == 1 {
		return u.socks[0].write(d)
	}
	sent := 0
	for len(d) > 0 {
		n := 1
		for n < len(d) && (d[n].Peer.Port() == portIKE) == (d[0].Peer.Port() == portIKE) {
			n++
		}
		s := u.socks[0]
		if d[0].Peer.Port() != portIKE {
			s = u.socks[1]
		}
		k, err := s.write(d[:n])
		sent += k
		if err != nil {
			return sent, err
		}
		d = d[n:]
	}
	return sent, nil
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

// passing says that a write error is the network's word about one datagram, not the end of the socket: an ICMP that
// came back, a full queue, no route for the moment.
func passing(err error) bool {
	return !closedError(err) && (errors.Is(err, syscall.ECONNREFUSED) || errors.Is(err, syscall.EHOSTUNREACH) ||
		errors.Is(err, syscall.ENETUNREACH) || errors.Is(err, syscall.ENOBUFS) || errors.Is(err, syscall.EAGAIN) ||
		errors.Is(err, syscall.EPERM) || errors.Is(err, syscall.EMSGSIZE) || errors.Is(err, syscall.EINVAL) ||
		errors.Is(err, syscall.ENETDOWN))
}
