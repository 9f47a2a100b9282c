package ike

import (
	"encoding/binary"
	"slices"
	"time"

	"ezvpn/ike/isakmp"
	"ezvpn/ike/keymat"
)

// child is one IPsec SA under the ISAKMP SA, with the dates that rule it.
type child struct {
	sa       IPsecSA
	commit   time.Time // outbound goes ahead without CONNECTED
	retire   time.Time // it was replaced: the peer is told, and it goes
	lapse    time.Time // adopted while the peer had to confirm it: it has so long
	rekeying bool
	yields   bool // it ends, because both ends made one at the same time
	told     bool // of the end: the peer was sent a Delete
}

func (ch *child) clear() {
	for _, k := range []Secret{ch.sa.In.Enc, ch.sa.In.Auth, ch.sa.Out.Enc, ch.sa.Out.Auth} {
		clear(k)
	}
}

// copy is for the owner, who clears its keys by itself.
func (ch *child) copy() IPsecSA {
	sa := ch.sa
	for _, k := range []*Secret{&sa.In.Enc, &sa.In.Auth, &sa.Out.Enc, &sa.Out.Auth} {
		*k = clone(*k)
	}
	return sa
}

func (ch *child) deadline() time.Time {
	next := ch.sa.Expires
	for _, t := range []time.Time{ch.commit, ch.retire, ch.leaves(), ch.lapse, ch.sa.Rekey} {
		if !t.IsZero() && t.Before(next) {
			next = t
		}
	}
	return next
}

// maxChildren is twice the networks that a gateway can push.
const maxChildren = 2 * maxNetworks

// overlap is how long a replaced SA still receives: packets on the way arrive. The peer is told a while before, and
// once more at the end: it may have sent on it until then, and nobody answers a Delete.
const (
	overlap = 30 * time.Second
	linger  = 5 * time.Second
)

// leaves is when the peer is first told that a replaced SA goes.
func (ch *child) leaves() time.Time {
	if ch.retire.IsZero() || ch.told {
		return time.Time{}
	}
	return ch.retire.Add(-linger)
}

// retryRekey is when a rekey that came to nothing is tried again.
const retryRekey = 30 * time.Second

// live says whether there is an IPsec SA that may be used.
func (c *Conn) live() bool {
	return slices.ContainsFunc(c.keeper().children, func(ch *child) bool { return ch.sa.Ready })
}

func (c *Conn) child(in uint32) *child {
	for _, ch := range c.keeper().children {
		if ch.sa.In.SPI == in {
			return ch
		}
	}
	return nil
}

// newest is the latest SA for a selector that is in use.
func (c *Conn) newest(s Selector) *child {
	for _, ch := range slices.Backward(c.keeper().children) {
		if ch.sa.Ready && ch.retire.IsZero() && ch.sa.Selector == s {
			return ch
		}
	}
	return nil
}

// makeChild derives the keys of an agreed Quick Mode (RFC 2409 §5.5).
func (c *Conn) makeChild(now time.Time, x *exchange, initiated bool) *child {
	q := x.quick
	if c.keeper().phase == closed {
		return nil // the association that took our IPsec SAs over
	}
	n, ok := keyLengths(q.chosen.suite)
	if !ok {
		c.fail(Internal, Local, errNotOffered)
		return nil
	}
	k := keymat.Quick{Hash: c.auth.hash, SKEYIDD: c.auth.keys.D, GXY: q.gxy, Ni: q.ni, Nr: q.nr}
	half := func(spi uint32) SPIKeys {
		b := k.KEYMAT(spi, n[0]+n[1])
		return SPIKeys{SPI: spi, Enc: b[:n[0]:n[0]], Auth: b[n[0]:]}
	}
	life := clamp(q.life.Time, 0, minLife2, maxLife2, defaultLife2)
	life = max(life, minLife2)
	sa := IPsecSA{Suite: q.chosen.suite, In: half(q.spi), Out: half(q.chosen.spi), Selector: q.selector, Since: now,
		Expires: now.Add(life), PFS: q.chosen.pfs, Replaces: q.replaces, Initiated: initiated}
	if q.life.Kilobytes > 0 {
		sa.Bytes = volume(q.life.Kilobytes)
	}
	if c.client != nil {
		sa.Rekey = now.Add(life - c.margin(life))
	}
	ch := &child{sa: sa}
	keeper := c.keeper()
	keeper.children = append(keeper.children, ch)
	if initiated {
		keeper.replaced(now, ch)
	}
	return ch
}

// volume is a life in bytes: not so short that it is a storm, nor so long that it cannot be counted.
func volume(kilobytes uint64) uint64 { return min(max(kilobytes, minKilobytes), 1<<50) * 1024 }

// margin is how long before the end we rekey: a tenth of the life, but time enough for every retransmission, and some
// chance, so that many clients do not come at once.
func (c *Conn) margin(life time.Duration) time.Duration {
	least := min(max(life/10, time.Minute), life/4)
	var b [2]byte
	if !c.random(b[:]) {
		return least
	}
	return least + life/20*time.Duration(binary.BigEndian.Uint16(b[:]))/65536
}

// follows finds the SA that a new one for s takes the place of: the latest for the same selector, or the only one that
// carries a part of it, as when a gateway narrowed what we proposed and then proposes everything.
func (c *Conn) follows(s Selector) uint32 {
	if old := c.newest(s); old != nil {
		return old.sa.In.SPI
	}
	spi, parts := uint32(0), map[Selector]bool{}
	for _, ch := range c.keeper().children {
		if ch.sa.Ready && ch.retire.IsZero() && within(ch.sa.Selector, s) {
			spi, parts[ch.sa.Selector] = ch.sa.In.SPI, true
		}
	}
	if len(parts) != 1 {
		return 0
	}
	return spi
}

// connect lets the outbound direction be used.
func (c *Conn) connect(now time.Time, ch *child) {
	ch.commit, ch.lapse = time.Time{}, time.Time{}
	if ch.sa.Ready || c.keeper().concede(now, ch) {
		return
	}
	ch.sa.Ready = true
	c.emit(SAUp{ch.copy()})
	c.keeper().replaced(now, ch)
}

// ageChildren does what is due for each IPsec SA.
func (c *Conn) ageChildren(now time.Time) {
	reached := func(t time.Time) bool { return !t.IsZero() && !now.Before(t) }
	for _, ch := range slices.Clone(c.children) {
		switch {
		case c.phase == closed:
			return
		case reached(ch.sa.Expires):
			c.dropChild(ch, "expired", true)
			c.again(now, ch)
		case reached(ch.lapse):
			c.dropChild(ch, "never confirmed", true)
		case reached(ch.retire):
			c.dropChild(ch, "replaced", true)
		case reached(ch.leaves()):
			ch.told = true
			c.inform(ch.delete())
		case reached(ch.commit):
			c.note("timeout", "CONNECTED did not come; outbound goes ahead")
			c.connect(now, ch)
		case reached(ch.sa.Rekey):
			c.rekey(now, ch)
		}
	}
}

func (c *Conn) rekey(now time.Time, ch *child) {
	ch.sa.Rekey = time.Time{}
	switch {
	case ch.rekeying || !ch.retire.IsZero():
		return
	case c.pending(ch):
		ch.sa.Rekey = now.Add(retryRekey)
		return
	}
	ch.rekeying = true
	c.startQuick(now, ch.sa.Selector, ch.sa.In.SPI)
}

// Rekey starts a Quick Mode that replaces the IPsec SA with this inbound SPI, as when its volume is used up.
func (c *Conn) Rekey(now time.Time, in uint32) []Event {
	if ch, k := c.child(in), c.keeper(); ch != nil && k.phase != closed {
		k.rekey(now, ch)
	}
	return c.take()
}

// postpone tries a rekey again that came to nothing.
func (c *Conn) postpone(now time.Time, in uint32) {
	if ch := c.child(in); ch != nil && in != 0 {
		ch.rekeying = false
		ch.sa.Rekey = now.Add(retryRekey)
	}
}

// againPause lies between the Quick Modes for IPsec SAs that the peer deletes.
const againPause = 30 * time.Second

// again negotiates anew when an SA went that was the last for its selector, since the tunnel is wanted: at once, but
// not in a loop with a gateway that deletes each new one.
func (c *Conn) again(now time.Time, ch *child) {
	if c.client == nil || c.phase != configured || ch.rekeying || !ch.retire.IsZero() || c.newest(ch.sa.Selector) != nil || c.rescue(now, ch) {
		return
	}
	if next := c.lastAgain.Add(againPause); now.Before(next) {
		c.later(wanted{selector: ch.sa.Selector}, next)
		return
	}
	c.lastAgain = now
	c.quicks = append(c.quicks, wanted{selector: ch.sa.Selector})
	c.nextQuick(now)
}

func (ch *child) delete() isakmp.Delete {
	return isakmp.Delete{DOI: isakmp.DOIIPsec, Protocol: isakmp.ProtocolESP, SPISize: 4,
		SPIs: [][]byte{binary.BigEndian.AppendUint32(nil, ch.sa.In.SPI)}}
}

// dropChild forgets an IPsec SA; tell sends a Delete for it.
func (c *Conn) dropChild(ch *child, why string, tell bool) {
	if tell {
		c.inform(ch.delete())
	}
	c.children = slices.DeleteFunc(c.children, func(x *child) bool { return x == ch })
	ch.clear()
	c.emit(SADown{In: ch.sa.In.SPI, Why: why})
}
