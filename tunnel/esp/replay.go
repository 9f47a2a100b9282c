package esp

// replayBlocks × 64 is the size of the ring; one block is always being cleared, so the window is 64 less.
const replayBlocks = 32

// ReplayWindow is how many sequence numbers behind the newest are still accepted.
const ReplayWindow = (replayBlocks - 1) * 64

// replay is the anti-replay window of one SA (RFC 4303 §3.4.3), as a ring of bitmaps after RFC 6479. The zero value
// is ready. Not safe for concurrent use.
type replay struct {
	last uint32
	ring [replayBlocks]uint64
}

// check says whether seq is new. It is asked before the packet is authenticated and changes nothing.
func (r *replay) check(seq uint32) bool {
	switch {
	case seq == 0:
		return false
	case seq > r.last:
		return true
	case r.last-seq >= ReplayWindow:
		return false
	}
	return r.ring[seq>>6%replayBlocks]&(1<<(seq&63)) == 0
}

// accept notes an authentic packet. It says false if the number was taken meanwhile.
func (r *replay) accept(seq uint32) bool {
	if !r.check(seq) {
		return false
	}
	if seq > r.last {
		from, to := r.last>>6, seq>>6
		if to-from > replayBlocks {
			from = to - replayBlocks
		}
		for b := from + 1; b <= to; b++ {
			r.ring[b%replayBlocks] = 0
		}
		r.last = seq
	}
	r.ring[seq>>6%replayBlocks] |= 1 << (seq & 63)
	return true
}
