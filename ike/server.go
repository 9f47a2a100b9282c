package ike

import (
	"errors"
	"fmt"
	"io"
	"net/netip"
	"time"

	"ezvpn/ike/isakmp"
	"ezvpn/ike/keymat"
)

// Server is what the gateway's side of an association is made with. The engine's gateway side exists for tests, the
// demo and benchmarks; it answers what the client's side sends.
type Server struct {
	Rand         io.Reader
	DH           func(keymat.Group) (keymat.KeyPair, error)
	Local        netip.AddrPort
	Identity     Identity
	Group        func(Identity) (Secret, bool) // the group key of a client
	Phase1       []Phase1
	Phase2       []Suite
	Life1, Life2 time.Duration // 0: the client's
	Kilobytes    uint64        // told with RESPONDER-LIFETIME, 0 for none
	PFS          keymat.Group  // demanded, 0: the client's choice
	XAUTH        bool          // the XAUTHInit method; otherwise the plain one
	// Narrow answers a proposed selector, from the gateway's point of view; false refuses it.
	Narrow       func(Selector) (Selector, bool)
	NoDPD        bool
	NoFragments  bool
	FragmentSize int
}

// Accept makes the gateway's side. The owner gives it the first message of an unknown initiator cookie, and every
// message with the same cookie after it.
func Accept(_ time.Time, s *Server) *Conn {
	c := newConn(s.Rand, s.DH, s.FragmentSize)
	c.server, c.local = s, s.Local
	return c
}

func (s *Server) methods() []uint16 {
	if s.XAUTH {
		return []uint16{isakmp.AuthXAUTHInitPreShared}
	}
	return []uint16{isakmp.AuthPreShared}
}

// choose takes the first transform of the client that the gateway speaks.
func (s *Server) choose(sa isakmp.SA) (isakmp.Proposal, Phase1, uint16, Life, error) {
	for _, p := range sa.Proposals {
		for _, x := range p.Transforms {
			if suite, method, life, err := matchPhase1(x, s.Phase1, s.methods()); err == nil && p.Protocol == isakmp.ProtocolISAKMP {
				return isakmp.Proposal{Number: p.Number, Protocol: p.Protocol, Transforms: []isakmp.Transform{x}}, suite, method, life, nil
			}
		}
	}
	return isakmp.Proposal{}, Phase1{}, 0, Life{}, errNotOffered
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
	c.remote, c.marker = c.from.Remote, c.from.Marker
	sa, sai, _ := get[isakmp.SA](payloads)
	id, idBody, _ := get[isakmp.ID](payloads)
	ke, _, _ := get[isakmp.KE](payloads)
	nonce, _, _ := get[isakmp.Nonce](payloads)
	psk, known := c.server.Group(Identity{id.Kind, string(id.Data)})
	if !known {
		c.refuse(isakmp.AuthenticationFailed)
		c.fail(GroupRefused, Local, nil)
		return
	}
	chosen, suite, method, life, err := c.server.choose(sa)
	if err != nil {
		c.refuse(isakmp.NoProposalChosen)
		c.fail(ProposalRefused, Local, err)
		return
	}
	nr := make([]byte, nonceLen)
	if !c.random(c.sa.Responder[:]) || !c.random(nr) {
		return
	}
	pair, err := c.dh(suite.Group)
	if err != nil {
		c.fail(Internal, Local, err)
		return
	}
	own := c.server.Identity.payload()
	t := transcript{suite: suite, psk: psk, ci: c.sa.Initiator, cr: c.sa.Responder, sai: clone(sai), gxi: clone(ke.Data), gxr: pair.Public(),
		ni: clone(nonce.Data), nr: nr, idi: clone(idBody), idr: own.AppendBody(nil)}
	if t.gxy, err = pair.Shared(ke.Data); err != nil {
		c.drop("key-exchange", err)
		return
	}
	c.one = &phaseOne{t: t, pair: pair, method: method, life: life, heard: digest, any: true}
	c.sa.PeerIdentity, c.sa.Suite = Identity{id.Kind, string(id.Data)}, suite
	c.natt = isakmp.ChooseNATT(c.learnVendors(payloads))
	c.fragments = c.sa.Fragments && !c.server.NoFragments
	c.message2(now, chosen, own)
}

// message2 sends SA, KE, Nr, IDir, vendor IDs, NAT-D and HASH_R.
func (c *Conn) message2(now time.Time, chosen isakmp.Proposal, own isakmp.ID) {
	p := c.one
	keys, err := p.t.keys()
	if err != nil {
		c.fail(Internal, Local, err)
		return
	}
	out := []isakmp.Payload{
		isakmp.SA{DOI: isakmp.DOIIPsec, Situation: isakmp.SituationIdentityOnly, Proposals: []isakmp.Proposal{chosen}},
		isakmp.KE{Data: p.t.gxr}, isakmp.Nonce{Data: p.t.nr}, own, isakmp.Vendor{Data: isakmp.VendorXAUTH}, isakmp.Vendor{Data: isakmp.VendorUnity},
	}
	if !c.server.NoDPD {
		out = append(out, isakmp.Vendor{Data: isakmp.VendorDPD})
	}
	if !c.server.NoFragments {
		out = append(out, isakmp.Vendor{Data: isakmp.VendorFragmentation})
	}
	switch c.natt {
	case isakmp.NATTRFC:
		out = append(out, isakmp.Vendor{Data: isakmp.VendorNATTRFC})
	case isakmp.NATTDraft:
		out = append(out, isakmp.Vendor{Data: isakmp.VendorNATTDraft02n})
	}
	if c.natt != isakmp.NATTNone {
		out = append(out, c.natPayloads(p.t.suite.Hash, false)...)
	}
	out = append(out, isakmp.Hash{Data: p.t.identityHash(keys.SKEYID, false)})
	p.last = isakmp.AppendMessage(nil, c.header(isakmp.Aggressive, 0), out...)
	p.again.start(now)
	c.send(p.last)
}

// refuse says in clear why there will be no message 2.
func (c *Conn) refuse(kind uint16) {
	c.send(isakmp.AppendMessage(nil, c.header(isakmp.Informational, 0),
		isakmp.Notify{DOI: isakmp.DOIIPsec, Protocol: isakmp.ProtocolISAKMP, Kind: kind}))
}

// third takes message 3, encrypted as everybody sends it or clear as the RFC draws it.
func (c *Conn) third(now time.Time, h isakmp.Header, body []byte, digest [32]byte) {
	p := c.one
	keys, err := p.t.keys()
	if err != nil {
		c.fail(Internal, Local, err)
		return
	}
	chain := p.t.initialChain()
	plain := body
	if h.Flags&isakmp.Encrypted != 0 {
		if plain, err = p.t.suite.Cipher.Decrypt(keys.Key, chain.IV(), body); err != nil {
			c.drop("decrypt", err)
			return
		}
	}
	payloads, _, err := isakmp.ParsePayloads(h.Next, plain)
	if err == nil {
		err = checkScript(step{isakmp.Aggressive, 3}, payloads)
	}
	if err != nil {
		c.drop("decrypt", err)
		return
	}
	hash, _, _ := get[isakmp.Hash](payloads)
	auth := p.t.prove(keys, hash.Data, true)
	if auth == nil {
		c.drop("hash", errors.New("HASH_I does not hold"))
		return
	}
	if h.Flags&isakmp.Encrypted != 0 {
		chain.Advance(body)
	}
	c.remote, c.marker = c.from.Remote, c.from.Marker
	c.learnNAT(p.t.suite.Hash, payloads, c.local, c.remote)
	p.heard, p.any, p.last = digest, true, nil
	p.again.stop()
	p.clear()
	c.secure(now, auth, chain, p.life)
	c.wait = time.Time{} // what comes next is for the owner to say
}

// errClient says that a command is for the gateway's side.
var errClient = errors.New("only the gateway's side does this")

// ready says whether a command of the gateway's side can be carried out: it has an ISAKMP SA.
func (c *Conn) ready() error {
	switch {
	case c.server == nil:
		return errClient
	case c.auth == nil || c.phase == closed:
		return fmt.Errorf("no ISAKMP SA")
	}
	return nil
}
