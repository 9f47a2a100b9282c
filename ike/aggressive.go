package ike

import (
	"errors"
	"fmt"
	"net/netip"
	"time"

	"ezvpn/ike/isakmp"
	"ezvpn/ike/keymat"
)

// phaseOne is Aggressive Mode while it runs (RFC 2409 §5.4), and what answers its duplicates afterwards.
type phaseOne struct {
	t      transcript
	pair   keymat.KeyPair
	method uint16
	life   Life // on the gateway's side: what the client proposed
	last   []byte
	heard  [32]byte
	any    bool
	again  retry
	bad    int // answers that cost a key exchange in vain
}

func (p *phaseOne) clear() {
	keymat.Clear(p.pair, p.t.gxy)
	p.pair, p.t.gxy, p.t.psk = nil, nil, nil
}

// maxBad is how many wrong answers are looked at: each costs a key exchange.
const maxBad = 4

// times that the peer has for a step of its own.
const (
	noXAUTHWait = 2 * time.Second // a gateway that did not negotiate XAUTH may still ask
	renewalWait = 5 * time.Second // one that knows the user may not ask again (IOS, ASA)
	// A gateway that has not asked anything by then has no more tries left: strongSwan drops a half-open SA at 30 s.
	questionWait = 25 * time.Second
	stepWait     = 60 * time.Second // IOS gives the user as long
)

// Initiate starts an association from the client's side. The events begin with the first datagram.
func Initiate(now time.Time, cfg *Config) (*Conn, []Event) {
	c := newConn(cfg.Rand, cfg.DH, cfg.FragmentSize)
	c.client, c.local, c.remote, c.disclosing = cfg, cfg.Local, cfg.Remote, cfg.Disclose
	c.marker, c.begins, c.wanted = cfg.Remote.Port() != portIKE, true, cfg.PeerIdentity
	if err := cfg.check(); err != nil {
		c.fail(Internal, Local, err)
		return c, c.take()
	}
	if cfg.Patience > 0 {
		c.patience = now.Add(cfg.Patience)
	}
	c.first(now, cfg.GroupKey, phaseOneVendors(cfg.NATT, !cfg.NoFragments))
	return c, c.take()
}

// check refuses what would be a bug of the caller.
func (cfg *Config) check() error {
	if len(cfg.Phase1) == 0 || len(cfg.Phase2) == 0 {
		return errors.New("no proposal to offer")
	}
	for _, p := range cfg.Phase1 {
		if !p.Known() || p.Group != cfg.Phase1[0].Group {
			return fmt.Errorf("phase 1 proposals must be known and of one group: %+v", p)
		}
	}
	for _, s := range cfg.Phase2 {
		if !s.Known() {
			return fmt.Errorf("phase 2 proposal is not known: %+v", s)
		}
	}
	return nil
}

// payload is the identity on the wire. ASA refuses other ports than 0 and 500, IOS wants 17/500.
func (id Identity) payload() isakmp.ID {
	return isakmp.ID{Kind: id.Kind, Protocol: 17, Port: portIKE, Data: []byte(id.Data)}
}

const nonceLen = 32

// first sends message 1: SA, KE, Ni, IDii, vendor IDs.
func (c *Conn) first(now time.Time, psk Secret, vendors []isakmp.Payload) {
	nonce := make([]byte, nonceLen)
	if !c.random(c.sa.Initiator[:]) || !c.random(nonce) {
		return
	}
	pair, err := c.dh(c.offers()[0].Group)
	if err != nil {
		c.fail(Internal, Local, err)
		return
	}
	sa, id := phase1SA(c.offers(), c.methods(), c.life1()), c.identity().payload()
	p := &phaseOne{pair: pair, t: transcript{psk: psk, ci: c.sa.Initiator, sai: sa.AppendBody(nil), gxi: pair.Public(),
		ni: nonce, idi: id.AppendBody(nil)}}
	payloads := append([]isakmp.Payload{sa, isakmp.KE{Data: p.t.gxi}, isakmp.Nonce{Data: nonce}, id}, vendors...)
	p.last = isakmp.AppendMessage(nil, c.header(isakmp.Aggressive, 0), payloads...)
	p.again.start(now)
	c.one = p
	c.note("sent", "Aggressive Mode 1 to %s", c.remote)
	c.send(p.last)
}

// aggressive takes a message of Aggressive Mode.
func (c *Conn) aggressive(now time.Time, h isakmp.Header, body []byte, digest [32]byte) {
	switch p := c.one; {
	case p != nil && p.any && p.heard == digest:
		c.answerAgain(now, p.last)
	case c.auth != nil:
		c.drop("unexpected", errors.New("Aggressive Mode is over"))
	case c.begins && h.Flags&isakmp.Encrypted == 0 && !h.Responder.IsZero():
		c.second(now, h, body, digest)
	case !c.begins && p == nil && h.Flags&isakmp.Encrypted == 0:
		c.answerFirst(now, h, body, digest)
	case !c.begins && p != nil && h.Responder == c.sa.Responder:
		c.third(now, h, body, digest)
	default:
		c.drop("unexpected", errors.New("Aggressive Mode message out of turn"))
	}
}

// second takes message 2. Nothing in it counts before HASH_R holds; until then it is a hint at most.
func (c *Conn) second(now time.Time, h isakmp.Header, body []byte, digest [32]byte) {
	payloads, _, err := isakmp.ParsePayloads(h.Next, body)
	if err != nil {
		c.drop("malformed", err)
		return
	}
	if err := checkScript(step{isakmp.Aggressive, 2}, payloads); err != nil {
		c.drop("script", err)
		return
	}
	p, t := c.one, c.one.t
	sa, _, _ := get[isakmp.SA](payloads)
	suite, method, life, err := chosenPhase1(sa, c.offers(), c.methods())
	if err != nil {
		c.suspect(now, ProposalRefused, "", err)
		c.drop("proposal", err)
		return
	}
	if p.bad >= maxBad {
		c.drop("flood", errors.New("too many wrong answers"))
		return
	}
	ke, _, _ := get[isakmp.KE](payloads)
	nonce, _, _ := get[isakmp.Nonce](payloads)
	id, idBody, _ := get[isakmp.ID](payloads)
	hash, _, _ := get[isakmp.Hash](payloads)
	t.suite, t.cr, t.gxr, t.nr, t.idr = suite, h.Responder, clone(ke.Data), clone(nonce.Data), clone(idBody)
	p.bad++ // until it is known to be a good one
	if t.gxy, err = p.pair.Shared(ke.Data); err != nil {
		c.drop("key-exchange", err)
		return
	}
	keys, err := t.keys()
	if err != nil {
		c.drop("proposal", err)
		return
	}
	auth := t.prove(keys, hash.Data, false)
	if auth == nil {
		keys.Clear()
		keymat.Clear(nil, t.gxy)
		c.suspect(now, GroupKeyWrong, "", nil)
		c.drop("hash", errors.New("HASH_R does not hold"))
		return
	}
	p.t, p.method, p.heard, p.any = t, method, digest, true
	c.note("received", "Aggressive Mode 2, the peer knows the group key")
	c.proved(now, auth, payloads, Identity{id.Kind, string(id.Data)}, life)
}

// proved goes on when the responder is known to hold the group key: message 3, and the client's float.
func (c *Conn) proved(now time.Time, auth *authenticated, payloads []isakmp.Parsed, id Identity, life Life) {
	p := c.one
	c.hint = nil
	c.sa.Responder, c.sa.PeerIdentity, c.sa.Suite = p.t.cr, id, p.t.suite
	if err := c.known(id); err != nil {
		c.fail(PeerIdentity, Local, err)
		return
	}
	if c.natt = isakmp.ChooseNATT(c.learnVendors(payloads)); c.natt == isakmp.NATTNone {
		c.fail(ProposalRefused, Peer, errNoNATT)
		return
	}
	c.learnNAT(p.t.suite.Hash, payloads, c.local, c.remote)
	if c.client != nil && c.remote.Port() == portIKE {
		c.remote, c.marker = netip.AddrPortFrom(c.remote.Addr(), portNATT), true
		if c.local.Port() == portIKE {
			c.local = netip.AddrPortFrom(c.local.Addr(), portNATT)
		}
	}
	c.fragments = c.sa.Fragments && !c.noFragments()
	third := c.natPayloads(p.t.suite.Hash, c.forcesNAT())
	if third == nil {
		return
	}
	if c.client != nil && c.client.InitialContact && !c.client.Renewal {
		third = append(third, isakmp.Notify{DOI: isakmp.DOIIPsec, Protocol: isakmp.ProtocolISAKMP, SPI: c.cookies(), Kind: isakmp.InitialContact})
	}
	chain := p.t.initialChain()
	own := p.t.identityHash(auth.keys.SKEYID, true)
	b, err := auth.seal(&chain, c.header(isakmp.Aggressive, 0), func([]byte) []byte { return own }, third...)
	if err != nil {
		c.fail(Internal, Local, err)
		return
	}
	p.last = b
	p.again.stop()
	p.clear()
	c.secure(now, auth, chain, life)
	c.discloseSealed(true, c.header(isakmp.Aggressive, 0), own, third)
	c.send(b)
	c.urging(now, b, urges[:], true)
}

func (c *Conn) cookies() []byte {
	return append(append([]byte(nil), c.sa.Initiator[:]...), c.sa.Responder[:]...)
}

// secure declares the ISAKMP SA up.
func (c *Conn) secure(now time.Time, auth *authenticated, chain keymat.Chain, life Life) {
	c.auth, c.chain, c.phase, c.stage = auth, chain, secured, PhaseXAUTH
	c.sa.XAUTH = c.one.method != isakmp.AuthPreShared
	c.sa.Remote, c.sa.Marker = c.remote, c.marker
	c.sa.Since = now
	c.discloseKey()
	c.sa.Expires = now.Add(clamp(c.life1().Time, life.Time, minLife1, maxLife1, defaultLife1))
	c.renewal()
	switch {
	case c.client == nil:
		c.wait = time.Time{} // what comes next is for the owner to say
	case !c.sa.XAUTH:
		c.wait = now.Add(noXAUTHWait)
	case c.renews():
		c.wait = now.Add(renewalWait)
	default:
		c.wait = now.Add(stepWait)
		if c.client != nil {
			c.wait = now.Add(questionWait)
		}
	}
	c.emit(Secured{c.sa})
}

func clone(b []byte) []byte { return append([]byte(nil), b...) }
