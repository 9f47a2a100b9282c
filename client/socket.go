package client

import (
	"errors"
	"io"
	"net"
	"net/netip"
	"os"
	"sync"
	"sync/atomic"

	"ezvpn/tunnel"
)

// socket is the outside of a session. What the system gave may die, as when it takes an interface and all that was bound
// to it away; then another one takes its place. The tunnel goes on: there is one reader of its device, whatever happens
// outside, and its counters go on too.
type socket struct {
	present atomic.Pointer[opened]
	lost    chan struct{} // says, once for each, that the present one is dead
	done    chan struct{}
	once    sync.Once
}

// opened is one outside of the platform.
type opened struct {
	tunnel.Outside
	replaced chan struct{} // closed when another one is there
}

func newSocket(o tunnel.Outside) *socket {
	s := &socket{lost: make(chan struct{}, 1), done: make(chan struct{})}
	s.present.Store(&opened{o, make(chan struct{})})
	return s
}

// replace puts another one in the place of one that is dead.
func (s *socket) replace(o tunnel.Outside) {
	close(s.present.Swap(&opened{o, make(chan struct{})}).replaced)
}

// ReadBatch waits for the next one when the present one is dead, and goes on with it when it was replaced.
func (s *socket) ReadBatch(d []tunnel.Datagram) (int, error) {
	for {
		o := s.present.Load()
		n, err := o.ReadBatch(d)
		if err == nil || !errors.Is(err, net.ErrClosed) && !errors.Is(err, os.ErrClosed) && !errors.Is(err, io.EOF) {
			return n, err
		}
		select {
		case <-o.replaced: // on purpose
			continue
		default:
		}
		select {
		case <-s.done:
			return 0, net.ErrClosed
		case s.lost <- struct{}{}: // the one before was taken: the next one is opened after it
		}
		select {
		case <-s.done:
			return 0, net.ErrClosed
		case <-o.replaced:
		}
	}
}

func (s *socket) WriteBatch(d []tunnel.Datagram) (int, error) {
	return s.present.Load().WriteBatch(d)
}

func (s *socket) LocalAddr(peer netip.Addr) netip.AddrPort { return s.present.Load().LocalAddr(peer) }

func (s *socket) Close() error {
	s.once.Do(func() { close(s.done) })
	return s.present.Load().Close()
}
