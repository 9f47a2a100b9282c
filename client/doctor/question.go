package doctor

import (
	"strings"

	"ezvpn/client/profile"
	"ezvpn/ike/isakmp"
)

// Question is the first message of Main Mode (RFC 2409 section 5): one IKE datagram without the non-ESP marker. It
// offers what the profile offers, and names no group and no user. A gateway that answers keeps the beginning of an
// ISAKMP SA until its own time is over, half a minute as a rule; nothing can take it back (RFC 2408 section 5.15: a
// Delete needs an SA).
func Question(cookie isakmp.Cookie, offers []profile.Phase1) []byte {
	p := isakmp.Proposal{Number: 1, Protocol: isakmp.ProtocolISAKMP}
	for _, o := range offers {
		for _, method := range []uint16{isakmp.AuthXAUTHInitPreShared, isakmp.AuthPreShared} {
			as := []isakmp.Attribute{isakmp.TV(isakmp.Phase1Encryption, o.Cipher)}
			if o.KeyBits != 0 {
				as = append(as, isakmp.TV(isakmp.Phase1KeyLength, uint16(o.KeyBits)))
			}
			as = append(as, isakmp.TV(isakmp.Phase1Hash, o.Hash), isakmp.TV(isakmp.Phase1Group, o.Group), isakmp.TV(isakmp.Phase1Auth, method),
				isakmp.TV(isakmp.Phase1LifeType, isakmp.LifeSeconds), isakmp.TV(isakmp.Phase1LifeDuration, 28800))
			p.Transforms = append(p.Transforms, isakmp.Transform{Number: uint8(len(p.Transforms) + 1), ID: isakmp.KeyIKE, Attributes: as})
		}
	}
	sa := isakmp.SA{DOI: isakmp.DOIIPsec, Situation: isakmp.SituationIdentityOnly, Proposals: []isakmp.Proposal{p}}
	return isakmp.AppendMessage(nil, isakmp.Header{Initiator: cookie, Exchange: isakmp.MainMode}, sa)
}

// Read tells what a datagram says to the question with this cookie; false if it is no answer to it. What it says is
// not authentic: anybody on the way could have written it.
func Read(cookie isakmp.Cookie, datagram []byte) (string, bool) {
	h, err := isakmp.ParseHeader(datagram)
	if err != nil || h.Initiator != cookie || h.Flags&isakmp.Encrypted != 0 || h.Responder.IsZero() && h.Exchange != isakmp.Informational {
		return "", false // our own question come back is no answer either
	}
	payloads, _, err := isakmp.ParsePayloads(h.Next, datagram[isakmp.HeaderLen:])
	if err != nil {
		return "an answer that cannot be read", true
	}
	said, vendors := "", []string(nil)
	for _, p := range payloads {
		switch b := p.Payload.(type) {
		case isakmp.SA:
			said = "it takes up the exchange"
		case isakmp.Notify:
			said = "it says " + isakmp.NotifyName(b.Kind)
		case isakmp.Vendor:
			if name := isakmp.VendorName(b.Data); name != "" && len(vendors) < 6 {
				vendors = append(vendors, name)
			}
		}
	}
	if said == "" {
		said = "an answer"
	}
	if len(vendors) > 0 {
		said += " (" + strings.Join(vendors, ", ") + ")"
	}
	return said, true
}
