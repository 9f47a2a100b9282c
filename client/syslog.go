package client

import (
	"fmt"
	"net/netip"

	"ezvpn/client/status"
)

// Log lines in the wording of Cisco IOS, which log parsers know. The number in the mnemonic is the severity of syslog.

// upNotes say that the tunnel is up.
func (m machine) upNotes() []action {
	return []action{actSyslog{m.sessionStatus("UP")}, actSyslog{m.ezvpn("CONNECTION_UP")}}
}

// downNotes say that a tunnel that was up is down. They are made before the association is forgotten.
func (m machine) downNotes() []action {
	if m.state != status.Active {
		return nil
	}
	return []action{actSyslog{m.sessionStatus("DOWN")}, actSyslog{m.ezvpn("CONNECTION_DOWN")}}
}

func (m machine) sessionStatus(is string) string {
	return fmt.Sprintf("%%CRYPTO-5-SESSION_STATUS: Crypto tunnel is %s.  Peer %s       Id: %s", is, m.peerSocket(), m.peerID())
}

// peerSocket is the peer as it is listed: with the port of IKE, not the one that it floated to.
func (m machine) peerSocket() netip.AddrPort {
	a, _ := m.peers.address()
	return a
}

func (m machine) peerID() string {
	if m.isakmp == nil {
		return m.peerSocket().Addr().String()
	}
	return identityText(m.isakmp.PeerIdentity)
}

// ezvpn is the line of the Easy VPN remote about the session.
func (m machine) ezvpn(what string) string {
	s := fmt.Sprintf("%%CRYPTO-6-EZVPN_%s: (Client)  User=%s  Group=%s  Server_public_addr=%s", what,
		status.FilterLine(m.creds.user), status.FilterLine(m.profile.Group.Name), m.peerSocket().Addr())
	if m.net != nil && m.net.Address.IsValid() {
		s += "  Assigned_client_addr=" + m.net.Address.String()
	}
	return s
}
