package tunnel

import (
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
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

// inbound and outbound are the halves of an SA, with their counters. The receiver belongs to the inbound pump, the
// sender to whoever holds Tunnel.sealing; the rest is not changed.
type inbound struct {
	rx            *esp.Receiver
	local, remote prefix
	mss           uint16
	packets       atomic.Uint64
	bytes         atomic.Uint64
	last          atomic.Int64
}

type outbound struct {
	in, spi       uint32 // the inbound SPI of the pair, and the peer's
	tx            *esp.Sender
	local, remote prefix
	peer          netip.AddrPort
	mtu           int
	mss           uint16
	packets       atomic.Uint64
	bytes         atomic.Uint64
	seq           atomic.Uint32
}

// prefix is an IPv4 network as numbers.
type prefix struct{ addr, mask uint32 }

func newPrefix(p netip.Prefix) prefix {
	a := p.Masked().Addr().As4()
	return prefix{binary.BigEndian.Uint32(a[:]), ^uint32(0) << (32 - p.Bits())}
}

func (p prefix) has(addr uint32) bool { return addr&p.mask == p.addr }

// half is the outbound half of the SA with this inbound SPI; nil while there is none.
func (t *table) half(in uint32) *outbound {
	for _, o := range t.out {
		if o.in == in {
			return o
		}
	}
	return nil
}

// lookup gives the newest SA for an inner packet; nil means that none covers it.
func (t *table) lookup(src, dst uint32) *outbound {
	for _, o := range t.out {
		if o.remote.has(dst) && o.local.has(src) {
			return o
		}
	}
	return nil
}

// check refuses what would open the tunnel wider than was negotiated, or look like IKE on the wire.
func (sa SA) check() error {
	for _, p := range []netip.Prefix{sa.Local, sa.Remote} {
		if !p.IsValid() || !p.Addr().Is4() {
			return fmt.Errorf("installing an IPsec SA: the selector %s is not an IPv4 network", p)
		}
	}
	if sa.InSPI == 0 || sa.OutSPI == 0 && !sa.InOnly {
		return errors.New("installing an IPsec SA: SPI 0 means IKE (RFC 3948 §2.2)")
	}
	if !sa.InOnly && !sa.Peer.Addr().Is4() {
		return fmt.Errorf("installing an IPsec SA: the peer %s has no IPv4 address", sa.Peer)
	}
	return nil
}

// Install puts an SA in use: inbound at once, outbound unless InOnly is set. Installing the same inbound SPI again
// without InOnly adds the outbound half. The keys are cleared.
func (t *Tunnel) Install(sa SA) error {
	err := t.install(sa)
	if err == nil && !sa.InOnly {
		time.AfterFunc(resumeTime, t.unhold)
	}
	return err
}

func (t *Tunnel) install(sa SA) error {
	defer func() {
		for _, k := range [][]byte{sa.InEnc, sa.InAuth, sa.OutEnc, sa.OutAuth} {
			clear(k)
		}
	}()
	if err := sa.check(); err != nil {
		return err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	old := t.table.Load()
	next := &table{in: maps.Clone(old.in), out: old.out}
	mtu := InnerMTU(PathMTU, sa.Suite)
	local, remote := newPrefix(sa.Local), newPrefix(sa.Remote)
	if old.in[sa.InSPI] == nil {
		rx, err := esp.NewReceiver(sa.InSPI, sa.Suite, sa.InEnc, sa.InAuth)
		if err != nil {
			return err
		}
		next.in[sa.InSPI] = &inbound{rx: rx, local: local, remote: remote, mss: mssFor(mtu)}
	}
	if !sa.InOnly && old.half(sa.InSPI) == nil {
		tx, err := esp.NewSender(sa.OutSPI, sa.Suite, sa.OutEnc, sa.OutAuth)
		if err != nil {
			return err
		}
		o := &outbound{in: sa.InSPI, spi: sa.OutSPI, tx: tx, local: local, remote: remote, peer: sa.Peer, mtu: mtu, mss: mssFor(mtu)}
		next.out = append([]*outbound{o}, old.out...)
	}
	t.table.Store(next)
	return nil
}

// Retire takes an SA out of use, by its inbound SPI.
func (t *Tunnel) Retire(in uint32) {
	t.mu.Lock()
	defer t.mu.Unlock()
	old := t.table.Load()
	next := &table{in: maps.Clone(old.in)}
	delete(next.in, in)
	for _, o := range old.out {
		if o.in != in {
			next.out = append(next.out, o)
		}
	}
	t.table.Store(next)
}

// RetireAll takes all SAs out of use: nothing passes any more, in either direction.
func (t *Tunnel) RetireAll() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.table.Store(&table{in: map[uint32]*inbound{}})
}

// SAStats gives the counters of each SA in use, by inbound SPI.
func (t *Tunnel) SAStats() []SAStats {
	var all []SAStats
	tab := t.table.Load()
	for spi, in := range tab.in {
		s := SAStats{InSPI: spi, InBytes: in.bytes.Load(), InPackets: in.packets.Load(), LastIn: t.when(&in.last)}
		if o := tab.half(spi); o != nil {
			s.OutSPI, s.OutBytes, s.OutPackets, s.OutSeq = o.spi, o.bytes.Load(), o.packets.Load(), o.seq.Load()
		}
		all = append(all, s)
	}
	slices.SortFunc(all, func(a, b SAStats) int { return cmp.Compare(a.InSPI, b.InSPI) })
	return all
}
