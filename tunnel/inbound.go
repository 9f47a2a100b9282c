package tunnel

import (
	"encoding/binary"
	"errors"
	"io"
	"net"
	"os"
	"slices"

	"ezvpn/tunnel/esp"
)

// readBatch is how many datagrams one read takes at most.
const readBatch = 128

// writeOffset is the scratch that the TUN library wants before a packet.
const writeOffset = 16

// writeRoom is the capacity of an inbound buffer: the TUN library gathers TCP segments behind the first one.
const writeRoom = 65535

// receiveArena is the memory of the inbound pump, made once. Pages that are never written cost nothing.
type receiveArena struct {
	in    []Datagram
	batch []esp.Packet
	sa    []*inbound
	bufs  [][]byte
	out   [][]byte
}

func newReceiveArena() *receiveArena {
	a := &receiveArena{in: make([]Datagram, readBatch), batch: make([]esp.Packet, 0, readBatch), sa: make([]*inbound, 0, readBatch),
		bufs: make([][]byte, readBatch), out: make([][]byte, 0, readBatch)}
	for i := range a.bufs {
		a.bufs[i] = make([]byte, writeOffset+writeRoom)
	}
	return a
}

func closedError(err error) bool {
	return errors.Is(err, net.ErrClosed) || errors.Is(err, os.ErrClosed) || errors.Is(err, io.EOF)
}

// inbound pumps datagrams until the outside is closed.
func (t *Tunnel) inbound() {
	defer t.wg.Done()
	defer close(t.ike)
	a := newReceiveArena()
	var failed backoff
	for {
		n, err := t.outside.ReadBatch(a.in)
		if err != nil {
			if closedError(err) || !failed.wait(t.done) {
				return
			}
			continue
		}
		failed.good()
		t.openBatch(a, n)
	}
}

// demux says what a datagram is (RFC 3948 §2). A datagram from port 500 is plain IKE.
func demux(d Datagram, marker bool) (ike []byte, isIKE, isESP bool) {
	switch {
	case !marker && d.Peer.Port() == 500:
		return d.Data, true, false
	case len(d.Data) == 1 && d.Data[0] == 0xff, len(d.Data) < 4:
		return nil, false, false // NAT keepalive
	case binary.BigEndian.Uint32(d.Data) == 0:
		return d.Data[4:], true, false
	}
	return nil, false, true
}

func (t *Tunnel) openBatch(a *receiveArena, n int) {
	tab := t.table.Load()
	a.batch, a.sa = a.batch[:0], a.sa[:0]
	for _, d := range a.in[:n] {
		ike, isIKE, isESP := demux(d, t.marker)
		if isIKE {
			t.hand(IKEDatagram{Peer: d.Peer, Marker: t.marker || d.Peer.Port() != 500, Data: slices.Clone(ike)})
		}
		if !isESP {
			continue
		}
		sa := tab.in[esp.SPIOf(d.Data)]
		if sa == nil {
			t.counters.add(dropSPI, 1)
			continue
		}
		a.batch = append(a.batch, esp.Packet{Src: d.Data, Dst: a.bufs[len(a.batch)][writeOffset:]})
		a.sa = append(a.sa, sa)
	}
	if len(a.batch) > 0 {
		t.deliver(a)
	}
}

// hand gives an IKE message to its owner, who may be slow.
func (t *Tunnel) hand(d IKEDatagram) {
	select {
	case t.ike <- d:
	default:
		t.counters.add(dropIKE, 1)
	}
}

// deliver opens a batch and writes what is good to the inside.
func (t *Tunnel) deliver(a *receiveArena) {
	now := t.now()
	a.out = a.out[:0]
	var bytes uint64
	for from := 0; from < len(a.batch); {
		to := from + 1
		for to < len(a.batch) && a.sa[to] == a.sa[from] {
			to++
		}
		bytes += t.openRun(a, from, to, now)
		from = to
	}
	if len(a.out) == 0 {
		return
	}
	in := t.inside.Load()
	if in == nil {
		t.counters.add(dropInside, uint64(len(a.out)))
		return
	}
	t.counters.inPackets.Add(uint64(len(a.out)))
	t.counters.inBytes.Add(bytes)
	// The device counts bytes or packets, as it likes, and may gather several: only nothing at all is sure.
	if n, err := in.inside.WriteBatch(a.out, writeOffset); err != nil && n == 0 {
		t.counters.add(dropInside, uint64(len(a.out)))
	} else if err != nil {
		t.counters.add(dropInside, 1)
	}
}

func (t *Tunnel) openRun(a *receiveArena, from, to int, now int64) (bytes uint64) {
	sa, run := a.sa[from], a.batch[from:to]
	sa.rx.Open(run)
	var packets uint64
	heard := false
	for i := range run {
		p := &run[i]
		heard = heard || p.Err == nil || p.Err == esp.ErrDummy
		if p.Err != nil {
			if kind := espDrop(p.Err); kind >= 0 {
				t.counters.add(kind, 1)
			}
			continue
		}
		inner := p.Dst[:p.N]
		if !sa.remote.has(binary.BigEndian.Uint32(inner[12:])) || !sa.local.has(binary.BigEndian.Uint32(inner[16:])) {
			t.counters.add(dropSelector, 1)
			continue
		}
		clampMSS(inner, sa.mss)
		bytes += uint64(p.N)
		packets++
		buf := a.bufs[from+i]
		a.out = append(a.out, buf[:writeOffset+p.N])
	}
	if heard {
		t.heard.Store(now)
		sa.last.Store(now)
	}
	sa.packets.Add(packets)
	sa.bytes.Add(bytes)
	return bytes
}
