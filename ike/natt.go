package ike

import (
	"bytes"
	"net/netip"

	"ezvpn/ike/isakmp"
	"ezvpn/ike/keymat"
)

// Ports of IKE (RFC 2408 §2.5.1, RFC 3947 §4).
const (
	portIKE  = 500
	portNATT = 4500
)

// phaseOneVendors are the vendor IDs of a first message.
func phaseOneVendors(n NATT, fragments bool) []isakmp.Payload {
	ids := [][]byte{isakmp.VendorXAUTH, isakmp.VendorUnity}
	if n != NATTDrafts {
		ids = append(ids, isakmp.VendorNATTRFC)
	}
	ids = append(ids, isakmp.VendorNATTDraft03, isakmp.VendorNATTDraft02n, isakmp.VendorNATTDraft02, isakmp.VendorDPD)
	if fragments {
		ids = append(ids, isakmp.VendorFragmentation)
	}
	out := make([]isakmp.Payload, len(ids))
	for i, id := range ids {
		out[i] = isakmp.Vendor{Data: id}
	}
	return out
}

// learnVendors notes what the peer announced. It is called for authentic messages only.
func (c *Conn) learnVendors(payloads []isakmp.Parsed) (vendors []isakmp.Vendor) {
	for _, p := range payloads {
		v, ok := p.Payload.(isakmp.Vendor)
		if !ok {
			continue
		}
		vendors = append(vendors, v)
		switch isakmp.VendorName(v.Data) {
		case isakmp.NameDPD:
			c.sa.DPD = true
		case isakmp.NameUnity:
			c.sa.Unity = true
		case isakmp.NameFragmentation:
			c.sa.Fragments = true
		}
		c.sa.Vendors = append(c.sa.Vendors, v.String())
	}
	return vendors
}

// natPayloads are the NAT-D payloads of this side: the peer's address, then ours. A forced one is true for nobody.
func (c *Conn) natPayloads(h keymat.Hash, forced bool) []isakmp.Payload {
	hash := natHash(h, c.sa)
	own := hash(c.local)
	if forced {
		own = make([]byte, len(own))
		if !c.random(own) {
			return nil
		}
	}
	kind := c.natt.NATD()
	return []isakmp.Payload{isakmp.NATD{Number: kind, Data: hash(c.remote)}, isakmp.NATD{Number: kind, Data: own}}
}

// learnNAT compares the peer's NAT-D hashes with what is seen here (RFC 3947 §3.2).
func (c *Conn) learnNAT(h keymat.Hash, payloads []isakmp.Parsed, local, remote netip.AddrPort) {
	hash := natHash(h, c.sa)
	first, sources, matched := true, 0, false
	for _, p := range payloads {
		d, ok := p.Payload.(isakmp.NATD)
		if !ok || d.Number != c.natt.NATD() {
			continue
		}
		if first {
			c.sa.NATLocal = !bytes.Equal(d.Data, hash(local))
			first = false
			continue
		}
		sources++
		matched = matched || bytes.Equal(d.Data, hash(remote))
	}
	c.sa.NATRemote = sources > 0 && !matched
}
