package tunnel

import (
	"encoding/binary"
	"net/netip"
	"slices"
	"sync/atomic"
	"time"

	"ezvpn/tunnel/esp"
)

// table is the SA table at one moment. It is not changed once it is in use.
type table struct {
	in  map[uint32]*inbound
	out []*outbound // newest first
}

// inbound and outbound are the halves of an SA, with their counters. The receiver belongs to the inbound pump.
type inbound struct {
	rx            *esp.Receiver
	local, remote prefix
	packets       atomic.Uint64
	bytes         atomic.Uint64
	last          atomic.Int64
	out           *outbound // nil while the outbound direction is not ready
}

type outbound struct {
	spi           uint32
	tx            *esp.Sender
	local, remote prefix
	peer          netip.AddrPort
	mss           uint16
	packets       atomic.Uint64
	bytes         atomic.Uint64
	seq           atomic.Uint32
}

// prefix is an IPv4 network as numbers.
type prefix struct{ addr, mask uint32 }

func newPrefix(p netip.Prefix) prefix {
	if !p.IsValid() || !p.Addr().Is4() {
		return prefix{}
	}
	a := p.Masked().Addr().As4()
	return prefix{binary.BigEndian.Uint32(a[:]), ^uint32(0) << (32 - p.Bits())}
}

func (p prefix) has(addr uint32) bool { return addr&p.mask == p.addr }

// lookup gives the newest SA for an inner packet; nil means that none covers it.
func (t *table) lookup(src, dst uint32) *outbound {
	for _, o := range t.out {
		if o.remote.has(dst) && o.local.has(src) {
			return o
		}
	}
	return nil
}

// Install puts an SA in use: inbound at once, outbound unless InOnly is set. Installing the same inbound SPI again
// without InOnly adds the outbound half. The keys are cleared.
func (t *Tunnel) Install(sa SA) error {
	defer func() {
		for _, k := range [][]byte{sa.InEnc, sa.InAuth, sa.OutEnc, sa.OutAuth} {
			clear(k)
		}
	}()
	t.mu.Lock()
	defer t.mu.Unlock()
	old := t.table.Load()
	half, known := old.in[sa.InSPI]
	if !known {
		rx, err := esp.NewReceiver(sa.InSPI, sa.Suite, sa.InEnc, sa.InAuth)
		if err != nil {
			return err
		}
		half = &inbound{rx: rx, local: newPrefix(sa.Local), remote: newPrefix(sa.Remote)}
	}
	next := &table{in: map[uint32]*inbound{}, out: slices.Clone(old.out)}
	for k, v := range old.in {
		next.in[k] = v
	}
	next.in[sa.InSPI] = half
	if !sa.InOnly && half.out == nil {
		tx, err := esp.NewSender(sa.OutSPI, sa.Suite, sa.OutEnc, sa.OutAuth)
		if err != nil {
			return err
		}
		// A copy with the outbound half: the old value may be in use by a reader of the old table.
		half.out = &outbound{spi: sa.OutSPI, tx: tx, local: half.local, remote: half.remote, peer: sa.Peer,
			mss: mssFor(InnerMTU(PathMTU, sa.Suite))}
		next.out = append([]*outbound{half.out}, next.out...)
	}
	t.table.Store(next)
	return nil
}

// Retire takes an SA out of use, by its inbound SPI.
func (t *Tunnel) Retire(in uint32) {
	t.mu.Lock()
	defer t.mu.Unlock()
	old := t.table.Load()
	half, ok := old.in[in]
	if !ok {
		return
	}
	next := &table{in: map[uint32]*inbound{}}
	for k, v := range old.in {
		if k != in {
			next.in[k] = v
		}
	}
	for _, o := range old.out {
		if o != half.out {
			next.out = append(next.out, o)
		}
	}
	t.table.Store(next)
}

// RetireAll takes all SAs out of use: nothing passes any more, in either direction.
func (t *Tunnel) RetireAll() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.table.Store(&table{})
}

// SAStats gives the counters of each SA in use, by inbound SPI.
func (t *Tunnel) SAStats() []SAStats {
	t.mu.Lock() // for half.out, which Install sets
	defer t.mu.Unlock()
	var out []SAStats
	for spi, half := range t.table.Load().in {
		s := SAStats{InSPI: spi, InBytes: half.bytes.Load(), InPackets: half.packets.Load()}
		if n := half.last.Load(); n != 0 {
			s.LastIn = t.base.Add(time.Duration(n))
		}
		if o := half.out; o != nil {
			s.OutSPI, s.OutBytes, s.OutPackets, s.OutSeq = o.spi, o.bytes.Load(), o.packets.Load(), o.seq.Load()
		}
		out = append(out, s)
	}
	slices.SortFunc(out, func(a, b SAStats) int { return int(int64(a.InSPI) - int64(b.InSPI)) })
	return out
}
