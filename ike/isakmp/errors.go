package isakmp

import "errors"

// Errors of the parsers. Each is one kind of bad input, so that an engine can count them; errors.Is finds them.
var (
	ErrShort    = errors.New("message is cut short")
	ErrLength   = errors.New("length field does not fit the message")
	ErrReserved = errors.New("reserved field is not zero") // after decryption: the wrong key
	ErrVersion  = errors.New("ISAKMP version is not 1.0")
	ErrFlags    = errors.New("unknown header flags are set")
	ErrCookie   = errors.New("initiator cookie is zero")
	ErrChain    = errors.New("payload chain is broken")
	ErrDOI      = errors.New("SA payload is not for IPsec identity-only")
	ErrTooMany  = errors.New("message has more payloads or attributes than are accepted")
	ErrFragment = errors.New("IKE fragment does not fit the others")
)
