package ike

import (
	"errors"
	"fmt"
	"time"

	"ezvpn/ike/isakmp"
	"ezvpn/ike/keymat"
)

// FirstMessage says whether a datagram begins a phase 1: its header is that of a clear Aggressive Mode message
// without a responder cookie. Nothing more is known of it.
func FirstMessage(b []byte) bool {
	h, err := isakmp.ParseHeader(b)
	return err == nil && h.Exchange == isakmp.Aggressive && h.MessageID == 0 && h.Responder.IsZero() && !h.Initiator.IsZero() &&
		h.Flags&isakmp.Encrypted == 0 && h.Next != isakmp.TypeFragment
}

// Respond is the client's side of a phase 1 that the gateway begins, as when it renews the ISAKMP SA in reverse
// Aggressive Mode. cfg is what Initiate takes for the same gateway. We are still the client of XAUTH and of Mode Config.
// The answer goes to where the datagram came from, and nothing floats. Who sent it is not known before HASH_I holds: a
// caller has one such Conn at a time, for a gateway that it has an association with.
func Respond(now time.Time, cfg *Config, first Datagram) (*Conn, []Event) {
	c := newConn(cfg.Rand, cfg.DH, cfg.FragmentSize)
	c.client, c.wanted, c.disclosing = cfg, cfg.PeerIdentity, cfg.Disclose
	c.local, c.remote, c.marker = cfg.Local, first.Remote, first.Marker
	if first.Local.IsValid() {
		c.local = first.Local
	}
	if err := cfg.check(); err != nil {
		c.fail(Internal, Local, err)
		return c, c.take()
	}
	c.stats.Received++
	c.from = first
	if FirstMessage(first.Data) {
		c.message(now, first.Data, false)
	} else {
		c.drop("malformed", nil)
	}
	if c.one == nil {
		c.fail(ProposalRefused, Local, errors.New("the gateway's first message cannot be read"))
	}
	return c, c.take()
}

// answerFirst takes message 1 and sends message 2.
func (c *Conn) answerFirst(now time.Time, h isakmp.Header, body []byte, digest [32]byte) {
	payloads, _, err := isakmp.ParsePayloads(h.Next, body)
	if err == nil {
		err = checkScript(step{isakmp.Aggressive, 1}, payloads)
	}
	if err != nil {
		c.drop("malformed", err)
		return
	}
	if c.server != nil {
		c.remote, c.marker = c.from.Remote, c.from.Marker
	}
	if !c.random(c.sa.Responder[:]) {
		return
	}
	sa, sai, _ := get[isakmp.SA](payloads)
	id, idBody, _ := get[isakmp.ID](payloads)
	nonce, _, _ := get[isakmp.Nonce](payloads)
	peer := Identity{id.Kind, string(id.Data)}
	psk, ok := c.groupKey(peer)
	if !ok {
		c.refuse("identity", isakmp.AuthenticationFailed, GroupRefused, nil)
		return
	}
	if err := c.known(peer); err != nil {
		c.refuse("identity", isakmp.InvalidIDInformation, PeerIdentity, err)
		return
	}
	chosen, suite, method, life, err := c.choose(sa)
	if err != nil {
		c.refuse("proposal", isakmp.NoProposalChosen, ProposalRefused, err)
		return
	}
	t := transcript{suite: suite, psk: psk, ci: c.sa.Initiator, cr: c.sa.Responder, sai: clone(sai), ni: clone(nonce.Data), nr: make([]byte, nonceLen),
		idi: clone(idBody), idr: c.identity().payload().AppendBody(nil)}
	if !c.random(t.nr) {
		return
	}
	vendors := c.learnVendors(payloads)
	if c.natt = c.variant(vendors); c.natt == isakmp.NATTNone && c.client != nil {
		c.refuse("proposal", isakmp.NoProposalChosen, ProposalRefused, errNoNATT)
		return
	}
	c.fragments = c.sa.Fragments && !c.noFragments()
	c.sa.PeerIdentity, c.sa.Suite = peer, suite
	p := &phaseOne{t: t, method: method, life: life, heard: digest, any: true}
	if c.exchangeKeys(p, payloads) {
		c.one = p
		c.message2(now, chosen)
	}
}

// exchangeKeys does our half of the Diffie-Hellman exchange. An initiator computes its KE for one group before it
// knows what will be chosen: where that is not ours, there is nothing to agree on.
func (c *Conn) exchangeKeys(p *phaseOne, payloads []isakmp.Parsed) bool {
	ke, _, _ := get[isakmp.KE](payloads)
	var err error
	if p.pair, err = c.dh(p.t.suite.Group); err != nil {
		c.fail(Internal, Local, err)
		return false
	}
	p.t.gxi, p.t.gxr = clone(ke.Data), p.pair.Public()
	if p.t.gxy, err = p.pair.Shared(ke.Data); err != nil {
		p.clear()
		c.refuse("key-exchange", isakmp.InvalidPayloadType, ProposalRefused,
			fmt.Errorf("key exchange with %d bytes is not of %v, which was chosen: %w", len(ke.Data), p.t.suite.Group, err))
		return false
	}
	return true
}

// variant is the NAT traversal to speak with an initiator.
func (c *Conn) variant(vendors []isakmp.Vendor) isakmp.NATT {
	n := isakmp.ChooseNATT(vendors)
	if n != isakmp.NATTRFC || c.client == nil || c.client.NATT != NATTDrafts {
		return n
	}
	var drafts []isakmp.Vendor
	for _, v := range vendors {
		if isakmp.VendorName(v.Data) != isakmp.NameNATTRFC {
			drafts = append(drafts, v)
		}
	}
	return isakmp.ChooseNATT(drafts)
}

// choose takes the first transform of the initiator that we speak.
func (c *Conn) choose(sa isakmp.SA) (isakmp.Proposal, Phase1, uint16, Life, error) {
	for _, p := range sa.Proposals {
		for _, x := range p.Transforms {
			suite, method, life, err := matchPhase1(x, c.offers(), c.methods())
			if err == nil && p.Protocol == isakmp.ProtocolISAKMP && x.ID == isakmp.KeyIKE {
				return isakmp.Proposal{Number: p.Number, Protocol: p.Protocol, SPI: p.SPI, Transforms: []isakmp.Transform{x}}, suite, method, life, nil
			}
		}
	}
	return isakmp.Proposal{}, Phase1{}, 0, Life{}, errors.New("nothing that the peer proposes is ours")
}

// message2 sends SA, KE, Nr, IDir, vendor IDs, NAT-D and HASH_R.
func (c *Conn) message2(now time.Time, chosen isakmp.Proposal) {
	p := c.one
	keys, err := p.t.keys()
	if err != nil {
		c.fail(Internal, Local, err)
		return
	}
	defer keys.Clear()
	out := []isakmp.Payload{
		isakmp.SA{DOI: isakmp.DOIIPsec, Situation: isakmp.SituationIdentityOnly, Proposals: []isakmp.Proposal{chosen}},
		isakmp.KE{Data: p.t.gxr}, isakmp.Nonce{Data: p.t.nr}, c.identity().payload(),
		isakmp.Vendor{Data: isakmp.VendorXAUTH}, isakmp.Vendor{Data: isakmp.VendorUnity},
	}
	if c.server == nil || !c.server.NoDPD {
		out = append(out, isakmp.Vendor{Data: isakmp.VendorDPD})
	}
	if !c.noFragments() {
		out = append(out, isakmp.Vendor{Data: isakmp.VendorFragmentation})
	}
	switch c.natt {
	case isakmp.NATTRFC:
		out = append(out, isakmp.Vendor{Data: isakmp.VendorNATTRFC})
	case isakmp.NATTDraft:
		out = append(out, isakmp.Vendor{Data: isakmp.VendorNATTDraft02n})
	}
	if c.natt != isakmp.NATTNone {
		nat := c.natPayloads(p.t.suite.Hash, c.forcesNAT())
		if nat == nil {
			return
		}
		out = append(out, nat...)
	}
	out = append(out, isakmp.Hash{Data: p.t.identityHash(keys.SKEYID, false)})
	p.last = isakmp.AppendMessage(nil, c.header(isakmp.Aggressive, 0), out...)
	p.again.start(now)
	c.note("sent", "Aggressive Mode 2 to %s", c.remote)
	c.send(p.last)
}

// refuse counts a first message, says in clear why there will be no message 2, and ends it.
func (c *Conn) refuse(drop string, kind uint16, r Reason, err error) {
	c.drop(drop, err)
	var id [4]byte
	if !c.random(id[:]) {
		return
	}
	h := c.header(isakmp.Informational, uint32(id[0])<<24|uint32(id[1])<<16|uint32(id[2])<<8|uint32(id[3])|1)
	c.send(isakmp.AppendMessage(nil, h, isakmp.Notify{DOI: isakmp.DOIIPsec, Protocol: isakmp.ProtocolISAKMP, SPI: c.cookies(), Kind: kind}))
	c.fail(r, Local, err)
}

// third takes message 3, encrypted as everybody sends it or clear as the RFC draws it. Nothing that was said counts
// before HASH_I holds.
func (c *Conn) third(now time.Time, h isakmp.Header, body []byte, digest [32]byte) {
	p := c.one
	keys, err := p.t.keys()
	if err != nil {
		c.fail(Internal, Local, err)
		return
	}
	chain := p.t.initialChain()
	payloads, err := readThird(p.t, keys, chain, h, body)
	if err != nil {
		keys.Clear()
		c.drop("decrypt", err)
		return
	}
	hash, _, _ := get[isakmp.Hash](payloads)
	auth := p.t.prove(keys, hash.Data, true)
	if auth == nil {
		keys.Clear()
		c.drop("hash", errors.New("HASH_I does not hold"))
		if c.client != nil {
			c.suspect(now, GroupKeyWrong, "", nil)
		}
		return
	}
	if h.Flags&isakmp.Encrypted != 0 {
		chain.Advance(body)
	}
	if c.server != nil {
		c.remote, c.marker = c.from.Remote, c.from.Marker
	}
	c.hint = nil
	c.learnNAT(p.t.suite.Hash, payloads, c.local, c.remote)
	p.heard, p.any, p.last = digest, true, nil
	p.again.stop()
	p.clear()
	c.note("received", "Aggressive Mode 3, the peer knows the group key")
	c.secure(now, auth, chain, p.life)
}

func readThird(t transcript, keys keymat.Keys, chain keymat.Chain, h isakmp.Header, body []byte) ([]isakmp.Parsed, error) {
	if h.Flags&isakmp.Encrypted != 0 {
		plain, err := t.suite.Cipher.Decrypt(keys.Key, chain.IV(), body)
		if err != nil {
			return nil, err
		}
		body = plain
	}
	payloads, _, err := isakmp.ParsePayloads(h.Next, body)
	if err != nil {
		return nil, err
	}
	return payloads, checkScript(step{isakmp.Aggressive, 3}, payloads)
}
