package capturetest

import "net/netip"

// Datagram is one UDP datagram of a recording, IP fragments put together.
type Datagram struct {
	Frame    int // number in the recording, from 1; of the last fragment
	From, To netip.AddrPort
	Payload  []byte
}

// nattPort is where IKE travels behind a marker of four zero bytes (RFC 3948 §2.2).
const nattPort = 4500

// Marker reports whether the datagram travels on the NAT-T port, where IKE has the non-ESP marker.
func (d Datagram) Marker() bool { return d.From.Port() == nattPort || d.To.Port() == nattPort }

// Keepalive reports whether the datagram is a NAT keepalive.
func (d Datagram) Keepalive() bool { return len(d.Payload) == 1 && d.Payload[0] == 0xff }

// IKE gives the ISAKMP message without the marker.
func (d Datagram) IKE() ([]byte, bool) {
	switch {
	case d.Keepalive():
		return nil, false
	case !d.Marker():
		return d.Payload, true
	case len(d.Payload) > 4 && [4]byte(d.Payload) == [4]byte{}:
		return d.Payload[4:], true
	}
	return nil, false
}

// ESP gives the ESP packet.
func (d Datagram) ESP() ([]byte, bool) {
	if _, ike := d.IKE(); ike || d.Keepalive() || len(d.Payload) < 8 {
		return nil, false
	}
	return d.Payload, true
}
