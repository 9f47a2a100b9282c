package tunnel

import "net/netip"

// Outside is the Internet side: one or two UDP sockets, or an in-memory network. One goroutine reads, any may write.
type Outside interface {
	// ReadBatch blocks until at least one datagram is there and fills d. Data is the Outside's own memory and good
	// until the next call. A UDP-GRO batch comes as single datagrams.
	ReadBatch(d []Datagram) (n int, err error)
	// WriteBatch sends the datagrams in order; equal-sized runs to one peer may leave as one GSO write. It returns
	// how many were handed to the system; a datagram that the network refused is dropped, not an error.
	WriteBatch(d []Datagram) (n int, err error)
	// LocalAddr is the address and port that peer sees from this host (no NAT considered); the zero AddrPort when
	// there is no route.
	LocalAddr(peer netip.Addr) netip.AddrPort
	Close() error
}

// Datagram is one UDP payload as it travels, marker included. Peer is its source when read, its target when written.
type Datagram struct {
	Peer netip.AddrPort
	Data []byte
}

// Inside is the TUN side, or the userspace network stack: the batch calls of wireguard's tun.Device.
type Inside interface {
	// ReadBatch blocks until packets are there; bufs[i][offset:offset+sizes[i]] is packet i.
	ReadBatch(bufs [][]byte, sizes []int, offset int) (n int, err error)
	// WriteBatch takes packets at bufs[i][offset:]; the space before offset and the capacity behind are scratch.
	WriteBatch(bufs [][]byte, offset int) (int, error)
	BatchSize() int
	MTU() (int, error)
	Name() string
	Close() error
}
