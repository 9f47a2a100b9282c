package ike

import (
	"slices"

	"ezvpn/ike/isakmp"
)

// Disclosed is what an administrator who decrypts a capture needs, and comes only after Disclose: a message in clear, or
// the key of the ISAKMP SA. The owner must not keep or log it.
type Disclosed struct {
	Key     []byte   // of phase 1, for the cipher of the ISAKMP SA; nil for a message
	Out     bool     // Message was sent, not received
	Message Datagram // header and payloads in clear, the flag for encryption off; passwords and codes are asterisks
}

func (Disclosed) event() {}

// Disclose switches on or off that Disclosed events come. The key of an ISAKMP SA that is up comes at once. Off is how a
// Conn begins, unless its Config says otherwise; then no key leaves it.
func (c *Conn) Disclose(on bool) []Event {
	c.disclosing = on
	c.discloseKey()
	return c.take()
}

func (c *Conn) discloseKey() {
	if c.disclosing && c.auth != nil {
		c.emit(Disclosed{Key: slices.Clone(c.auth.keys.Key)})
	}
}

// discloseClear shows a message that was never encrypted.
func (c *Conn) discloseClear(out bool, b []byte) {
	if !c.disclosing {
		return
	}
	if h, err := isakmp.ParseHeader(b); err == nil && h.Flags&isakmp.Encrypted == 0 {
		c.emit(Disclosed{Out: out, Message: c.disclosed(out, slices.Clone(b))})
	}
}

// discloseSealed shows a message that travels, or came, encrypted: HASH first, then these payloads.
func (c *Conn) discloseSealed(out bool, h isakmp.Header, hash []byte, payloads []isakmp.Payload) {
	if !c.disclosing {
		return
	}
	h.Flags &^= isakmp.Encrypted
	all := []isakmp.Payload{isakmp.Hash{Data: hash}}
	for _, p := range payloads {
		all = append(all, masked(p))
	}
	c.emit(Disclosed{Out: out, Message: c.disclosed(out, isakmp.AppendMessage(nil, h, all...))})
}

func (c *Conn) disclosed(out bool, b []byte) Datagram {
	d := Datagram{Local: c.local, Remote: c.remote, Marker: c.marker, Data: b}
	if !out {
		d.Remote, d.Marker = c.from.Remote, c.from.Marker
	}
	return d
}

// secretAttributes are those of XAUTH whose values are nobody's but the user's.
var secretAttributes = []uint16{isakmp.XAUTHPassword, isakmp.XAUTHPasscode, isakmp.XAUTHNextPIN, isakmp.XAUTHAnswer}

// masked puts asterisks in the place of secrets, one for each byte.
func masked(p isakmp.Payload) isakmp.Payload {
	cfg, ok := p.(isakmp.Config)
	if !ok {
		return p
	}
	cfg.Attributes = slices.Clone(cfg.Attributes)
	for i, a := range cfg.Attributes {
		if slices.Contains(secretAttributes, a.Type) {
			cfg.Attributes[i] = isakmp.TLV(a.Type, slices.Repeat([]byte{'*'}, len(a.Value)))
		}
	}
	return cfg
}
