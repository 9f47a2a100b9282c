package isakmp

// Phase 1 attributes (RFC 2409 App. A).
const (
	Phase1Encryption   = 1
	Phase1Hash         = 2
	Phase1Auth         = 3
	Phase1Group        = 4
	Phase1LifeType     = 11
	Phase1LifeDuration = 12
	Phase1PRF          = 13
	Phase1KeyLength    = 14 // bits; AES only
)

// Life types, of phase 1 and phase 2 alike.
const (
	LifeSeconds   = 1
	LifeKilobytes = 2
)

// Authentication methods (RFC 2409 App. A, the hybrid and XAUTH drafts). Init: the initiator is asked for XAUTH.
const (
	AuthPreShared          = 1
	AuthRSA                = 3
	AuthHybridInitRSA      = 64221
	AuthHybridRespRSA      = 64222
	AuthXAUTHInitPreShared = 65001
	AuthXAUTHRespPreShared = 65002
	AuthXAUTHInitRSA       = 65005
	AuthXAUTHRespRSA       = 65006
)

var authNames = map[uint16]string{
	AuthPreShared: "pre-shared key", AuthRSA: "RSA signature", AuthHybridInitRSA: "hybrid RSA, initiator",
	AuthHybridRespRSA: "hybrid RSA, responder", AuthXAUTHInitPreShared: "XAUTH pre-shared key, initiator",
	AuthXAUTHRespPreShared: "XAUTH pre-shared key, responder", AuthXAUTHInitRSA: "XAUTH RSA, initiator",
	AuthXAUTHRespRSA: "XAUTH RSA, responder",
}

// AuthName is the name of an authentication method.
func AuthName(method uint16) string { return named(authNames, method, "method ") }

var phase1Names = map[uint16]string{
	Phase1Encryption: "encryption", Phase1Hash: "hash", Phase1Auth: "authentication", Phase1Group: "group",
	Phase1LifeType: "life type", Phase1LifeDuration: "life duration", Phase1PRF: "PRF", Phase1KeyLength: "key length",
}

// Phase1Name is the name of a phase 1 attribute.
func Phase1Name(kind uint16) string { return named(phase1Names, kind, "attribute ") }

// IsPreShared reports whether SKEYID comes from a pre-shared key; all other methods take the signature formula.
func IsPreShared(method uint16) bool {
	return method == AuthPreShared || method == AuthXAUTHInitPreShared || method == AuthXAUTHRespPreShared
}
