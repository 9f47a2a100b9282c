package tunnel

import "net/netip"

// Outside is the Internet side: one or two UDP sockets, or an in-memory network. One goroutine reads, any may write.
type Outside interface {
	// ReadBatch blocks until at least one datagram is there and fills d; the Data of each entry is cut to the
	// datagram (its capacity is what the caller provides). A UDP-GRO batch is split into single datagrams.
	ReadBatch(d []Datagram) (n int, err error)
	// WriteBatch sends the datagrams in order; equal-sized runs to one peer may leave as one GSO write. It returns
	// how many were handed to the system; a datagram that the network refused is dropped and counted, not an error.
	WriteBatch(d []Datagram) (n int, err error)
	// LocalAddr is the address and port that peer sees from this host (no NAT considered).
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
	// WriteBatch takes packets at bufs[i][offset:]; the space before offset is scratch.
	WriteBatch(bufs [][]byte, offset int) (int, error)
	BatchSize() int
	MTU() int
	SetMTU(int) error
	Name() string
	Close() error
}
