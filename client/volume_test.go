package client

import (
	"testing"

	"ezvpn/ike"
	"ezvpn/tunnel"
)

func TestUsedUp(t *testing.T) {
	const kb = 1024
	tests := []struct {
		life    uint64
		in, out uint64
		seq     uint32
		want    bool
	}{
		{0, 1 << 50, 1 << 50, 1 << 20, false}, // no life in bytes
		{4608000 * kb, 0, 0, 0, false},
		{4608000 * kb, 3600000 * kb, 0, 0, false},
		{4608000 * kb, 3700000 * kb, 0, 0, true},
		{4608000 * kb, 0, 3700000 * kb, 0, true},
		{4608000 * kb, 2000000 * kb, 2000000 * kb, 0, false}, // each direction is an SA of its own
		{1<<64 - 1, 1 << 62, 1 << 62, 0, false},              // no overflow
		{0, 0, 0, 1<<31 - 1, false},
		{0, 0, 0, 1 << 31, true},
	}
	for _, tt := range tests {
		if got := usedUp(ike.IPsecSA{Bytes: tt.life}, tunnel.SAStats{InBytes: tt.in, OutBytes: tt.out, OutSeq: tt.seq}); got != tt.want {
			t.Errorf("%+v: %v", tt, got)
		}
	}
}
