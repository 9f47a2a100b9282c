package ike

import (
	"errors"
	"fmt"
	"time"

	"ezvpn/ike/isakmp"
)

// configExchange is what a Transaction exchange is about.
type configExchange struct {
	xauth      bool
	identifier uint16
	waiting    bool // for the peer's REPLY or ACK
	asked      bool // for a REPLY; otherwise for an ACK
	status     bool // it carries the XAUTH status
	ok         bool // which is success
}

// transaction takes one message of XAUTH or Mode Config (HDR*, HASH, ATTR).
func (c *Conn) transaction(now time.Time, x *exchange, in incoming) {
	if !c.checked(step{isakmp.Transaction, 1}, in, x.id) {
		return
	}
	m, _, _ := get[isakmp.Config](in.payloads)
	answer := m.Kind == isakmp.ConfigReply || m.Kind == isakmp.ConfigAck
	switch {
	case answer && (x.config == nil || !x.config.waiting || x.config.asked != (m.Kind == isakmp.ConfigReply) ||
		m.Identifier != x.config.identifier && c.server != nil):
		c.drop("unexpected", fmt.Errorf("%s that nobody waits for", isakmp.ConfigKindName(m.Kind)))
		return
	case !answer && x.ours:
		c.drop("unexpected", fmt.Errorf("%s in an exchange of ours", isakmp.ConfigKindName(m.Kind)))
		return
	case m.Kind == isakmp.ConfigRequest && c.client != nil && x.config != nil && c.xauth.pending == x:
		c.drop("unexpected", errors.New("another question before the answer"))
		return
	}
	c.accept(x, in)
	c.emit(Heard{})
	c.note("received", "%s", m)
	if x.config == nil {
		x.config = &configExchange{}
	}
	x.config.waiting = false
	x.forget = now.Add(keep)
	switch {
	case c.server != nil:
		c.serverTransaction(now, x, m)
	case m.Kind == isakmp.ConfigRequest && asksXAUTH(m.Attributes):
		c.xauthRequest(now, x, m)
	case m.Kind == isakmp.ConfigRequest:
		c.sendConfig(x, isakmp.ConfigReply, m.Identifier) // nothing of ours is of use to a gateway
	case m.Kind == isakmp.ConfigSet:
		c.set(now, x, m)
	case m.Kind == isakmp.ConfigReply:
		c.pulled(now, m)
	default:
		c.drop("unexpected", fmt.Errorf("Transaction of type %d", m.Kind))
	}
}

// sendConfig sends one ATTR payload.
func (c *Conn) sendConfig(x *exchange, kind uint8, identifier uint16, as ...isakmp.Attribute) bool {
	return c.reply(x, c.messageHash(x.id), isakmp.Config{Kind: kind, Identifier: identifier, Attributes: as})
}

// set takes a SET: the XAUTH verdict, or configuration that the gateway pushes.
func (c *Conn) set(now time.Time, x *exchange, m isakmp.Config) {
	status, verdict := isakmp.Find(m.Attributes, isakmp.XAUTHStatus)
	var ack []isakmp.Attribute
	for _, a := range m.Attributes {
		ack = append(ack, isakmp.TLV(a.Type, nil))
	}
	if verdict {
		ack = []isakmp.Attribute{isakmp.TLV(isakmp.XAUTHStatus, nil)}
	}
	if !c.sendConfig(x, isakmp.ConfigAck, m.Identifier, ack...) {
		return
	}
	if !verdict {
		c.pushedConfig(now, m)
		return
	}
	if c.phase == secured {
		c.urging(now, x.last, urges[:], true) // strongSwan looks at no question of ours before it has this
	}
	v, ok := status.Uint()
	c.xauthVerdict(now, ok && v == isakmp.XAUTHOK, text(m.Attributes, isakmp.XAUTHMessage))
}

func text(as []isakmp.Attribute, kind uint16) string {
	a, _ := isakmp.Find(as, kind)
	return string(a.Value)
}
