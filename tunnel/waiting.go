package tunnel

import "time"

// While no IPsec SA is up, the latest packets for the inside wait a moment: for a tunnel that rests until it is wanted,
// and for the next gateway after one has died. What waits longer is of no use to anybody any more.
const (
	maxWaiting  = 64
	waitingTime = int64(3e9) // nanoseconds
	// resumeTime is how long they wait on once there is an SA: the gateway has it only when it has worked message 3 of
	// Quick Mode, which leaves at this moment.
	resumeTime = 150 * time.Millisecond
)

// waiting are packets without an SA, oldest first. It belongs to whoever holds Tunnel.sealing.
type waiting struct {
	packets [][]byte
	since   []int64
}

// hold keeps a copy of a packet, and counts what has to go for it.
func (t *Tunnel) hold(p []byte) {
	w := &t.waiting
	if n := len(w.packets); n == maxWaiting {
		t.counters.add(dropNoSA, 1)
		w.packets, w.since = append(w.packets[:0], w.packets[1:]...), append(w.since[:0], w.since[1:]...)
	}
	w.packets, w.since = append(w.packets, append([]byte(nil), p...)), append(w.since, t.now())
}

// unhold sends what waited, now that there is an IPsec SA.
func (t *Tunnel) unhold() {
	t.sealing.Lock()
	defer t.sealing.Unlock()
	w := t.waiting
	t.waiting = waiting{}
	in := t.inside.Load()
	if len(w.packets) == 0 {
		return
	}
	if in == nil || in.gone.Load() {
		t.counters.add(dropNoSA, uint64(len(w.packets)))
		return
	}
	a := newSendArena(len(w.packets), in.mtu)
	n := 0
	for i, p := range w.packets {
		if t.now()-w.since[i] > waitingTime || headroom+len(p)+espRoom > len(a.bufs[n]) {
			t.counters.add(dropNoSA, 1)
			continue
		}
		a.sizes[n] = copy(a.bufs[n][headroom:], p)
		n++
	}
	t.sealBatch(in, a, n)
}

// forget drops what waits.
func (t *Tunnel) forget() {
	t.sealing.Lock()
	defer t.sealing.Unlock()
	t.counters.add(dropNoSA, uint64(len(t.waiting.packets)))
	t.waiting = waiting{}
}
