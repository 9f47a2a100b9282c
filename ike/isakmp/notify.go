package isakmp

// Notify types: errors (RFC 2408 §3.14.1).
const (
	InvalidPayloadType      = 1
	DOINotSupported         = 2
	SituationNotSupported   = 3
	InvalidCookie           = 4
	InvalidMajorVersion     = 5
	InvalidMinorVersion     = 6
	InvalidExchangeType     = 7
	InvalidFlags            = 8
	InvalidMessageID        = 9
	InvalidProtocolID       = 10
	InvalidSPI              = 11
	InvalidTransformID      = 12
	AttributesNotSupported  = 13
	NoProposalChosen        = 14
	BadProposalSyntax       = 15
	PayloadMalformed        = 16
	InvalidKeyInformation   = 17
	InvalidIDInformation    = 18
	InvalidCertEncoding     = 19
	InvalidCertificate      = 20
	CertTypeUnsupported     = 21
	InvalidCertAuthority    = 22
	InvalidHashInformation  = 23
	AuthenticationFailed    = 24
	InvalidSignature        = 25
	AddressNotification     = 26
	NotifySALifetime        = 27
	CertificateUnavailable  = 28
	UnsupportedExchangeType = 29
	UnequalPayloadLengths   = 30
	lastErrorNotify         = 16383
	Connected               = 16384 // RFC 2408 §3.14.1: completes the commit bit
	ResponderLifetime       = 24576 // RFC 2407 §4.6.3.1: data is attributes
	ReplayStatus            = 24577
	InitialContact          = 24578 // SPI is both cookies
	CiscoHello              = 30000
	CiscoWWTEBR             = 30001
	CiscoShutUp             = 30002
	IOSKeepalive            = 32768 // before DPD
	IOSKeepaliveAck         = 32769
	RUThere                 = 36136 // RFC 3706: data is a 4-byte sequence number
	RUThereAck              = 36137
	UnityHeartbeat          = 40500 // the gateway still waits for the XAUTH answer
	UnityLoadBalance        = 40501 // data is the IPv4 address to use instead
	UnityGroupHash          = 40503 // hybrid with a group password
)

var notifyNames = map[uint16]string{
	InvalidPayloadType: "INVALID-PAYLOAD-TYPE", DOINotSupported: "DOI-NOT-SUPPORTED",
	SituationNotSupported: "SITUATION-NOT-SUPPORTED", InvalidCookie: "INVALID-COOKIE",
	InvalidMajorVersion: "INVALID-MAJOR-VERSION", InvalidMinorVersion: "INVALID-MINOR-VERSION",
	InvalidExchangeType: "INVALID-EXCHANGE-TYPE", InvalidFlags: "INVALID-FLAGS",
	InvalidMessageID: "INVALID-MESSAGE-ID", InvalidProtocolID: "INVALID-PROTOCOL-ID", InvalidSPI: "INVALID-SPI",
	InvalidTransformID: "INVALID-TRANSFORM-ID", AttributesNotSupported: "ATTRIBUTES-NOT-SUPPORTED",
	NoProposalChosen: "NO-PROPOSAL-CHOSEN", BadProposalSyntax: "BAD-PROPOSAL-SYNTAX",
	PayloadMalformed: "PAYLOAD-MALFORMED", InvalidKeyInformation: "INVALID-KEY-INFORMATION",
	InvalidIDInformation: "INVALID-ID-INFORMATION", InvalidCertEncoding: "INVALID-CERT-ENCODING",
	InvalidCertificate: "INVALID-CERTIFICATE", CertTypeUnsupported: "CERT-TYPE-UNSUPPORTED",
	InvalidCertAuthority: "INVALID-CERT-AUTHORITY", InvalidHashInformation: "INVALID-HASH-INFORMATION",
	AuthenticationFailed: "AUTHENTICATION-FAILED", InvalidSignature: "INVALID-SIGNATURE",
	AddressNotification: "ADDRESS-NOTIFICATION", NotifySALifetime: "NOTIFY-SA-LIFETIME",
	CertificateUnavailable: "CERTIFICATE-UNAVAILABLE", UnsupportedExchangeType: "UNSUPPORTED-EXCHANGE-TYPE",
	UnequalPayloadLengths: "UNEQUAL-PAYLOAD-LENGTHS",
	Connected:             "CONNECTED", ResponderLifetime: "RESPONDER-LIFETIME", ReplayStatus: "REPLAY-STATUS",
	InitialContact: "INITIAL-CONTACT", CiscoHello: "CISCO-HELLO", CiscoWWTEBR: "CISCO-WWTEBR",
	CiscoShutUp: "CISCO-SHUT-UP", IOSKeepalive: "IOS-KEEPALIVE", IOSKeepaliveAck: "IOS-KEEPALIVE-ACK",
	RUThere: "R-U-THERE", RUThereAck: "R-U-THERE-ACK", UnityHeartbeat: "UNITY-HEARTBEAT",
	UnityLoadBalance: "UNITY-LOAD-BALANCE", UnityGroupHash: "UNITY-GROUP-HASH",
}

// NotifyName is the name of a notify type as the RFCs write it; unknown ones are "NOTIFY-" and the number.
func NotifyName(kind uint16) string { return named(notifyNames, kind, "NOTIFY-") }

// IsError reports whether the notify says that something failed; the rest are status types.
func (p Notify) IsError() bool { return p.Kind <= lastErrorNotify }

func (p Notify) String() string { return NotifyName(p.Kind) }
