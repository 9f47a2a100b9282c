package status

import (
	"net/netip"
	"time"
)

// Kinds of a Disclosure.
const (
	DisclosedISAKMP  = "isakmp"  // the key of an ISAKMP SA
	DisclosedESP     = "esp"     // the keys of one direction of an IPsec SA
	DisclosedMessage = "message" // an ISAKMP message in clear
)

// Disclosure is one line of the decrypt kit: what an administrator needs to read a capture of a session. It is never in
// a snapshot, a log or a bundle. Texts in it are hex, or names.
type Disclosure struct {
	Time time.Time `json:"time"`
	Kind string    `json:"kind"`

	Cookie string `json:"cookie,omitempty"` // of the initiator, with isakmp
	Key    string `json:"key,omitempty"`    // of the ISAKMP SA, or for encryption with ESP: salt included with GCM

	Suite   string     `json:"suite,omitempty"`    // of ESP: "AES-CBC-128", "AES-GCM-16-256", "3DES"
	Auth    string     `json:"auth,omitempty"`     // of ESP; empty with GCM
	AuthKey string     `json:"auth_key,omitempty"` // likewise
	SPI     string     `json:"spi,omitempty"`      // 0x…
	From    netip.Addr `json:"from,omitzero"`      // outside address of the sender
	To      netip.Addr `json:"to,omitzero"`

	Source      netip.AddrPort `json:"source,omitzero"` // of a message
	Destination netip.AddrPort `json:"destination,omitzero"`
	Message     []byte         `json:"message,omitempty"` // from the ISAKMP header on; secrets are asterisks
}
