package client

import (
	"slices"

	"ezvpn/client/status"
	"ezvpn/ike"
)

// count adds what one step of the machine brought about to the totals.
func (s *session) count(before, after machine) {
	t := &s.totals
	switch {
	case before.state != status.Active && after.state == status.Active && before.up:
		t.Failovers++
	case before.state != status.Active && after.state == status.Active:
		t.Connects++
	case before.state == status.Active && after.state == status.Active && before.peers.at != after.peers.at && before.assoc != after.assoc:
		t.Returns++ // make before break: there was no moment without a tunnel
	case before.state == status.Active && after.state == status.Active && before.assoc != after.assoc:
		t.Phase1Renewals++
	}
	if before.state != status.Active || after.state != status.Active || before.assoc != after.assoc {
		return
	}
	for _, sa := range after.sas {
		if !slices.ContainsFunc(before.sas, func(x ike.IPsecSA) bool { return x.In.SPI == sa.In.SPI }) {
			t.Phase2Renewals++
		}
	}
}
