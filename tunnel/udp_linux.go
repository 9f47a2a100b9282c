package tunnel

import (
	"encoding/binary"
	"net"
	"net/netip"
	"sync"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// slots is how many messages one recvmmsg takes; with GRO each may hold 64 datagrams. Pages that no datagram reaches
// cost nothing.
const slots = 16

// socketBuffer is what the kernel is asked to queue, in bytes.
const socketBuffer = 4 << 20

// message is struct mmsghdr.
type message struct {
	hdr unix.Msghdr
	len uint32
	_   [4]byte
}

// control is room for control messages, aligned as the kernel wants it.
type control [8]uint64

func (c *control) bytes() []byte { return (*[64]byte)(unsafe.Pointer(c))[:] }

// socket is one UDP socket with batches: recvmmsg with GRO, sendmmsg with GSO.
type socket struct {
	conn *net.UDPConn
	raw  syscall.RawConn
	gro  bool

	in    [slots]message
	iov   [slots]unix.Iovec
	from  [slots]unix.RawSockaddrInet4
	oob   [slots]control
	bufs  [slots][]byte
	ready int // messages of the last read
	next  int // the first of them that is not given out
	rest  Datagram
	size  int         // of the datagrams in rest
	recv  syscallWith // made once: a closure for each call would be garbage

	mu  sync.Mutex // guards out
	out outgoing
}

// outgoing is the memory of a write.
type outgoing struct {
	msgs [readBatch]message
	iov  [readBatch]unix.Iovec
	to   [readBatch]unix.RawSockaddrInet4
	oob  [readBatch]control
	gso  bool
	send syscallWith
}

// syscallWith is a system call of the poller's kind with the messages that it takes and what it gave.
type syscallWith struct {
	m     []message
	n     int
	errno syscall.Errno
	call  func(fd uintptr) bool
}

func (c *syscallWith) prepare(number uintptr) {
	c.call = func(fd uintptr) bool {
		for {
			r, _, e := unix.Syscall6(number, fd, uintptr(unsafe.Pointer(&c.m[0])), uintptr(len(c.m)), unix.MSG_DONTWAIT, 0, 0)
			if c.n, c.errno = int(r), e; e != unix.EINTR {
				return e != unix.EAGAIN
			}
		}
	}
}

func newSocket(c *net.UDPConn) *socket {
	s := &socket{conn: c}
	s.recv.prepare(unix.SYS_RECVMMSG)
	s.out.send.prepare(unix.SYS_SENDMMSG)
	// Fragments would be worse than a drop: the inner MTU is chosen so that none is needed; yet a path with a smaller
	// MTU must not end the tunnel, so the kernel may fragment there (RFC 4301 §8.1, DF clear).
	_ = c.SetReadBuffer(socketBuffer) // the kernel caps what it gives
	_ = c.SetWriteBuffer(socketBuffer)
	s.raw, _ = c.SyscallConn() // fails for closed sockets only, and then every call does
	if s.raw != nil {
		_ = s.raw.Control(func(fd uintptr) {
			s.gro = unix.SetsockoptInt(int(fd), unix.IPPROTO_UDP, unix.UDP_GRO, 1) == nil
			_, err := unix.GetsockoptInt(int(fd), unix.IPPROTO_UDP, unix.UDP_SEGMENT)
			s.out.gso = err == nil
			_ = unix.SetsockoptInt(int(fd), unix.IPPROTO_IP, unix.IP_MTU_DISCOVER, unix.IP_PMTUDISC_DONT)
		})
	}
	for i := range s.bufs {
		s.bufs[i] = make([]byte, 65536)
	}
	return s
}

func (s *socket) addr() netip.AddrPort { return s.conn.LocalAddr().(*net.UDPAddr).AddrPort() }
func (s *socket) close() error         { return s.conn.Close() }

func (s *socket) read(d []Datagram) (int, error) {
	if s.raw == nil {
		return 0, net.ErrClosed
	}
	if s.next >= s.ready && s.rest.Data == nil {
		if err := s.receive(); err != nil {
			return 0, err
		}
	}
	n := 0
	for n < len(d) {
		if s.rest.Data == nil {
			if s.next >= s.ready {
				break
			}
			s.rest, s.size = s.message(s.next)
			s.next++
		}
		var k int
		k, s.rest = split(d[n:], s.rest, s.size)
		n += k
	}
	return n, nil
}

// message is what one slot holds: a datagram, or several of one size.
func (s *socket) message(i int) (d Datagram, size int) {
	if s.gro {
		size = segmentSize(s.oob[i].bytes()[:s.in[i].hdr.Controllen])
	}
	peer := netip.AddrPortFrom(netip.AddrFrom4(s.from[i].Addr), swap(s.from[i].Port))
	return Datagram{Peer: peer, Data: s.bufs[i][:s.in[i].len]}, size
}

// swap gives a port in host order, whatever the machine's order is.
func swap(p uint16) uint16 {
	b := (*[2]byte)(unsafe.Pointer(&p))
	return binary.BigEndian.Uint16(b[:])
}

func (s *socket) receive() error {
	for i := range s.in {
		s.iov[i] = unix.Iovec{Base: &s.bufs[i][0]}
		s.iov[i].SetLen(len(s.bufs[i]))
		h := &s.in[i].hdr
		*h = unix.Msghdr{Name: (*byte)(unsafe.Pointer(&s.from[i])), Namelen: unix.SizeofSockaddrInet4, Iov: &s.iov[i], Control: &s.oob[i].bytes()[0]}
		h.SetIovlen(1)
		h.SetControllen(len(s.oob[i].bytes()))
	}
	s.ready, s.next = 0, 0
	for failed := 1; ; failed++ {
		s.recv.m = s.in[:]
		err := s.raw.Read(s.recv.call)
		switch {
		case err != nil:
			return err
		case s.recv.errno == 0:
			s.ready = s.recv.n
			return nil
		case failed == patience:
			return s.recv.errno
		}
	}
}

// segmentSize finds the size of the gathered datagrams in the control messages; 0 for a single one.
func segmentSize(oob []byte) int {
	for len(oob) >= unix.SizeofCmsghdr {
		h := (*unix.Cmsghdr)(unsafe.Pointer(&oob[0]))
		n := int(h.Len)
		if n < unix.SizeofCmsghdr || n > len(oob) {
			return 0
		}
		if h.Level == unix.IPPROTO_UDP && h.Type == unix.UDP_GRO && n >= unix.CmsgLen(2) {
			return int(binary.NativeEndian.Uint16(oob[unix.CmsgLen(0):]))
		}
		oob = oob[min(len(oob), unix.CmsgSpace(n-unix.CmsgLen(0))):]
	}
	return 0
}

// write says how many the system took; it stops only when the socket is closed.
func (s *socket) write(d []Datagram) (int, error) {
	if s.raw == nil {
		return 0, net.ErrClosed
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	sent := 0
	for len(d) > 0 {
		part := d[:min(len(d), readBatch)]
		k, err := s.send(part)
		sent += k
		if err != nil {
			return sent, err
		}
		d = d[len(part):]
	}
	return sent, nil
}

// send writes one batch and says how many datagrams the kernel took. A segmented write that it refuses is sent again
// in single datagrams; a datagram that it refuses is lost, whatever the reason: an ICMP that came back, a full queue,
// no route for the moment.
func (s *socket) send(d []Datagram) (int, error) {
	o := &s.out
	n := o.build(d)
	sent := 0
	for at := 0; at < n; {
		o.send.m = o.msgs[at:n]
		err := s.raw.Write(o.send.call)
		k, errno := o.send.n, o.send.errno
		switch {
		case err != nil:
			return sent, err
		case errno == 0 && k > 0:
			for _, m := range o.msgs[at : at+k] {
				sent += int(m.hdr.Iovlen)
			}
			at += k
		case o.gso && o.msgs[at].hdr.Controllen != 0 && (errno == unix.EIO || errno == unix.EMSGSIZE || errno == unix.EINVAL):
			o.gso = false
			skip := 0
			for _, m := range o.msgs[:at] {
				skip += int(m.hdr.Iovlen)
			}
			k, err := s.send(d[skip:])
			return sent + k, err
		default:
			at++
		}
	}
	return sent, nil
}

// build lays out the messages of one sendmmsg and gives their number.
func (o *outgoing) build(d []Datagram) int {
	n, used := 0, 0
	for len(d) > 0 {
		run := 1
		if o.gso {
			run = segmentRun(d)
		}
		for i := range run {
			if len(d[i].Data) > 0 {
				o.iov[used+i].Base = &d[i].Data[0]
			}
			o.iov[used+i].SetLen(len(d[i].Data))
		}
		port := d[0].Peer.Port()
		o.to[n] = unix.RawSockaddrInet4{Family: unix.AF_INET, Port: swap(port), Addr: d[0].Peer.Addr().Unmap().As4()}
		h := &o.msgs[n].hdr
		*h = unix.Msghdr{Name: (*byte)(unsafe.Pointer(&o.to[n])), Namelen: unix.SizeofSockaddrInet4, Iov: &o.iov[used]}
		h.SetIovlen(run)
		if run > 1 {
			h.Control = &o.oob[n].bytes()[0]
			h.SetControllen(segmentControl(o.oob[n].bytes(), uint16(len(d[0].Data))))
		}
		n, used, d = n+1, used+run, d[run:]
	}
	return n
}

// segmentControl writes the UDP_SEGMENT control message and gives its length.
func segmentControl(b []byte, size uint16) int {
	h := (*unix.Cmsghdr)(unsafe.Pointer(&b[0]))
	h.Level, h.Type = unix.IPPROTO_UDP, unix.UDP_SEGMENT
	h.SetLen(unix.CmsgLen(2))
	binary.NativeEndian.PutUint16(b[unix.CmsgLen(0):], size)
	return unix.CmsgSpace(2)
}
