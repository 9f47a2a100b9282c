// Package capturetest loads recorded conversations of foreign IKEv1 implementations for tests: every UDP datagram on
// the outside, every secret, and what each message and ESP packet means. Nothing but tests imports it.
//
//	for _, name := range capturetest.Names(t) {
//		c := capturetest.Load(t, name)
//		for _, d := range c.Datagrams { if b, ok := d.IKE(); ok { … } }
//	}
//
// The recordings are of strongSwan 5.9.8 as gateway, and of strongSwan or vpnc 0.5.3 as client, behind a NAT. What
// the JSON says comes from the logs of these programs and was confirmed with tshark.
package capturetest
