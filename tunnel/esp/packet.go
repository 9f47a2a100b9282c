package esp

import "errors"

// Packet is one packet of a batch. The caller provides Src and Dst, Seal and Open fill N and Err.
//
// Seal: Src is an inner IP packet, Dst takes the ESP packet and has room for SealedLen(len(Src)).
// Open: Src is an ESP packet, Dst takes the inner IP packet and has room for len(Src).
// Dst and Src overlap either not at all, or so that the payload lies at the same place (Seal: Src ==
// Dst[HeaderLen:], Open: Dst == Src[HeaderLen:]).
type Packet struct {
	Src, Dst []byte
	N        int
	Err      error // nil, or one of the errors below: why this packet was dropped
}

// Why a packet of a batch was dropped. They are compared with ==, and cost nothing.
var (
	ErrShort      = errors.New("esp: packet is too short or not whole blocks")
	ErrSPI        = errors.New("esp: packet of another SA")
	ErrReplay     = errors.New("esp: sequence number was seen before or is too old")
	ErrAuth       = errors.New("esp: integrity check failed")
	ErrPadding    = errors.New("esp: padding is longer than the packet")
	ErrNextHeader = errors.New("esp: not an IPv4 packet inside")
	ErrIPv6       = errors.New("esp: an IPv6 packet inside; only IPv4 is carried")
	ErrDummy      = errors.New("esp: dummy packet") // RFC 4303 §2.6
	ErrRoom       = errors.New("esp: no room for the result")
	ErrExhausted  = errors.New("esp: sequence numbers are used up; the SA must be rekeyed")
	ErrCleared    = errors.New("esp: the SA was cleared")
)

// RekeySeq is the sequence number from which an SA should be rekeyed, long before the numbers are used up.
const RekeySeq = 1 << 31

// Next headers (RFC 4303 §2.6).
const (
	nextIPv4  = 4
	nextIPv6  = 41
	nextDummy = 59
)
