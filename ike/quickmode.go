package ike

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"time"

	"ezvpn/ike/isakmp"
	"ezvpn/ike/keymat"
)

// quick is one Quick Mode (RFC 2409 §5.5).
type quick struct {
	selector Selector // from our point of view; the proposal, then what was agreed
	spi      uint32   // our inbound SPI
	ni, nr   []byte
	pair     keymat.KeyPair
	group    keymat.Group // PFS group that was proposed
	gxy      []byte
	chosen   chosen2
	life     Life   // the shortest that was said
	replaces uint32 // inbound SPI of the SA that this one follows
	step     int    // messages that were accepted or sent
	early    bool   // it is answered only so that the peer goes on; see early.go
}

func (q *quick) clear() {
	keymat.Clear(q.pair, q.gxy)
	q.pair, q.gxy = nil, nil
}

// selectors are the Quick Modes to run: one per inside network, and per pushed network where the profile wants that.
func (c *Conn) selectors() (out []Selector) {
	locals := c.client.Inside
	if c.net.Address.IsValid() {
		locals = append([]netip.Prefix{netip.PrefixFrom(c.net.Address, 32)}, locals...)
	}
	remotes := []netip.Prefix{everything}
	if c.client.SAPerNetwork && len(c.net.Include) > 0 {
		remotes = c.net.Include
	}
	for _, l := range locals {
		for _, r := range remotes {
			out = append(out, Selector{l, r})
		}
	}
	return out
}

// wanted is a Quick Mode that waits for its turn.
type wanted struct {
	selector Selector
	replaces uint32 // inbound SPI of the SA that it is to replace, 0 if none
}

// nextQuick starts the Quick Mode whose turn it is. One at a time: gateways take few at once.
func (c *Conn) nextQuick(now time.Time) {
	c.quickAt = time.Time{}
	for len(c.quicks) > 0 && c.phase != closed {
		w := c.quicks[0]
		c.quicks = c.quicks[1:]
		if ch := c.newest(w.selector); ch != nil && ch.sa.In.SPI != w.replaces { // the gateway was first
			continue
		}
		c.startQuick(now, w.selector, w.replaces)
		return
	}
}

// later puts off a Quick Mode.
func (c *Conn) later(w wanted, at time.Time) {
	c.quicks = append(c.quicks, w)
	if c.quickAt.IsZero() || at.Before(c.quickAt) {
		c.quickAt = at
	}
}

// pfs is the group for a Quick Mode: the profile's, or what the gateway's Unity attribute asks for.
func (c *Conn) pfs() keymat.Group {
	if c.server != nil {
		return c.server.PFS
	}
	g := c.client.PFS
	if g == 0 && c.net != nil && c.net.PFS > 0 {
		g = keymat.Group(c.net.PFS)
		if !g.Known() || !c.named(g) { // 1 is how Cisco says "as in phase 1"
			g = c.sa.Suite.Group
		}
	}
	return g
}

// named says whether a group may be used: one that is weak only when the profile names it.
func (c *Conn) named(g keymat.Group) bool {
	return c.server != nil || g != modp1024 || c.client.PFS == g || c.sa.Suite.Group == g
}

const modp1024 = 2

func (c *Conn) suites() []Suite {
	if c.server != nil {
		return c.server.Phase2
	}
	return c.client.Phase2
}

func (c *Conn) life2() Life {
	l := Life{Time: defaultLife2}
	switch {
	case c.client != nil && c.client.Phase2Life.Time > 0:
		l.Time = c.client.Phase2Life.Time
	case c.server != nil && c.server.Life2 > 0:
		l.Time = c.server.Life2
	}
	if c.client != nil {
		l.Kilobytes = c.client.Phase2Life.Kilobytes
	} else {
		l.Kilobytes = c.server.Kilobytes
	}
	return l
}

// startQuick sends message 1.
func (c *Conn) startQuick(now time.Time, s Selector, replaces uint32) {
	x := c.begin(isakmp.QuickMode)
	if x == nil {
		return
	}
	q := &quick{selector: s, replaces: replaces, ni: make([]byte, nonceLen), group: c.pfs(), life: c.life2()}
	var ok bool
	if q.spi, ok = c.newSPI(); !ok || !c.random(q.ni) {
		return
	}
	out := []isakmp.Payload{phase2SA(c.suites(), q.spi, c.natt.UDPTunnel(), q.group, q.life), isakmp.Nonce{Data: q.ni}}
	if q.group != 0 {
		pair, err := c.dh(q.group)
		if err != nil {
			c.fail(Internal, Local, err)
			return
		}
		q.pair = pair
		out = append(out, isakmp.KE{Data: pair.Public()})
	}
	x.quick = q
	if c.reply(x, c.messageHash(x.id), append(out, selectorID(s.Local), selectorID(s.Remote))...) {
		q.step = 1
		x.again.secure(now)
		c.note("sent", "Quick Mode 1 for %s and %s", s.Local, s.Remote)
	}
}

// selectorID is a host as an address, a network as a subnet.
func selectorID(p netip.Prefix) isakmp.ID {
	if p.Bits() == 32 {
		return isakmp.AddrID(p.Addr())
	}
	return isakmp.SubnetID(p)
}

// newSPI is random, not reserved, and not in use.
func (c *Conn) newSPI() (uint32, bool) {
	for range 16 {
		var b [4]byte
		if !c.random(b[:]) {
			return 0, false
		}
		spi := binary.BigEndian.Uint32(b[:])
		if spi >= 256 && c.child(spi) == nil {
			return spi, true
		}
	}
	c.fail(Internal, Local, errors.New("random numbers repeat"))
	return 0, false
}

// quickMode takes a message of Quick Mode.
func (c *Conn) quickMode(now time.Time, x *exchange, in incoming) {
	switch q := x.quick; {
	case q == nil && (c.phase == configured || c.server != nil || c.early()):
		c.quickFirst(now, x, in)
	case q == nil:
		c.drop("unexpected", errors.New("Quick Mode before Mode Config"))
	case x.ours && q.step == 1:
		c.quickSecond(now, x, in)
	case x.ours && q.step == 3:
		c.quickCommit(now, x, in)
	case !x.ours && q.step == 2:
		c.quickThird(now, x, in)
	default:
		c.drop("unexpected", errors.New("Quick Mode message out of turn"))
	}
}

// quickSecond takes message 2 and sends message 3.
func (c *Conn) quickSecond(now time.Time, x *exchange, in incoming) {
	q := x.quick
	if err := checkScript(step{isakmp.QuickMode, 2}, in.payloads); err != nil {
		c.drop("script", err)
		return
	}
	if !keymat.Equal(keymat.Hash2(c.auth.hash, c.auth.keys.A, x.id, q.ni, in.after), in.hash) {
		c.drop("hash", errors.New("HASH(2) does not hold"))
		return
	}
	c.accept(x, in)
	c.emit(Heard{})
	if err := c.agree(q, in.payloads); err != nil {
		c.drop("proposal", err)
		c.refused(now, x, err)
		return
	}
	hash3 := keymat.Hash3(c.auth.hash, c.auth.keys.A, x.id, q.ni, q.nr)
	ch := c.makeChild(now, x, true)
	if ch == nil {
		return
	}
	ch.sa.Ready = in.header.Flags&isakmp.Commit == 0
	c.emit(SAUp{ch.copy()}) // inbound stands before message 3 leaves
	if c.reply(x, func([]byte) []byte { return hash3 }) {
		c.urging(now, x.last, quickUrges, false)
	}
	q.step = 3
	q.clear()
	if !ch.sa.Ready {
		ch.commit = now.Add(commitWait)
	}
	x.forget = now.Add(keep)
	c.quickEnded(now, x, true)
}

// commitWait is how long outbound traffic waits for CONNECTED (RFC 2408 §3.1).
const commitWait = 3 * time.Second

// quickCommit takes message 4, CONNECTED.
func (c *Conn) quickCommit(now time.Time, x *exchange, in incoming) {
	if !c.checked(step{isakmp.QuickMode, 4}, in, x.id) {
		return
	}
	n, _, _ := get[isakmp.Notify](in.payloads)
	if n.Kind != isakmp.Connected {
		c.drop("unexpected", fmt.Errorf("%v in Quick Mode", n))
		return
	}
	c.accept(x, in)
	x.last, x.forget, x.quick.step = nil, now.Add(keep), 4
	if ch := c.child(x.quick.spi); ch != nil {
		c.connect(now, ch)
	}
}

// agree reads what the responder of our Quick Mode chose: one of our transforms, our selector or less.
func (c *Conn) agree(q *quick, payloads []isakmp.Parsed) error {
	sa, _, _ := get[isakmp.SA](payloads)
	if len(sa.Proposals) != 1 || len(sa.Proposals[0].Transforms) != 1 {
		return errors.New("the choice is not one transform")
	}
	var err error
	if q.chosen, err = matchPhase2(sa.Proposals[0], sa.Proposals[0].Transforms[0], c.suites(), c.natt.UDPTunnel()); err != nil {
		return err
	}
	nonce, _, _ := get[isakmp.Nonce](payloads)
	q.nr = clone(nonce.Data)
	if string(q.nr) == string(q.ni) {
		return errors.New("the peer's nonce is ours")
	}
	ke, _, has := get[isakmp.KE](payloads)
	if has != (q.group != 0) || q.chosen.pfs != q.group {
		return errors.New("the peer changed what was said about PFS")
	}
	if has {
		if q.gxy, err = q.pair.Shared(ke.Data); err != nil {
			return err
		}
	}
	local, remote, err := identities(payloads)
	if err != nil {
		return err
	}
	if local.IsValid() {
		narrow := Selector{local, remote}
		if !within(narrow, q.selector) || c.client != nil && c.net.Address.IsValid() && len(c.client.Inside) == 0 && local != q.selector.Local {
			return fmt.Errorf("the peer answers with %s and %s, which is more than was proposed", local, remote)
		}
		q.selector = narrow
	}
	q.life = shorter(q.life, q.chosen.life)
	for _, p := range payloads {
		if n, ok := p.Payload.(isakmp.Notify); ok && n.Kind == isakmp.ResponderLifetime {
			q.life = shorter(q.life, responderLife(n, isakmp.Phase2LifeType, isakmp.Phase2LifeDuration))
		}
	}
	return nil
}

// identities reads IDci and IDcr; both absent is allowed.
func identities(payloads []isakmp.Parsed) (ci, cr netip.Prefix, err error) {
	var ids []isakmp.ID
	for _, p := range payloads {
		if id, ok := p.Payload.(isakmp.ID); ok {
			ids = append(ids, id)
		}
	}
	if len(ids) == 0 {
		return ci, cr, nil
	}
	if len(ids) != 2 {
		return ci, cr, errors.New("one identity where two or none belong")
	}
	var ok1, ok2 bool
	ci, ok1 = ids[0].Prefix()
	cr, ok2 = ids[1].Prefix()
	if !ok1 || !ok2 {
		return ci, cr, errors.New("an identity is not an IPv4 network")
	}
	return ci, cr, nil
}

// within says whether a is b or a part of it.
func within(a, b Selector) bool { return inside(a.Local, b.Local) && inside(a.Remote, b.Remote) }

func inside(a, b netip.Prefix) bool { return a.Bits() >= b.Bits() && b.Contains(a.Addr()) }

func shorter(a, b Life) Life {
	if b.Time > 0 && (a.Time == 0 || b.Time < a.Time) {
		a.Time = b.Time
	}
	if b.Kilobytes > 0 && (a.Kilobytes == 0 || b.Kilobytes < a.Kilobytes) {
		a.Kilobytes = b.Kilobytes
	}
	return a
}

// responderLife reads RESPONDER-LIFETIME; a type without a duration is ignored (FortiGate).
func responderLife(n isakmp.Notify, kind, duration uint16) Life {
	as, err := isakmp.ParseAttributes(n.Data)
	if err != nil {
		return Life{}
	}
	t, err := readTransform(as, kind, duration)
	if err != nil {
		return Life{}
	}
	return t.life
}

// refused ends a Quick Mode of ours that came to nothing.
func (c *Conn) refused(now time.Time, x *exchange, err error) {
	x.again.stop()
	x.forget = now.Add(keep)
	x.quick.clear()
	x.quick.step = 9 // nothing more is expected
	if c.live() {
		c.note("refused", "Quick Mode: %v", err)
		c.quickEnded(now, x, false)
		return
	}
	c.fail(SARefused, Peer, err)
}

// quickEnded lets the next Quick Mode have its turn.
func (c *Conn) quickEnded(now time.Time, x *exchange, ok bool) {
	if ok {
		c.stage = PhaseUp
	} else if x.quick != nil {
		x.quick.clear()
		c.postpone(now, x.quick.replaces)
	}
	if x.ours {
		c.nextQuick(now)
	}
}
