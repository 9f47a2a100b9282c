package client

import (
	"ezvpn/client/status"
	"ezvpn/ike/keymat"
)

// rate says how strong the tunnel is, and why. A group key with XAUTH is never better than "weak", since everybody
// in the group can play the gateway; the reasons say so.
func rate(m machine) *status.Rating {
	if m.isakmp == nil {
		return nil
	}
	r := &status.Rating{Grade: "weak", Reasons: []string{
		"Aggressive Mode with a group key: anyone who knows the key can impersonate the gateway and read the password, and a listener can guess at the key offline",
	}}
	s := m.isakmp.Suite
	if s.Group == 2 || s.Group == 5 {
		r.Reasons = append(r.Reasons, "Diffie-Hellman group "+s.Group.String()+" is too small")
	}
	if s.Hash == keymat.MD5 {
		r.Reasons = append(r.Reasons, "MD5 in phase 1")
	}
	if s.Cipher == keymat.TripleDES {
		r.Reasons = append(r.Reasons, "3DES in phase 1")
	}
	for _, sa := range m.sas {
		if sa.Suite.Cipher == 3 {
			r.Reasons = append(r.Reasons, "3DES for the traffic: change keys often")
			break
		}
	}
	return r
}
