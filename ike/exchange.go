package ike

import (
	"crypto/sha256"
	"fmt"
	"time"

	"ezvpn/ike/isakmp"
	"ezvpn/ike/keymat"
)

// exchange is one exchange under the ISAKMP SA, named by its message ID. It lives shortly: a while after its last
// step, so that duplicates are answered with the same bytes.
type exchange struct {
	kind  isakmp.ExchangeType
	id    uint32
	ours  bool
	chain keymat.Chain
	last  []byte            // our latest message, nil if none
	heard [sha256.Size]byte // digest of the latest message that was accepted
	any   bool              // heard is set
	again retry
	// forget is when nothing is expected any more.
	forget time.Time
	quick  *quick
	config *configExchange
}

// keep is how long a finished exchange answers duplicates.
const keep = 60 * time.Second

// maxExchanges bounds the table; the oldest finished ones go first. A peer that has so many open at once waits.
const maxExchanges = 64

// maxUsed bounds the set of message IDs. Beyond it the ISAKMP SA ends, since an ID that was forgotten could be replayed.
// Four messages of DPD every ten seconds take three days and a half.
const maxUsed = 1 << 17

// step names one message of an exchange.
type step struct {
	kind    isakmp.ExchangeType
	message int // from 1
}

// rule says how many payloads of a type a message has. A payload type without a rule is ignored when it is one that
// may come anywhere, and refused otherwise.
type rule struct{ min, max int }

// script is the table of payloads per step (RFC 2409 §5.4, §5.5, §5.7; Mode Config §3.2).
var script = map[step]map[isakmp.PayloadType]rule{
	{isakmp.Aggressive, 1}: {isakmp.TypeSA: {1, 1}, isakmp.TypeKE: {1, 1}, isakmp.TypeNonce: {1, 1}, isakmp.TypeID: {1, 1}},
	{isakmp.Aggressive, 2}: {isakmp.TypeSA: {1, 1}, isakmp.TypeKE: {1, 1}, isakmp.TypeNonce: {1, 1}, isakmp.TypeID: {1, 1},
		isakmp.TypeHash: {1, 1}},
	{isakmp.Aggressive, 3}: {isakmp.TypeHash: {1, 1}},
	{isakmp.QuickMode, 1}: {isakmp.TypeHash: {1, 1}, isakmp.TypeSA: {1, 1}, isakmp.TypeNonce: {1, 1}, isakmp.TypeKE: {0, 1},
		isakmp.TypeID: {0, 2}},
	{isakmp.QuickMode, 2}: {isakmp.TypeHash: {1, 1}, isakmp.TypeSA: {1, 1}, isakmp.TypeNonce: {1, 1}, isakmp.TypeKE: {0, 1},
		isakmp.TypeID: {0, 2}},
	{isakmp.QuickMode, 3}:     {isakmp.TypeHash: {1, 1}},
	{isakmp.QuickMode, 4}:     {isakmp.TypeHash: {1, 1}, isakmp.TypeNotify: {1, 1}},
	{isakmp.Transaction, 1}:   {isakmp.TypeHash: {1, 1}, isakmp.TypeAttribute: {1, 1}},
	{isakmp.Informational, 1}: {isakmp.TypeHash: {1, 1}, isakmp.TypeNotify: {0, 16}, isakmp.TypeDelete: {0, 16}},
}

// anywhere are payloads that may come with any message; those that mean nothing there are ignored.
var anywhere = map[isakmp.PayloadType]bool{isakmp.TypeVendor: true, isakmp.TypeNotify: true, isakmp.TypeNATD: true,
	isakmp.TypeNATDDraft: true, isakmp.TypeNATOA: true, isakmp.TypeNATOADraft: true, isakmp.TypeCertReq: true}

// checkScript holds a message against the table.
func checkScript(s step, payloads []isakmp.Parsed) error {
	rules, ok := script[s]
	if !ok {
		return fmt.Errorf("%v has no message %d", s.kind, s.message)
	}
	count := map[isakmp.PayloadType]int{}
	for _, p := range payloads {
		t := p.Payload.Type()
		if _, unknown := p.Payload.(isakmp.Unknown); unknown {
			continue
		}
		if _, ok := rules[t]; !ok && !anywhere[t] {
			return fmt.Errorf("%v payload in message %d of %v", t, s.message, s.kind)
		}
		count[t]++
	}
	for t, r := range rules {
		if count[t] < r.min || count[t] > r.max {
			return fmt.Errorf("%d %v payloads in message %d of %v", count[t], t, s.message, s.kind)
		}
	}
	return nil
}

// get gives the first payload of a type, and its body as it was on the wire.
func get[P isakmp.Payload](payloads []isakmp.Parsed) (p P, body []byte, ok bool) {
	for _, x := range payloads {
		if v, is := x.Payload.(P); is {
			return v, x.Body, true
		}
	}
	return p, nil, false
}

// begin makes the record of an exchange that we start, with a message ID of its own.
func (c *Conn) begin(kind isakmp.ExchangeType) *exchange {
	for range 16 {
		var b [4]byte
		if !c.random(b[:]) {
			return nil
		}
		id := uint32(b[0])<<24 | uint32(b[1])<<16 | uint32(b[2])<<8 | uint32(b[3])
		if _, taken := c.used[id]; id != 0 && !taken {
			return c.record(kind, id, true)
		}
	}
	c.fail(Internal, Local, fmt.Errorf("random numbers repeat"))
	return nil
}

func (c *Conn) record(kind isakmp.ExchangeType, id uint32, ours bool) *exchange {
	c.used[id] = struct{}{}
	x := &exchange{kind: kind, id: id, ours: ours, chain: c.chain.Exchange(c.auth.hash, id)}
	c.exchanges[id] = x
	return x
}
