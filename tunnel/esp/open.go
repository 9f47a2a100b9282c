package esp

import "encoding/binary"

// Receiver is the inbound half of an SA. It is not safe for concurrent use: one goroutine opens.
type Receiver struct {
	spi    uint32
	suite  Suite
	at     layout
	t      transform
	replay replay
}

// NewReceiver makes the inbound half. spi is our own, in host order; enc includes the salt with AES-GCM. The keys are
// not kept beyond what the ciphers hold.
func NewReceiver(spi uint32, s Suite, enc, auth []byte) (*Receiver, error) {
	t, err := newTransform(s, enc, auth)
	if err != nil {
		return nil, err
	}
	return &Receiver{spi: spi, suite: s, at: s.layout(), t: t}, nil
}

// Suite and SPI name the SA.
func (r *Receiver) Suite() Suite { return r.suite }
func (r *Receiver) SPI() uint32  { return r.spi }

// SPIOf reads the SPI of an ESP packet; 0 if it is too short to have one.
func SPIOf(p []byte) uint32 {
	if len(p) < 4 {
		return 0
	}
	return binary.BigEndian.Uint32(p)
}

// Open opens the batch in order and returns how many packets were good. Each of the others says why it was dropped;
// what Dst then holds means nothing, and in place the ESP packet is gone, too.
//
// N is the length that the inner IP header gives: traffic flow padding behind it (RFC 4303 §2.7) is cut off. The pattern
// of the other padding is not looked at, as RFC 4303 §2.4 allows: some peers fill with zeros or with chance.
func (r *Receiver) Open(batch []Packet) (n int) {
	for i := range batch {
		p := &batch[i]
		if p.N, p.Err = r.one(p); p.Err == nil {
			n++
		}
	}
	return n
}

// Clear forgets the keys, as Sender.Clear does. Packets get ErrCleared from then on.
func (r *Receiver) Clear() {
	if r.t != nil {
		r.t.clear()
		r.t = nil
	}
}

// one follows RFC 4303 §3.4: the number is looked up, the packet authenticated, and only then the window moves.
func (r *Receiver) one(p *Packet) (int, error) {
	if r.t == nil {
		return 0, ErrCleared
	}
	cipherLen := len(p.Src) - r.at.header - r.at.icv
	if cipherLen < r.at.align || cipherLen%r.at.align != 0 {
		return 0, ErrShort
	}
	if SPIOf(p.Src) != r.spi {
		return 0, ErrSPI
	}
	seq := binary.BigEndian.Uint32(p.Src[4:])
	if !r.replay.check(seq) {
		return 0, ErrReplay
	}
	if len(p.Dst) < cipherLen {
		return 0, ErrRoom
	}
	if err := r.t.open(p.Dst[:cipherLen], p.Src); err != nil {
		return 0, err
	}
	if !r.replay.accept(seq) {
		return 0, ErrReplay
	}
	return inner(p.Dst[:cipherLen])
}

// inner is the length of the IP packet in an authentic plaintext.
func inner(plain []byte) (int, error) {
	pad, next := int(plain[len(plain)-2]), plain[len(plain)-1]
	n := len(plain) - trailerLen - pad
	switch {
	case n < 0:
		return 0, ErrPadding
	case next == nextDummy:
		return 0, ErrDummy
	case next == nextIPv6:
		return 0, ErrIPv6
	case next != nextIPv4 || n < 20 || plain[0]>>4 != 4:
		return 0, ErrNextHeader
	}
	total := int(binary.BigEndian.Uint16(plain[2:]))
	if total < 20 || total > n {
		return 0, ErrNextHeader
	}
	return total, nil
}
