package ike

import (
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"time"

	"ezvpn/ike/isakmp"
	"ezvpn/ike/keymat"
)

// phase is how far an association has come.
type phase uint8

const (
	negotiating phase = iota // phase 1
	secured                  // XAUTH or Mode Config is under way
	configured               // Quick Mode may run
	closed
)

// Conn is one association with a peer, from the first message to the last Delete: one ISAKMP SA and the IPsec SAs
// under it. It is pure and not safe for concurrent use.
//
//	negotiating ──HASH_R / HASH_I holds──▶ secured ──Mode Config──▶ configured ──Quick Mode──▶ IPsec SAs
//	     └────────────── Failed, Close ──────┴───────────────────────────┴──▶ closed
type Conn struct {
	client *Config   // nil on the gateway's side
	server *Server   // nil on the client's side
	begins bool      // this side sent message 1 of phase 1
	wanted *Identity // whom the peer must be; nil: anybody who knows the group key
	rand   io.Reader
	dh     func(keymat.Group) (keymat.KeyPair, error)

	phase         phase
	local, remote netip.AddrPort
	marker        bool
	from          Datagram // the one that is being looked at
	fragments     bool     // the peer takes IKE fragments
	fragmentID    uint16
	fragmentSize  int
	parts         isakmp.Reassembly

	one   *phaseOne      // while negotiating, and a while after for duplicates
	auth  *authenticated // nil until the peer proved itself
	sa    ISAKMPSA
	natt  isakmp.NATT
	chain keymat.Chain // of phase 1; message IDs start from it

	exchanges map[uint32]*exchange
	used      map[uint32]struct{} // message IDs that were seen or used: none begins twice
	xauth     xauthState
	net       *ModeConfig // what was pushed or pulled
	pulling   *exchange   // our Mode Config request, while it waits
	quicks    []wanted    // Quick Modes that wait for their turn
	quickAt   time.Time   // when the next of them begins, if not before
	lastAgain time.Time   // when one began in place of a deleted SA
	children  []*child
	heir      *Conn     // has the IPsec SAs that were ours
	renewAt   time.Time // when the owner is told of the end; zero: it was
	probeSeen uint32    // highest R-U-THERE sequence of the peer
	repeats   int       // of that number

	duplicates, probes pace

	hint  *hint // what an unauthenticated message said
	urges []*urge
	// patience is until when the first message may stay unanswered, if not for as long as it is repeated.
	patience time.Time
	wait     time.Time // the peer must do the next step by then
	stage    string    // for Failure.Phase

	disclosing bool // Disclosed events are wanted

	stats  Stats
	events []Event
}

// Stats count what a Conn did.
type Stats struct {
	Sent, Received, Retransmits uint64
	Drops                       map[string]uint64 // by reason: a short closed list, see drop.go
}

// Stats gives a copy of the counters.
func (c *Conn) Stats() Stats {
	s := c.stats
	s.Drops = make(map[string]uint64, len(c.stats.Drops))
	for k, v := range c.stats.Drops {
		s.Drops[k] = v
	}
	return s
}

// ISAKMPSA describes the ISAKMP SA; false before it is up.
func (c *Conn) ISAKMPSA() (ISAKMPSA, bool) { return c.sa, c.auth != nil }

// Peer is where datagrams go now: the address of the peer after a float.
func (c *Conn) Peer() netip.AddrPort { return c.remote }

// Marker says whether datagrams travel behind the non-ESP marker.
func (c *Conn) Marker() bool { return c.marker }

// Cookies name the association: initiator and responder.
func (c *Conn) Cookies() (i, r isakmp.Cookie) { return c.sa.Initiator, c.sa.Responder }

func newConn(r io.Reader, dh func(keymat.Group) (keymat.KeyPair, error), fragmentSize int) *Conn {
	c := &Conn{rand: r, dh: dh, fragmentSize: fragmentSize, exchanges: map[uint32]*exchange{}, used: map[uint32]struct{}{},
		stats: Stats{Drops: map[string]uint64{}}, stage: PhaseOne}
	if c.rand == nil {
		c.rand = rand.Reader
	}
	if c.dh == nil {
		c.dh = func(g keymat.Group) (keymat.KeyPair, error) { return g.Generate(c.rand) }
	}
	if c.fragmentSize == 0 {
		c.fragmentSize = 1280
	}
	return c
}

// Receive takes one datagram. Whatever it holds, nothing but an authentic message changes what is agreed.
func (c *Conn) Receive(now time.Time, d Datagram) []Event {
	if c.phase == closed {
		return nil
	}
	c.stats.Received++
	c.from = d
	c.message(now, d.Data, false)
	return c.take()
}

// message routes one message to its exchange. whole says that it was put together from fragments.
func (c *Conn) message(now time.Time, b []byte, whole bool) {
	h, err := isakmp.ParseHeader(b)
	if err != nil {
		c.drop("malformed", err)
		return
	}
	if !c.begins && c.one == nil && h.Responder.IsZero() {
		c.sa.Initiator = h.Initiator // the first message of all
	}
	if h.Initiator != c.sa.Initiator || !c.sa.Responder.IsZero() && h.Responder != c.sa.Responder && !c.firstAgain(h) {
		c.drop("cookie", errors.New("message of another association"))
		return
	}
	body := b[isakmp.HeaderLen:]
	if h.Next == isakmp.TypeFragment {
		if !whole {
			c.fragment(now, body)
		}
		return
	}
	digest := sha256.Sum256(b)
	c.discloseClear(false, b)
	switch {
	case h.Exchange == isakmp.Aggressive && h.MessageID == 0:
		c.aggressive(now, h, body, digest)
	case h.Flags&isakmp.Encrypted == 0:
		c.unprotected(now, h, body)
	case c.auth == nil:
		c.drop("early", fmt.Errorf("%v before phase 1 is complete", h.Exchange))
	case h.MessageID == 0:
		c.drop("message-id", errors.New("message ID is zero after phase 1"))
	default:
		c.protected(now, h, body, digest)
	}
}

// firstAgain says whether this is the initiator's first message once more, which has no responder cookie yet.
func (c *Conn) firstAgain(h isakmp.Header) bool {
	return !c.begins && h.Responder.IsZero() && h.Exchange == isakmp.Aggressive
}

func (c *Conn) fragment(now time.Time, body []byte) {
	if c.noFragments() {
		c.drop("fragment", errors.New("they were not announced"))
		return
	}
	payloads, _, err := isakmp.ParsePayloads(isakmp.TypeFragment, body)
	if err != nil || len(payloads) != 1 {
		c.drop("fragment", err)
		return
	}
	f, _ := payloads[0].Payload.(isakmp.Fragment)
	b, err := c.parts.Add(now, f)
	if err != nil {
		c.drop("fragment", err)
		return
	}
	if b != nil {
		c.message(now, b, true)
	}
}

// Advance does what is due: retransmissions, rekeying, giving up.
func (c *Conn) Advance(now time.Time) []Event {
	if c.phase == closed {
		return nil
	}
	c.retransmit(now)
	c.urgeAgain(now)
	if c.phase != closed {
		c.due(now)
	}
	return c.take()
}

// due looks at every date but those of retransmission.
func (c *Conn) due(now time.Time) {
	reached := func(t time.Time) bool { return !t.IsZero() && !now.Before(t) }
	switch {
	case c.hint != nil && reached(c.hint.until):
		c.fail(c.hint.reason, Peer, c.hint.err)
	case c.phase == negotiating && reached(c.patience):
		c.silent(now, nil)
	case c.auth != nil && reached(c.sa.Expires):
		c.fail(Expired, Local, nil)
	case reached(c.wait):
		c.waited(now)
	}
	if c.phase == closed {
		return
	}
	c.ageChildren(now)
	if c.phase == configured && reached(c.renewAt) {
		c.expiring()
	}
	if reached(c.quickAt) {
		c.lastAgain = now
		c.nextQuick(now)
	}
	for id, x := range c.exchanges {
		if reached(x.forget) {
			delete(c.exchanges, id)
		}
	}
}

// Deadline is when Advance has something to do; zero means not before something else happens.
func (c *Conn) Deadline() time.Time {
	if c.phase == closed {
		return time.Time{}
	}
	var next time.Time
	earlier := func(t time.Time) {
		if !t.IsZero() && (next.IsZero() || t.Before(next)) {
			next = t
		}
	}
	earlier(c.wait)
	if c.phase == negotiating {
		earlier(c.patience)
	}
	for _, u := range c.urges {
		earlier(u.at)
	}
	earlier(c.quickAt)
	if c.phase == configured {
		earlier(c.renewAt)
	}
	if c.hint != nil {
		earlier(c.hint.until)
	}
	if c.one != nil {
		earlier(c.one.again.at)
	}
	if c.auth != nil {
		earlier(c.sa.Expires)
	}
	for _, x := range c.exchanges {
		earlier(x.again.at)
		earlier(x.forget)
	}
	for _, ch := range c.children {
		earlier(ch.deadline())
	}
	return next
}

func (c *Conn) emit(e Event) { c.events = append(c.events, e) }

func (c *Conn) take() []Event {
	e := c.events
	c.events = nil
	if c.heir != nil {
		e = append(e, c.heir.take()...)
	}
	return e
}

// send puts one message on its way, in fragments where it is too long for a datagram and the peer takes them.
func (c *Conn) send(b []byte) {
	parts := [][]byte{b}
	if c.fragments && len(b) > c.fragmentSize {
		c.fragmentID = max(c.fragmentID+1, 1) // some trip over 0
		parts = isakmp.Split(b, c.fragmentID, c.fragmentSize)
	}
	c.discloseClear(true, b)
	for _, p := range parts {
		c.stats.Sent++
		c.emit(Send{Datagram{Local: c.local, Remote: c.remote, Marker: c.marker, Data: p}})
	}
}

// fail ends the association for a reason of the closed list.
func (c *Conn) fail(r Reason, by By, err error) {
	if c.phase == closed {
		return
	}
	if c.auth != nil && r != PeerDeleted && r != Internal {
		c.inform(c.deleteSelf()) // so that it keeps nothing for us
		if c.phase == closed {
			return
		}
	}
	f := &Failure{Reason: r, By: by, Phase: c.stage, Err: err, Sent: int(c.stats.Sent), Received: int(c.stats.Received)}
	if c.hint != nil {
		f.Hint = c.hint.text
	}
	c.end()
	c.emit(Failed{f})
}

// end forgets all keys.
func (c *Conn) end() {
	c.phase = closed
	for _, ch := range c.children {
		ch.clear()
	}
	if c.auth != nil {
		c.auth.keys.Clear()
	}
	if c.one != nil {
		c.one.clear()
	}
	for _, x := range c.exchanges {
		if x.quick != nil {
			x.quick.clear()
		}
	}
	c.exchanges, c.children, c.one, c.pulling, c.xauth.pending = nil, nil, nil, nil, nil
	c.urges = nil
}

// random fills b, or ends the association.
func (c *Conn) random(b []byte) bool {
	if _, err := io.ReadFull(c.rand, b); err != nil {
		c.fail(Internal, Local, fmt.Errorf("no random numbers: %w", err))
		return false
	}
	return true
}
