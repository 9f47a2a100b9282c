package probe

import (
	"fmt"
	"io"
	"slices"
	"time"

	"ezvpn/client/profile"
	"ezvpn/ike/isakmp"
	"ezvpn/ike/keymat"
)

// write makes the first message of a phase 1 (RFC 2409 sections 5.4 and 5).
func (m *Machine) write(q question) ([]byte, error) {
	if _, err := io.ReadFull(m.cfg.Rand, m.cookie[:]); err != nil {
		return nil, fmt.Errorf("no random numbers: %w", err)
	}
	p := isakmp.Proposal{Number: 1, Protocol: isakmp.ProtocolISAKMP}
	for i, o := range q.offer {
		as := []isakmp.Attribute{isakmp.TV(isakmp.Phase1Encryption, o.Cipher)}
		if o.KeyBits != 0 {
			as = append(as, isakmp.TV(isakmp.Phase1KeyLength, uint16(o.KeyBits)))
		}
		as = append(as, isakmp.TV(isakmp.Phase1Hash, o.Hash), isakmp.TV(isakmp.Phase1Group, o.Group), isakmp.TV(isakmp.Phase1Auth, q.method),
			isakmp.TV(isakmp.Phase1LifeType, isakmp.LifeSeconds), isakmp.TV(isakmp.Phase1LifeDuration, 28800))
		p.Transforms = append(p.Transforms, isakmp.Transform{Number: uint8(i + 1), ID: isakmp.KeyIKE, Attributes: as})
	}
	sa := isakmp.SA{DOI: isakmp.DOIIPsec, Situation: isakmp.SituationIdentityOnly, Proposals: []isakmp.Proposal{p}}
	h := isakmp.Header{Initiator: m.cookie, Exchange: isakmp.MainMode}
	vendors := []isakmp.Payload{isakmp.Vendor{Data: isakmp.VendorXAUTH}, isakmp.Vendor{Data: isakmp.VendorUnity}, isakmp.Vendor{Data: isakmp.VendorNATTRFC}, isakmp.Vendor{Data: isakmp.VendorDPD}}
	if m.cfg.Group == "" {
		return isakmp.AppendMessage(nil, h, append([]isakmp.Payload{sa}, vendors...)...), nil
	}
	pair, err := keymat.Group(q.offer[0].Group).Generate(m.cfg.Rand)
	if err != nil {
		return nil, fmt.Errorf("making a key pair of %s: %w", q.group, err)
	}
	public := slices.Clone(pair.Public())
	keymat.Clear(pair) // nobody is going to use it
	nonce := make([]byte, 20)
	if _, err := io.ReadFull(m.cfg.Rand, nonce); err != nil {
		return nil, fmt.Errorf("no random numbers: %w", err)
	}
	h.Exchange = isakmp.Aggressive
	id := isakmp.ID{Kind: isakmp.IDKeyID, Protocol: 17, Port: 500, Data: []byte(m.cfg.Group)}
	return isakmp.AppendMessage(nil, h, append([]isakmp.Payload{sa, isakmp.KE{Data: public}, isakmp.Nonce{Data: nonce}, id}, vendors...)...), nil
}

// Receive takes a datagram from the address that was asked, without the non-ESP marker. What does not belong to the open
// question is ignored. Nothing in an answer is authentic.
func (m *Machine) Receive(now time.Time, datagram []byte) {
	if m.done || !m.open {
		return
	}
	h, err := isakmp.ParseHeader(datagram)
	if err != nil || h.Initiator != m.cookie || h.Flags&isakmp.Encrypted != 0 || h.Responder.IsZero() && h.Exchange != isakmp.Informational {
		return // our own question come back is no answer either
	}
	payloads, _, err := isakmp.ParsePayloads(h.Next, datagram[isakmp.HeaderLen:])
	m.answered, m.silent = true, 0
	m.open = false
	m.due = now.Add(Pause)
	if err != nil {
		m.close("refused", "an answer that cannot be read")
		return
	}
	says := "an answer without a choice"
	for _, p := range payloads {
		if v, ok := p.Payload.(isakmp.Vendor); ok {
			m.report.vendor(v)
		}
	}
	for _, p := range payloads {
		switch b := p.Payload.(type) {
		case isakmp.Notify:
			says = isakmp.NotifyName(b.Kind)
			m.saysNo = m.saysNo || b.IsError()
		case isakmp.SA:
			if m.chose(b) {
				m.due = now.Add(Rest)
				return
			}
			says = "it chose what was not offered"
		}
	}
	m.close("refused", says)
}

// chose takes the proposal that the gateway picked out of the offer.
func (m *Machine) chose(sa isakmp.SA) bool {
	if len(sa.Proposals) != 1 || len(sa.Proposals[0].Transforms) != 1 {
		return false
	}
	got := map[uint16]uint64{}
	for _, a := range sa.Proposals[0].Transforms[0].Attributes {
		if v, ok := a.Uint(); ok {
			got[a.Type] = v
		}
	}
	q := &m.queue[0]
	i := slices.IndexFunc(q.offer, func(p profile.Phase1) bool {
		return uint64(p.Cipher) == got[isakmp.Phase1Encryption] && uint64(p.Hash) == got[isakmp.Phase1Hash] &&
			uint64(p.Group) == got[isakmp.Phase1Group] && uint64(p.KeyBits) == got[isakmp.Phase1KeyLength]
	})
	if i < 0 || got[isakmp.Phase1Auth] != uint64(q.method) {
		return false
	}
	m.report.accept(q.group, q.offer[i])
	q.offer = slices.Delete(slices.Clone(q.offer), i, i+1)
	if len(q.offer) == 0 {
		m.close("accepted", "")
	}
	return true
}
