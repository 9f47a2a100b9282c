package isakmp

// Phase 2 attributes (RFC 2407 §4.5, RFC 4304).
const (
	Phase2LifeType      = 1
	Phase2LifeDuration  = 2
	Phase2Group         = 3 // PFS; present with a KE payload only
	Phase2Encapsulation = 4
	Phase2Auth          = 5
	Phase2KeyLength     = 6 // bits of the AES key, salt not counted
	Phase2KeyRounds     = 7
	Phase2ECN           = 10
	Phase2ESN           = 11
)

// Encapsulation modes (RFC 2407 §4.5, RFC 3947 §5.1, drafts 02 and 03).
const (
	EncapTunnel            = 1
	EncapTransport         = 2
	EncapUDPTunnel         = 3
	EncapUDPTransport      = 4
	EncapUDPTunnelDraft    = 61443
	EncapUDPTransportDraft = 61444
)

// Authentication algorithms of ESP (RFC 2407 §4.5, RFC 4868).
const (
	AuthHMACMD5    = 1
	AuthHMACSHA1   = 2
	AuthHMACSHA256 = 5
	AuthHMACSHA384 = 6
	AuthHMACSHA512 = 7
)

var phase2Names = map[uint16]string{
	Phase2LifeType: "life type", Phase2LifeDuration: "life duration", Phase2Group: "group",
	Phase2Encapsulation: "encapsulation mode", Phase2Auth: "authentication", Phase2KeyLength: "key length",
	Phase2KeyRounds: "key rounds", Phase2ECN: "ECN tunnel", Phase2ESN: "extended sequence numbers",
}

// Phase2Name is the name of a phase 2 attribute.
func Phase2Name(kind uint16) string { return named(phase2Names, kind, "attribute ") }
