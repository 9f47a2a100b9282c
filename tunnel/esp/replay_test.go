package esp

import (
	"encoding/binary"
	"math"
	"testing"
)

func TestReplayWindow(t *testing.T) {
	const w = ReplayWindow
	if replayBlocks*64 < 2048 {
		t.Errorf("the ring has %d bits", replayBlocks*64)
	}
	type step struct {
		seq uint32
		ok  bool
	}
	for _, v := range []struct {
		name  string
		steps []step
	}{
		{"start", []step{{0, false}, {1, true}, {1, false}, {3, true}, {2, true}, {2, false}, {0, false}}},
		{"starts late", []step{{w + 7, true}, {7, false}, {8, true}, {8, false}}},
		{"lower edge", []step{{w, true}, {1, true}, {w + 1, true}, {1, false}, {2, true}, {w + 3, true}, {3, false}, {4, true}, {4, false}}},
		{"block edges", []step{{63, true}, {64, true}, {63, false}, {65, true}, {127, true}, {128, true}, {64, false}, {128, false}, {62, true}}},
		{"jump of a window", []step{{5, true}, {5 + w, true}, {5, false}, {6, true}}},
		{"jump of the ring", []step{{5, true}, {5 + 2048, true}, {5, false}, {5 + 2048, false}, {4 + 2048, true}}},
		{"same place in the ring", []step{{100, true}, {100 + 2048, true}, {100 + 2*2048, true}, {100 + 2*2048, false}, {99 + 2*2048, true}}},
		{"far jump", []step{{7, true}, {10 * w, true}, {9*w + 1, true}, {9*w + 1, false}, {9 * w, false}, {7, false}, {10*w - 1, true}}},
		{"end of the numbers", []step{{math.MaxUint32 - 1, true}, {math.MaxUint32, true}, {math.MaxUint32, false}, {math.MaxUint32 - 1, false},
			{math.MaxUint32 - w + 1, true}, {math.MaxUint32 - w, false}, {1, false}, {0, false}}},
	} {
		var r replay
		for i, s := range v.steps {
			if got := r.check(s.seq); got != s.ok {
				t.Errorf("%s, step %d: %d checked %v, want %v", v.name, i, s.seq, got, s.ok)
			}
			if got := r.accept(s.seq); got != s.ok {
				t.Errorf("%s, step %d: %d accepted %v, want %v", v.name, i, s.seq, got, s.ok)
			}
		}
	}
}

// TestReplayModel: against a plain set, over a walk with jumps back and forth.
func TestReplayModel(t *testing.T) {
	var r replay
	seen, top, x := map[uint32]bool{}, uint32(0), uint32(7)
	for range 100000 {
		x = x*1664525 + 1013904223
		seq := uint32(max(1, int64(top)+int64(x>>20)-3000))
		want := !seen[seq] && (seq > top || top-seq < ReplayWindow)
		if got := r.accept(seq); got != want {
			t.Fatalf("%d after %d: accepted %v, want %v", seq, top, got, want)
		}
		seen[seq] = true
		top = max(top, seq)
	}
}

// TestForgedNumbers: a stranger's packet, however far ahead, neither takes a number nor moves the window.
func TestForgedNumbers(t *testing.T) {
	for _, s := range suites() {
		tx, rx := pair(t, s)
		first, second := sealed(t, tx, ipv4(40)), sealed(t, tx, ipv4(40))
		for _, seq := range []uint32{2, ReplayWindow + 2, math.MaxUint32} {
			forged := append([]byte(nil), first...)
			binary.BigEndian.PutUint32(forged[4:], seq)
			if err := opened(rx, forged); err != ErrAuth {
				t.Fatalf("%s: forged %d: %v", s, seq, err)
			}
		}
		for i, p := range [][]byte{second, first} {
			if err := opened(rx, p); err != nil {
				t.Errorf("%s: packet %d after the forged ones: %v", s, i, err)
			}
		}
	}
}

// TestDuplicatesInBatch: the window moves within a batch, too.
func TestDuplicatesInBatch(t *testing.T) {
	tx, rx := pair(t, Suite{AESGCM16, 128, 0})
	var wire [][]byte
	for range 3 {
		wire = append(wire, sealed(t, tx, ipv4(40)))
	}
	tx.seq = ReplayWindow
	wire = append(wire, sealed(t, tx, ipv4(40))) // 2 is the oldest now
	var q []Packet
	for _, i := range []int{2, 2, 0, 2, 0, 3, 3, 1, 1} {
		q = append(q, Packet{Src: wire[i], Dst: make([]byte, 128)})
	}
	rx.Open(q)
	for i, want := range []error{nil, ErrReplay, nil, ErrReplay, ErrReplay, nil, ErrReplay, nil, ErrReplay} {
		if q[i].Err != want {
			t.Errorf("packet %d: %v, want %v", i, q[i].Err, want)
		}
	}
}
