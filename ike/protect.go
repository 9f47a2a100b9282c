package ike

import (
	"errors"
	"fmt"
	"net/netip"
	"time"

	"ezvpn/ike/isakmp"
	"ezvpn/ike/keymat"
)

type addrPort = netip.AddrPort

// opened is one message after decryption, before its hash was checked.
type opened struct {
	payloads []isakmp.Parsed
	hash     []byte
	after    []byte // everything behind the HASH payload, padding excluded
}

// open decrypts one message. The chain does not move: the hash may still be wrong.
func (a *authenticated) open(chain keymat.Chain, h isakmp.Header, body []byte) (opened, error) {
	plain, err := a.cipher.Decrypt(a.keys.Key, chain.IV(), body)
	if err != nil {
		return opened{}, err
	}
	payloads, n, err := isakmp.ParsePayloads(h.Next, plain)
	if err != nil {
		return opened{}, err
	}
	if len(payloads) == 0 {
		return opened{}, errors.New("no payload")
	}
	hash, ok := payloads[0].Payload.(isakmp.Hash)
	if !ok {
		return opened{}, fmt.Errorf("%v payload where HASH must be first", payloads[0].Payload.Type())
	}
	return opened{payloads: payloads, hash: hash.Data, after: plain[4+len(hash.Data) : n]}, nil
}

// seal encrypts one message: HASH over what follows, then the payloads. The chain moves on.
func (a *authenticated) seal(chain *keymat.Chain, h isakmp.Header, hash func(after []byte) []byte, payloads ...isakmp.Payload) ([]byte, error) {
	sum := isakmp.Hash{Data: hash(isakmp.AppendPayloads(nil, payloads...))}
	plain := a.cipher.Pad(isakmp.AppendPayloads(nil, append([]isakmp.Payload{sum}, payloads...)...))
	a.said = sum.Data
	text, err := a.cipher.Encrypt(a.keys.Key, chain.IV(), plain)
	if err != nil {
		return nil, err
	}
	chain.Advance(text)
	h.Next, h.Version = isakmp.TypeHash, isakmp.Version
	h.Flags |= isakmp.Encrypted
	h.Length = uint32(isakmp.HeaderLen + len(text))
	return append(h.Append(nil), text...), nil
}

// behind are the payloads after HASH.
func (m opened) behind() []isakmp.Payload {
	var out []isakmp.Payload
	for _, p := range m.payloads[1:] {
		out = append(out, p.Payload)
	}
	return out
}

func (c *Conn) header(kind isakmp.ExchangeType, id uint32) isakmp.Header {
	return isakmp.Header{Initiator: c.sa.Initiator, Responder: c.sa.Responder, Version: isakmp.Version, Exchange: kind, MessageID: id}
}

// messageHash is the hash of Transaction, Informational and the first Quick Mode message.
func (c *Conn) messageHash(id uint32) func([]byte) []byte {
	return func(after []byte) []byte { return keymat.MessageHash(c.auth.hash, c.auth.keys.A, id, after) }
}

// reply seals and sends the next message of an exchange, and remembers it for duplicates.
func (c *Conn) reply(x *exchange, hash func([]byte) []byte, payloads ...isakmp.Payload) bool {
	b, err := c.auth.seal(&x.chain, c.header(x.kind, x.id), hash, payloads...)
	if err != nil {
		c.fail(Internal, Local, err)
		return false
	}
	x.last = b
	c.discloseSealed(true, c.header(x.kind, x.id), c.auth.said, payloads)
	c.send(b)
	return true
}

// protected takes an encrypted message after phase 1.
func (c *Conn) protected(now time.Time, h isakmp.Header, body []byte, digest [32]byte) {
	x := c.exchanges[h.MessageID]
	switch {
	case x != nil && x.kind != h.Exchange:
		c.drop("unexpected", fmt.Errorf("%v with the message ID of %v", h.Exchange, x.kind))
		return
	case x != nil && x.any && x.heard == digest:
		c.unheard(now, x)
		c.answerAgain(now, x.last)
		return
	case x == nil:
		if _, used := c.used[h.MessageID]; used {
			c.drop("message-id", errors.New("exchange is over"))
			return
		}
		if len(c.used) >= maxUsed {
			c.fail(Expired, Local, errors.New("no message IDs are left under this ISAKMP SA"))
			return
		}
		if c.evict(); len(c.exchanges) >= maxExchanges {
			c.drop("flood", errors.New("too many exchanges at once"))
			return
		}
		x = &exchange{kind: h.Exchange, id: h.MessageID, chain: c.chain.Exchange(c.auth.hash, h.MessageID)}
	}
	m, err := c.auth.open(x.chain, h, body)
	if err != nil {
		c.drop("decrypt", err)
		return
	}
	if c.disclosing {
		c.discloseSealed(false, h, m.hash, m.behind())
	}
	in := incoming{opened: m, header: h, body: body, digest: digest}
	switch h.Exchange {
	case isakmp.Informational:
		c.informational(now, x, in)
	case isakmp.Transaction:
		c.transaction(now, x, in)
	case isakmp.QuickMode:
		c.quickMode(now, x, in)
	default:
		c.drop("unexpected", fmt.Errorf("%v after phase 1", h.Exchange))
	}
}

// incoming is a decrypted message on its way through its exchange.
type incoming struct {
	opened
	header isakmp.Header
	body   []byte
	digest [32]byte
}

// accept takes a message whose hash held: only now the chain moves and the record is kept.
func (c *Conn) accept(x *exchange, in incoming) {
	x.chain.Advance(in.body)
	x.heard, x.any = in.digest, true
	x.again.stop()
	c.stepped()
	c.evict()
	c.exchanges[x.id] = x
	c.used[x.id] = struct{}{}
	c.runsOut()
	if c.server != nil {
		c.remote, c.marker = c.from.Remote, c.from.Marker // the peer may have got a new mapping (RFC 3947 §7)
		c.sa.Remote, c.sa.Marker = c.remote, c.marker
	}
}

// evict makes room in the table: of the finished exchanges the oldest goes.
func (c *Conn) evict() {
	for len(c.exchanges) >= maxExchanges {
		var oldest *exchange
		for _, x := range c.exchanges {
			if !x.forget.IsZero() && (oldest == nil || x.forget.Before(oldest.forget)) {
				oldest = x
			}
		}
		if oldest == nil {
			return
		}
		delete(c.exchanges, oldest.id)
	}
}

// checked says whether the script and the ordinary hash of a message hold; if not, it was dropped.
func (c *Conn) checked(s step, in incoming, id uint32) bool {
	if err := checkScript(s, in.payloads); err != nil {
		c.drop("script", err)
		return false
	}
	if !keymat.Equal(c.messageHash(id)(in.after), in.hash) {
		c.drop("hash", fmt.Errorf("HASH of %v does not hold", s.kind))
		return false
	}
	return true
}
