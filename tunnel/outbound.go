package tunnel

import (
	"encoding/binary"

	"ezvpn/tunnel/esp"
)

// headroom is where a packet begins in its buffer: the ESP header fits before it, and what the TUN library wants.
const headroom = 64

// packetRoom is the room for one inner packet with what ESP adds, in bytes.
const packetRoom = 2048

// sendArena is the memory of one outbound pump, made once.
type sendArena struct {
	bufs  [][]byte
	sizes []int
	batch []esp.Packet
	out   []Datagram
	sa    []*outbound
}

func newSendArena(n int) *sendArena {
	a := &sendArena{bufs: make([][]byte, n), sizes: make([]int, n), batch: make([]esp.Packet, 0, n), out: make([]Datagram, 0, n),
		sa: make([]*outbound, 0, n)}
	memory := make([]byte, n*(headroom+packetRoom))
	for i := range a.bufs {
		a.bufs[i], memory = memory[:headroom+packetRoom:headroom+packetRoom], memory[headroom+packetRoom:]
	}
	return a
}

// outbound pumps packets of one device until the device is closed.
func (t *Tunnel) outbound(in *attachment) {
	defer t.wg.Done()
	a := newSendArena(in.inside.BatchSize())
	for {
		n, err := in.inside.ReadBatch(a.bufs, a.sizes, headroom)
		if err != nil && n == 0 {
			if in.gone.Load() || closedError(err) {
				return
			}
			continue
		}
		if in.gone.Load() {
			continue // detached: dropped until the owner closes the device
		}
		t.sealing.Lock()
		t.sealBatch(in, a, n)
		t.sealing.Unlock()
	}
}

// sealBatch sends what one read gave. Runs of packets for one SA are sealed together.
func (t *Tunnel) sealBatch(in *attachment, a *sendArena, n int) {
	tab := t.table.Load()
	a.batch, a.out, a.sa = a.batch[:0], a.out[:0], a.sa[:0]
	for i := range n {
		p := a.bufs[i][headroom : headroom+a.sizes[i]]
		if len(p) < 20 || p[0]>>4 != 4 {
			t.counters.add(dropNotIPv4, 1)
			continue
		}
		sa := tab.lookup(binary.BigEndian.Uint32(p[12:]), binary.BigEndian.Uint32(p[16:]))
		if sa == nil {
			t.counters.add(dropNoSA, 1)
			continue
		}
		if len(p) > in.mtu {
			t.counters.add(dropTooBig, 1)
			t.tooBig(in, p)
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
	if k, err := t.outside.WriteBatch(a.out); err != nil {
		t.counters.add(dropOutside, uint64(len(a.out)-k))
	}
}

func (t *Tunnel) sealRun(sa *outbound, run []esp.Packet, a *sendArena) (bytes, packets uint64) {
	if _, err := sa.tx.Seal(run); err != nil {
		t.counters.add(dropSequence, 1)
	}
	for i := range run {
		if run[i].Err == nil {
			a.out = append(a.out, Datagram{Peer: sa.peer, Data: run[i].Dst[:run[i].N]})
			bytes += uint64(len(run[i].Src))
			packets++
		}
	}
	sa.packets.Add(packets)
	sa.bytes.Add(bytes)
	sa.seq.Store(sa.tx.Seq())
	return bytes, packets
}

// quietAfter is when a packet that leaves is worth a word to on-demand DPD.
const quietAfter = int64(1e9)

// leave notes that packets go out now.
func (t *Tunnel) leave() {
	now, heard := t.now(), t.heard.Load()
	if t.left.Swap(now) <= heard && now-heard > quietAfter {
		select {
		case t.unanswered <- struct{}{}:
		default:
		}
	}
}
