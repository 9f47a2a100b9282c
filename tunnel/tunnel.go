package tunnel

import (
	"fmt"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"
)

// Options of a tunnel.
type Options struct {
	// Keepalive is how long the path may be silent before a NAT keepalive leaves; 0 is 20 s (RFC 3948 §4).
	Keepalive time.Duration
	// Marker says that every datagram is behind the non-ESP marker rule, whatever port it came from: the gateway's
	// own NAT-T port. Otherwise a datagram from port 500 is plain IKE.
	Marker bool
}

// IKEDatagram is an IKE message from the outside, without its marker. Its Data belongs to the receiver.
type IKEDatagram struct {
	Peer   netip.AddrPort
	Marker bool
	Data   []byte
}

// ikeQueue is how many IKE messages wait for their owner before more are dropped.
const ikeQueue = 64

// Tunnel moves packets between one outside and one inside. Its methods are safe for concurrent use.
//
// Outbound: Inside.ReadBatch → selector → Seal in place → Outside.WriteBatch. Inbound: Outside.ReadBatch → SPI → Open
// → selector check → Inside.WriteBatch, or the IKE channel. One goroutine a direction; the SA table is an immutable
// snapshot, swapped by Install and Retire.
type Tunnel struct {
	outside Outside
	marker  bool
	table   atomic.Pointer[table]
	inside  atomic.Pointer[attachment]

	ike        chan IKEDatagram
	unanswered chan struct{}
	wanted     chan struct{}
	done       chan struct{}
	wg         sync.WaitGroup // the reader of the outside, and the keepalives

	mu   sync.Mutex // guards changes of table and inside, and closed
	open bool

	sealing sync.Mutex // guards the senders, since a pump that was detached may still be in a batch, and what waits
	waiting waiting

	base     time.Time // a moment before Open; times below are nanoseconds since then, and 0 is never
	heard    atomic.Int64
	left     atomic.Int64
	wrote    atomic.Int64
	asked    atomic.Int64                   // when Unanswered last spoke
	peer     atomic.Pointer[netip.AddrPort] // takes keepalives
	interval atomic.Int64                   // between keepalives, in nanoseconds
	again    chan struct{}                  // it was changed
	counters counters
}

// attachment is one inside while it is in use.
type attachment struct {
	inside Inside
	mtu    int
	gone   atomic.Bool
	warned atomic.Bool // an ICMP message is on its way to it
}

// Open starts to read the outside.
func Open(o Outside, opt Options) *Tunnel {
	t := &Tunnel{outside: o, marker: opt.Marker, ike: make(chan IKEDatagram, ikeQueue), unanswered: make(chan struct{}, 1), wanted: make(chan struct{}, 1),
		done: make(chan struct{}), open: true, base: time.Now().Add(-1), again: make(chan struct{}, 1)}
	t.SetKeepalive(opt.Keepalive)
	t.table.Store(&table{in: map[uint32]*inbound{}})
	t.asked.Store(-quietAfter)
	t.wg.Add(2)
	go t.inbound()
	go t.keepalive()
	return t
}

// IKE gives the IKE messages that arrive. It is closed after Close.
func (t *Tunnel) IKE() <-chan IKEDatagram { return t.ike }

// Unanswered says that a packet left although the peer has been silent for a second or more: on-demand DPD may have
// something to ask for. It says so at most once a second, for as long as packets leave into the silence.
func (t *Tunnel) Unanswered() <-chan struct{} { return t.unanswered }

// Wanted says that a packet for the inside found no IPsec SA. It says so again only when that was taken.
func (t *Tunnel) Wanted() <-chan struct{} { return t.wanted }

// LocalAddr is the address and port that peer sees of us, NAT aside.
func (t *Tunnel) LocalAddr(peer netip.Addr) (netip.AddrPort, error) {
	a := t.outside.LocalAddr(peer)
	if !a.IsValid() {
		return a, fmt.Errorf("there is no route to %s", peer)
	}
	return a, nil
}

// WriteIKE sends one IKE message.
func (t *Tunnel) WriteIKE(peer netip.AddrPort, marker bool, data []byte) error {
	if marker {
		data = append(make([]byte, 4, 4+len(data)), data...)
	}
	t.wrote.Store(t.now())
	_, err := t.outside.WriteBatch([]Datagram{{Peer: peer, Data: data}})
	return err
}

// SetPeer names the peer that NAT keepalives go to; without the marker there are none.
func (t *Tunnel) SetPeer(peer netip.AddrPort, marker bool) {
	if !marker || !peer.Addr().Is4() {
		t.peer.Store(nil)
		return
	}
	t.peer.Store(&peer)
}

// Attach puts a device at the inside. The device before it must be detached.
func (t *Tunnel) Attach(in Inside) {
	mtu, err := in.MTU()
	if err != nil || mtu < 576 {
		mtu = 1400
	}
	a := &attachment{inside: in, mtu: mtu}
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.open {
		return
	}
	if old := t.inside.Swap(a); old != nil {
		old.gone.Store(true)
	}
	go t.outbound(a)
}

// Detach takes the device off. Once the batch that is under way is done, nothing more is written to it, and what is
// read from it is dropped; its reader ends when the owner closes the device.
func (t *Tunnel) Detach() {
	if a := t.inside.Swap(nil); a != nil {
		a.gone.Store(true)
	}
}

// Close closes the outside and waits until nothing reads it any more. The device, if one is attached, is detached but
// not closed; its reader ends when the owner closes it, before or after.
func (t *Tunnel) Close() error {
	t.mu.Lock()
	if !t.open {
		t.mu.Unlock()
		return nil
	}
	t.open = false
	t.mu.Unlock()
	t.Detach()
	close(t.done)
	err := t.outside.Close()
	t.wg.Wait()
	t.RetireAll()
	t.forget()
	return err
}

// Heard is when the last authentic ESP packet came; the zero time if none did.
func (t *Tunnel) Heard() time.Time { return t.when(&t.heard) }

// LastSent is when the last packet of the inside left; the zero time if none did.
func (t *Tunnel) LastSent() time.Time { return t.when(&t.left) }

func (t *Tunnel) when(v *atomic.Int64) time.Time {
	n := v.Load()
	if n == 0 {
		return time.Time{}
	}
	return t.base.Add(time.Duration(n))
}

func (t *Tunnel) now() int64 { return int64(time.Since(t.base)) }

// SetKeepalive changes Options.Keepalive.
func (t *Tunnel) SetKeepalive(d time.Duration) {
	if d <= 0 {
		d = 20 * time.Second
	}
	t.interval.Store(int64(d))
	select {
	case t.again <- struct{}{}:
	default: // it will look at the latest
	}
}

// keepalive keeps the NAT mapping when nothing else does. One byte, never behind a marker.
func (t *Tunnel) keepalive() {
	defer t.wg.Done()
	timer := time.NewTimer(time.Duration(t.interval.Load()))
	defer timer.Stop()
	for {
		select {
		case <-t.done:
			return
		case <-t.again:
		case <-timer.C:
		}
		interval := time.Duration(t.interval.Load())
		idle := time.Duration(t.now() - max(t.wrote.Load(), t.left.Load()))
		if idle < interval {
			timer.Reset(interval - idle)
			continue
		}
		if p := t.peer.Load(); p != nil {
			t.wrote.Store(t.now())
			n, _ := t.outside.WriteBatch([]Datagram{{Peer: *p, Data: []byte{0xff}}}) // the count says it
			t.counters.add(dropOutside, uint64(1-n))
		}
		timer.Reset(interval)
	}
}
