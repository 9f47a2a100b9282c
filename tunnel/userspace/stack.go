// Package userspace is an inside without a device: a TCP/IP stack in this process. It needs no privilege; the demo,
// tests and containers use it.
package userspace

import (
	"context"
	"fmt"
	"net/netip"
	"os"

	"gvisor.dev/gvisor/pkg/buffer"
	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/tcpip/header"
	"gvisor.dev/gvisor/pkg/tcpip/link/channel"
	"gvisor.dev/gvisor/pkg/tcpip/network/ipv4"
	"gvisor.dev/gvisor/pkg/tcpip/stack"
	"gvisor.dev/gvisor/pkg/tcpip/transport/icmp"
	"gvisor.dev/gvisor/pkg/tcpip/transport/tcp"
	"gvisor.dev/gvisor/pkg/tcpip/transport/udp"

	"ezvpn/tunnel"
)

// nic is the number of the one link of a stack.
const nic = 1

// queueLen is how many packets wait for the tunnel before more are dropped, as at a network card.
const queueLen = 1024

// batch is how many packets one read takes at most.
const batch = 32

// Stack is an Inside with one address or several, and sockets on it. The netstack of the wireguard module would be
// shorter, but it sends on a channel that its Close closes: a socket that is busy then ends the process.
type Stack struct {
	stack  *stack.Stack
	link   *channel.Endpoint
	dns    []netip.Addr
	closed context.Context
	close  context.CancelFunc
}

var _ tunnel.Inside = (*Stack)(nil)

// New makes a stack. mtu is in bytes; dns are the servers that LookupHost asks.
func New(addrs, dns []netip.Addr, mtu int) (*Stack, error) {
	s := &Stack{dns: dns, link: channel.New(queueLen, uint32(mtu), ""), stack: stack.New(stack.Options{
		NetworkProtocols:   []stack.NetworkProtocolFactory{ipv4.NewProtocol},
		TransportProtocols: []stack.TransportProtocolFactory{tcp.NewProtocol, udp.NewProtocol, icmp.NewProtocol4},
		HandleLocal:        true,
	})}
	s.closed, s.close = context.WithCancel(context.Background())
	if err := s.configure(addrs); err != nil {
		s.Close()
		return nil, fmt.Errorf("starting the userspace stack: %w", err)
	}
	return s, nil
}

func (s *Stack) configure(addrs []netip.Addr) error {
	sack := tcpip.TCPSACKEnabled(true) // off by default, which makes every loss dear
	if err := s.stack.SetTransportProtocolOption(tcp.ProtocolNumber, &sack); err != nil {
		return fmt.Errorf("turning on selective acknowledgements: %s", err)
	}
	if err := s.stack.CreateNIC(nic, s.link); err != nil {
		return fmt.Errorf("making the link: %s", err)
	}
	for _, a := range addrs {
		if !a.Is4() {
			return fmt.Errorf("address %s is not IPv4", a)
		}
		err := s.stack.AddProtocolAddress(nic, tcpip.ProtocolAddress{Protocol: ipv4.ProtocolNumber,
			AddressWithPrefix: tcpip.AddrFrom4(a.As4()).WithPrefix()}, stack.AddressProperties{})
		if err != nil {
			return fmt.Errorf("adding address %s: %s", a, err)
		}
	}
	s.stack.AddRoute(tcpip.Route{Destination: header.IPv4EmptySubnet, NIC: nic})
	return nil
}

// ReadBatch gives the packets that the sockets sent.
func (s *Stack) ReadBatch(bufs [][]byte, sizes []int, offset int) (int, error) {
	p := s.link.ReadContext(s.closed)
	if p == nil {
		return 0, os.ErrClosed
	}
	n := 0
	for {
		sizes[n] = take(bufs[n][offset:], p)
		n++
		if n == min(len(bufs), len(sizes)) {
			return n, nil
		}
		if p = s.link.Read(); p == nil {
			return n, nil
		}
	}
}

// take copies a packet and gives it back.
func take(b []byte, p *stack.PacketBuffer) int {
	defer p.DecRef()
	n := 0
	for _, part := range p.AsSlices() {
		n += copy(b[n:], part)
	}
	return n
}

// WriteBatch gives packets to the sockets. What is not IPv4 is dropped.
func (s *Stack) WriteBatch(bufs [][]byte, offset int) (int, error) {
	if s.closed.Err() != nil {
		return 0, os.ErrClosed
	}
	for _, b := range bufs {
		if p := b[offset:]; len(p) > 0 && p[0]>>4 == 4 {
			pkt := stack.NewPacketBuffer(stack.PacketBufferOptions{Payload: buffer.MakeWithData(p)})
			s.link.InjectInbound(ipv4.ProtocolNumber, pkt)
			pkt.DecRef()
		}
	}
	return len(bufs), nil
}

// BatchSize and MTU are those of the link; Name stands where a device would have one.
func (s *Stack) BatchSize() int    { return batch }
func (s *Stack) MTU() (int, error) { return int(s.link.MTU()), nil }
func (s *Stack) Name() string      { return "userspace" }

// Close ends the sockets and the reader. It may be called while others read, write and send, and more than once.
func (s *Stack) Close() error {
	s.close()
	s.link.Close()
	s.stack.RemoveNIC(nic)
	s.stack.Close()
	return nil
}
