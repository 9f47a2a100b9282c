package ike

import (
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"time"

	"ezvpn/ike/isakmp"
)

// inform sends one protected Informational with one payload (RFC 2409 §5.7); racoon hashes only the first.
func (c *Conn) inform(p isakmp.Payload) {
	x := c.begin(isakmp.Informational)
	if x == nil {
		return
	}
	delete(c.exchanges, x.id) // nothing comes back
	c.reply(x, c.messageHash(x.id), p)
}

// informational takes one protected Informational.
func (c *Conn) informational(now time.Time, x *exchange, in incoming) {
	if !c.checked(step{isakmp.Informational, 1}, in, x.id) {
		return
	}
	c.accept(x, in)
	x.forget = now.Add(keep)
	for _, p := range in.payloads {
		if c.phase == closed {
			return // a Delete came before (CVE-2023-38712)
		}
		switch p := p.Payload.(type) {
		case isakmp.Notify:
			c.notify(now, p)
		case isakmp.Delete:
			c.emit(Heard{})
			c.deleted(now, p)
		}
	}
}

func (c *Conn) notify(now time.Time, n isakmp.Notify) {
	if n.Kind != isakmp.RUThereAck {
		c.emit(Heard{}) // DPD decides for itself which answers it believes
	}
	switch n.Kind {
	case isakmp.RUThere:
		c.alive(now, n)
	case isakmp.RUThereAck:
		if seq, ok := sequence(n); ok {
			c.note("received", "R-U-THERE-ACK, sequence 0x%x", seq)
			c.emit(ProbeAcked{seq})
		}
	case isakmp.ResponderLifetime:
		c.lifetime(now, n)
	case isakmp.InvalidSPI:
		for _, spi := range [][]byte{n.SPI, n.Data} { // it is found in either place
			if len(spi) == 4 {
				c.deletedSPI(now, binary.BigEndian.Uint32(spi), "invalid at the peer")
				break
			}
		}
	case isakmp.UnityLoadBalance:
		c.redirect(n)
	case isakmp.NoProposalChosen, isakmp.InvalidIDInformation, isakmp.AttributesNotSupported, isakmp.InvalidKeyInformation,
		isakmp.BadProposalSyntax:
		c.note("received", "%v", n)
		c.refusedByNotify(now, n)
	default:
		c.note("received", "%v", n)
	}
}

// refusedByNotify ends the Quick Mode that waits for an answer: the one whose SPI is named, or the first.
func (c *Conn) refusedByNotify(now time.Time, n isakmp.Notify) {
	var meant *exchange
	for _, id := range slices.Sorted(maps.Keys(c.exchanges)) {
		x := c.exchanges[id]
		if !x.ours || x.quick == nil || x.quick.step != 1 {
			continue
		}
		if len(n.SPI) == 4 && binary.BigEndian.Uint32(n.SPI) == x.quick.spi {
			meant = x
			break
		}
		if meant == nil {
			meant = x
		}
	}
	if meant != nil {
		c.refused(now, meant, fmt.Errorf("the gateway says %v", n))
	}
}

// sequence reads the number of R-U-THERE and its answer (RFC 3706 §5.2).
func sequence(n isakmp.Notify) (uint32, bool) {
	if len(n.Data) < 4 {
		return 0, false
	}
	return binary.BigEndian.Uint32(n.Data[len(n.Data)-4:]), true // Netgear puts 16 zeros before it
}

// maxRepeats is how often the same sequence number is answered: isakmpd does not count up on retries.
const maxRepeats = 8

// alive answers R-U-THERE.
func (c *Conn) alive(now time.Time, n isakmp.Notify) {
	seq, ok := sequence(n)
	if !ok {
		c.drop("malformed", errors.New("R-U-THERE without a number"))
		return
	}
	switch {
	case seq == c.probeSeen && c.repeats > 0:
		if c.repeats++; c.repeats > maxRepeats {
			c.drop("duplicate", errors.New("R-U-THERE repeats its number"))
			return
		}
	default:
		c.probeSeen, c.repeats = seq, 1
	}
	if !c.probes.allows(now, maxProbes) {
		c.drop("flood", errors.New("too many R-U-THERE"))
		return
	}
	c.note("received", "R-U-THERE, sequence 0x%x", seq)
	c.inform(c.dpd(isakmp.RUThereAck, seq))
}

func (c *Conn) dpd(kind uint16, seq uint32) isakmp.Notify {
	return isakmp.Notify{DOI: isakmp.DOIIPsec, Protocol: isakmp.ProtocolISAKMP, SPI: c.cookies(), Kind: kind,
		Data: binary.BigEndian.AppendUint32(nil, seq)}
}

// Probe sends R-U-THERE. It has no retransmission: DPD has its own.
func (c *Conn) Probe(_ time.Time, seq uint32) []Event {
	if c.auth != nil && c.phase != closed {
		c.inform(c.dpd(isakmp.RUThere, seq))
	}
	return c.take()
}

// lifetime takes RESPONDER-LIFETIME after an exchange: it can only shorten.
func (c *Conn) lifetime(now time.Time, n isakmp.Notify) {
	switch n.Protocol {
	case isakmp.ProtocolISAKMP:
		l := responderLife(n, isakmp.Phase1LifeType, isakmp.Phase1LifeDuration)
		if end := c.sa.Since.Add(max(l.Time, minLife1)); l.Time > 0 && end.Before(c.sa.Expires) {
			c.sa.Expires = end
			c.shortened()
		}
	case isakmp.ProtocolESP:
		if len(n.SPI) != 4 {
			return
		}
		spi := binary.BigEndian.Uint32(n.SPI)
		l := responderLife(n, isakmp.Phase2LifeType, isakmp.Phase2LifeDuration)
		k := c.keeper()
		for _, ch := range k.children {
			if (ch.sa.In.SPI == spi || ch.sa.Out.SPI == spi) && k.shorten(ch, l) {
				k.emit(SALife{In: ch.sa.In.SPI, Expires: ch.sa.Expires, Bytes: ch.sa.Bytes})
			}
		}
	}
}

// shorten says whether a life is shorter than that of an IPsec SA, in time or in volume, which it then has.
func (c *Conn) shorten(ch *child, l Life) bool {
	changed := false
	if end := ch.sa.Since.Add(max(l.Time, minLife2)); l.Time > 0 && end.Before(ch.sa.Expires) {
		ch.sa.Expires, changed = end, true
		if !ch.sa.Rekey.IsZero() {
			ch.sa.Rekey = end.Add(-c.margin(end.Sub(ch.sa.Since)))
		}
	}
	if b := volume(l.Kilobytes); l.Kilobytes > 0 && (ch.sa.Bytes == 0 || b < ch.sa.Bytes) {
		ch.sa.Bytes, changed = b, true
	}
	return changed
}

// redirect takes UNITY_LOAD_BALANCE, once the gateway is authentic and while we still connect.
func (c *Conn) redirect(n isakmp.Notify) {
	if c.client == nil || c.live() || len(n.Data) != 4 {
		c.drop("unexpected", errors.New("redirect"))
		return
	}
	c.emit(Redirected{netip.AddrFrom4([4]byte(n.Data))})
}

// deleted takes a Delete. Some send the SPI of the wrong side, so both are looked up.
func (c *Conn) deleted(now time.Time, d isakmp.Delete) {
	for _, s := range d.SPIs {
		switch {
		case d.Protocol == isakmp.ProtocolISAKMP && string(s) == string(c.cookies()):
			c.note("received", "Delete of the ISAKMP SA")
			if c.client != nil && c.xauth.answered && c.phase == secured { // some say no in this way only
				c.fail(XAUTHRefused, Peer, errors.New("the gateway ended the association instead of a verdict"))
				return
			}
			c.fail(PeerDeleted, Peer, nil)
			return
		case d.Protocol == isakmp.ProtocolESP && len(s) == 4:
			c.deletedSPI(now, binary.BigEndian.Uint32(s), "deleted by peer")
		}
	}
}

// deletedSPI drops an IPsec SA that the peer no longer has.
func (c *Conn) deletedSPI(now time.Time, spi uint32, why string) {
	c = c.keeper()
	ch := c.child(spi)
	for _, x := range c.children {
		if ch == nil && x.sa.Out.SPI == spi {
			ch = x
		}
	}
	if ch == nil {
		return
	}
	c.dropChild(ch, why, false)
	c.again(now, ch)
}

func (c *Conn) deleteSelf() isakmp.Delete {
	return isakmp.Delete{DOI: isakmp.DOIIPsec, Protocol: isakmp.ProtocolISAKMP, SPISize: 16, SPIs: [][]byte{c.cookies()}}
}

// Close ends the association: the peer is told with a Delete per IPsec SA and one for the ISAKMP SA, in messages of
// their own. why is for the log only.
func (c *Conn) Close(_ time.Time, why string) []Event {
	if c.phase == closed {
		return nil
	}
	if c.auth != nil {
		c.note("closed", "%s", why)
		for _, ch := range append([]*child(nil), c.children...) {
			c.dropChild(ch, "closed", true)
		}
		c.inform(c.deleteSelf())
	}
	if c.phase != closed {
		c.end()
	}
	c.emit(Closed{})
	return c.take()
}

// Quick starts a Quick Mode from the gateway's side, as when it rekeys; s is from the gateway's point of view.
func (c *Conn) Quick(now time.Time, s Selector) ([]Event, error) {
	if err := c.ready(); err != nil {
		return nil, err
	}
	replaces := uint32(0)
	if old := c.newest(s); old != nil {
		replaces = old.sa.In.SPI
	}
	c.startQuick(now, s, replaces)
	return c.take(), nil
}

// Delete ends one IPsec SA from the gateway's side, by our inbound SPI, and tells the client.
func (c *Conn) Delete(_ time.Time, in uint32) ([]Event, error) {
	if err := c.ready(); err != nil {
		return nil, err
	}
	ch := c.child(in)
	if ch == nil {
		return nil, fmt.Errorf("no IPsec SA with SPI 0x%08x", in)
	}
	c.dropChild(ch, "closed", true)
	return c.take(), nil
}

// Notify sends a protected notify from the gateway's side: a redirect, a heartbeat, a life.
func (c *Conn) Notify(n isakmp.Notify) ([]Event, error) {
	if err := c.ready(); err != nil {
		return nil, err
	}
	c.inform(n)
	return c.take(), nil
}
