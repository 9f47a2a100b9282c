package tunnel

import (
	"encoding/binary"

	"ezvpn/tunnel/esp"
)

// headroom is where a packet begins in its buffer: the ESP header fits before it, and what the TUN library wants.
const headroom = 64

// Room for one inner packet with what ESP adds, in bytes.
const (
	espRoom    = 128
	packetRoom = 2048 // at least
)

// sendArena is the memory of one outbound pump, made once.
type sendArena struct {
	bufs  [][]byte
	sizes []int
	batch []esp.Packet
	out   []Datagram
	sa    []*outbound
}

func newSendArena(n, mtu int) *sendArena {
	a := &sendArena{bufs: make([][]byte, n), sizes: make([]int, n), batch: make([]esp.Packet, 0, n), out: make([]Datagram, 0, n),
		sa: make([]*outbound, 0, n)}
	size := headroom + max(packetRoom, mtu+espRoom)
	memory := make([]byte, n*size)
	for i := range a.bufs {
		a.bufs[i], memory = memory[:size:size], memory[size:]
	}
	return a
}

// outbound pumps packets of one device until the device is closed. From a detached device it goes on to read: what
// writes to the other end of it must not get stuck.
func (t *Tunnel) outbound(in *attachment) {
	a := newSendArena(in.inside.BatchSize(), in.mtu)
	var failed backoff
	for {
		n, err := in.inside.ReadBatch(a.bufs, a.sizes, headroom)
		if err != nil && closedError(err) {
			return
		}
		if n == 0 {
			// The library reports single packets that it cannot take so, too.
			t.counters.add(dropInside, 1)
			failed.wait(nil)
			continue
		}
		failed.good()
		t.sealing.Lock()
		if !in.gone.Load() {
			t.sealBatch(in, a, n)
		}
		t.sealing.Unlock()
	}
}

// sealBatch sends what one read gave. Runs of packets for one SA are sealed together.
func (t *Tunnel) sealBatch(in *attachment, a *sendArena, n int) {
	tab := t.table.Load()
	a.batch, a.out, a.sa = a.batch[:0], a.out[:0], a.sa[:0]
	for i := range n {
		p := a.bufs[i][headroom : headroom+a.sizes[i]]
		if len(p) < 20 || p[0]>>4 != 4 || p[0]&15 < 5 {
			t.counters.add(dropNotIPv4, 1)
			continue
		}
		sa := tab.lookup(binary.BigEndian.Uint32(p[12:]), binary.BigEndian.Uint32(p[16:]))
		if sa == nil {
			t.unserved(tab, p)
			continue
		}
		// What may be fragmented leaves as it is: the outer packet is, on its way (RFC 4301 §8.1, DF clear).
		if mtu := min(in.mtu, sa.mtu); len(p) > in.mtu || len(p) > mtu && p[6]&flagDF != 0 {
			t.counters.add(dropTooBig, 1)
			t.tooBig(in, p, mtu)
			continue
		}
		clampMSS(p, sa.mss)
		h := sa.tx.Suite().HeaderLen()
		a.batch = append(a.batch, esp.Packet{Src: p, Dst: a.bufs[i][headroom-h:]})
		a.sa = append(a.sa, sa)
	}
	var bytes, sent uint64
	for from := 0; from < len(a.batch); {
		to := from + 1
		for to < len(a.batch) && a.sa[to] == a.sa[from] {
			to++
		}
		b, k := t.sealRun(a.sa[from], a.batch[from:to], a)
		bytes, sent = bytes+b, sent+k
		from = to
	}
	if len(a.out) == 0 {
		return
	}
	t.leave()
	t.counters.outPackets.Add(sent)
	t.counters.outBytes.Add(bytes)
	k, _ := t.outside.WriteBatch(a.out) // an error here is one of the reader, too, and k tells what is lost
	t.counters.add(dropOutside, uint64(len(a.out)-k))
}

// unserved takes a packet that no IPsec SA covers. While there is none at all, it may be that one comes soon.
func (t *Tunnel) unserved(tab *table, p []byte) {
	if len(tab.out) > 0 {
		t.counters.add(dropNoSA, 1)
	} else {
		t.hold(p)
	}
	select {
	case t.wanted <- struct{}{}:
	default:
	}
}

func (t *Tunnel) sealRun(sa *outbound, run []esp.Packet, a *sendArena) (bytes, packets uint64) {
	_, _ = sa.tx.Seal(run) // each packet has its own error
	for i := range run {
		switch run[i].Err {
		case nil:
			a.out = append(a.out, Datagram{Peer: sa.peer, Data: run[i].Dst[:run[i].N]})
			bytes += uint64(len(run[i].Src))
			packets++
		case esp.ErrExhausted:
			t.counters.add(dropSequence, 1)
		default:
			t.counters.add(dropTooBig, 1)
		}
	}
	sa.packets.Add(packets)
	sa.bytes.Add(bytes)
	sa.seq.Store(sa.tx.Seq())
	return bytes, packets
}

// quietAfter is how long the peer is silent before a packet that leaves is worth a word to on-demand DPD, and how
// long the word lasts, in nanoseconds.
const quietAfter = int64(1e9)

// leave notes that packets go out now.
func (t *Tunnel) leave() {
	now := t.now()
	t.left.Store(now)
	if now-t.heard.Load() < quietAfter || now-t.asked.Load() < quietAfter {
		return
	}
	t.asked.Store(now)
	select {
	case t.unanswered <- struct{}{}:
	default:
	}
}
