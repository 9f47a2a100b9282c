package ike

import (
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"ezvpn/ike/isakmp"
	"ezvpn/ike/keymat"
)

// quickFirst takes message 1 of a Quick Mode that the peer starts, and sends message 2. Gateways rekey so, and a
// client does it to a gateway.
func (c *Conn) quickFirst(now time.Time, x *exchange, in incoming) {
	if !c.checked(step{isakmp.QuickMode, 1}, in, x.id) {
		return
	}
	c.accept(x, in)
	c.emit(Heard{})
	q := &quick{life: c.life2(), step: 9, early: c.early()}
	x.quick, x.forget = q, now.Add(keep)
	err := c.consider(q, in.payloads)
	if err == nil && len(c.keeper().children) >= maxChildren {
		err = fmt.Errorf("there are %d IPsec SAs already", maxChildren)
	}
	if err != nil {
		c.drop("proposal", err)
		c.inform(isakmp.Notify{DOI: isakmp.DOIIPsec, Protocol: isakmp.ProtocolESP, SPI: binary.BigEndian.AppendUint32(nil, q.chosen.spi),
			Kind: isakmp.NoProposalChosen})
		return
	}
	var ok bool
	q.nr = make([]byte, nonceLen)
	if q.spi, ok = c.newSPI(); !ok || !c.random(q.nr) {
		return
	}
	answer := q.chosen.raw
	answer.SPI = binary.BigEndian.AppendUint32(nil, q.spi)
	out := []isakmp.Payload{isakmp.SA{DOI: isakmp.DOIIPsec, Situation: isakmp.SituationIdentityOnly, Proposals: []isakmp.Proposal{answer}},
		isakmp.Nonce{Data: q.nr}}
	if q.pair != nil {
		out = append(out, isakmp.KE{Data: q.pair.Public()})
	}
	out = append(out, selectorID(q.selector.Remote), selectorID(q.selector.Local))
	out = append(out, c.lifeNotify(q)...)
	if !q.early {
		q.replaces = c.follows(q.selector)
		ch := c.makeChild(now, x, false)
		if ch == nil {
			return
		}
		c.emit(SAUp{ch.copy()}) // inbound stands before message 2 leaves
	}
	hash2 := func(after []byte) []byte { return keymat.Hash2(c.auth.hash, c.auth.keys.A, x.id, q.ni, after) }
	if c.reply(x, hash2, out...) {
		q.step, x.forget = 2, time.Time{}
		x.again.secure(now)
	}
	q.clear()
}

// consider reads the proposal and the selectors of the peer's Quick Mode.
func (c *Conn) consider(q *quick, payloads []isakmp.Parsed) error {
	sa, _, _ := get[isakmp.SA](payloads)
	nonce, _, _ := get[isakmp.Nonce](payloads)
	q.ni = clone(nonce.Data)
	ci, cr, err := identities(payloads)
	if err != nil {
		return err
	}
	if q.selector, err = c.permit(Selector{Local: cr, Remote: ci}); err != nil {
		return err
	}
	if q.chosen, err = c.pick(sa); err != nil {
		return err
	}
	q.life = shorter(q.life, q.chosen.life)
	ke, _, has := get[isakmp.KE](payloads)
	if has != (q.chosen.pfs != 0) {
		return errors.New("a PFS group and a key exchange belong together")
	}
	if want := c.pfs(); want != 0 && q.chosen.pfs != want {
		return fmt.Errorf("PFS with %v is demanded", want)
	}
	if !has {
		return nil
	}
	if !c.named(q.chosen.pfs) {
		return fmt.Errorf("%w: PFS with %v", errNotOffered, q.chosen.pfs)
	}
	if q.pair, err = c.dh(q.chosen.pfs); err != nil {
		return err
	}
	q.gxy, err = q.pair.Shared(ke.Data)
	return err
}

// pick takes the first transform that we speak; two protocols under one number, as with IPComp, are not spoken.
func (c *Conn) pick(sa isakmp.SA) (chosen2, error) {
	numbers := map[uint8]int{}
	for _, p := range sa.Proposals {
		numbers[p.Number]++
	}
	err := errNotOffered
	for _, p := range sa.Proposals {
		if numbers[p.Number] != 1 {
			continue
		}
		for _, x := range p.Transforms {
			ch, why := matchPhase2(p, x, c.suites(), c.natt.UDPTunnel())
			if why == nil {
				return ch, nil
			}
			err = why
		}
	}
	return chosen2{}, err
}

// permit says which selector we answer with.
func (c *Conn) permit(s Selector) (Selector, error) {
	if c.server != nil {
		if n, ok := c.server.Narrow(s); ok && s.Local.IsValid() {
			return n, nil
		}
		return s, errors.New("selector is not served")
	}
	if c.early() && s.Local.IsValid() {
		return s, nil
	}
	for _, own := range c.selectors() {
		if s.Local.IsValid() && within(s, own) {
			return s, nil
		}
	}
	return s, fmt.Errorf("selector %s and %s is not ours", s.Local, s.Remote)
}

// lifeNotify tells the client of a shorter life (RFC 2407 §4.6.3.1).
func (c *Conn) lifeNotify(q *quick) []isakmp.Payload {
	if c.server == nil || c.server.Life2 == 0 && c.server.Kilobytes == 0 {
		return nil
	}
	return []isakmp.Payload{isakmp.Notify{DOI: isakmp.DOIIPsec, Protocol: isakmp.ProtocolESP, Kind: isakmp.ResponderLifetime,
		SPI:  binary.BigEndian.AppendUint32(nil, q.spi),
		Data: isakmp.AppendAttributes(nil, lifeAttributes(isakmp.Phase2LifeType, isakmp.Phase2LifeDuration, q.life)...)}}
}

// quickThird takes message 3: the peer has the SA, outbound may be used.
func (c *Conn) quickThird(now time.Time, x *exchange, in incoming) {
	q := x.quick
	if err := checkScript(step{isakmp.QuickMode, 3}, in.payloads); err != nil {
		c.drop("script", err)
		return
	}
	if !keymat.Equal(keymat.Hash3(c.auth.hash, c.auth.keys.A, x.id, q.ni, q.nr), in.hash) {
		c.drop("hash", errors.New("HASH(3) does not hold"))
		return
	}
	c.accept(x, in)
	c.emit(Heard{})
	x.last, x.forget, q.step = nil, now.Add(keep), 3
	if q.early {
		c.giveBack(q)
		return
	}
	if ch := c.child(q.spi); ch != nil {
		c.connect(now, ch)
	}
	c.quickEnded(now, x, true)
}
