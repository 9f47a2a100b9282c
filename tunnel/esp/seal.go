package esp

import (
	"encoding/binary"
	"math"
)

// Sender is the outbound half of an SA. It is not safe for concurrent use: one goroutine seals.
type Sender struct {
	spi   uint32
	suite Suite
	at    layout
	seq   uint32 // of the last packet
	t     transform
}

// NewSender makes the outbound half. spi is the peer's, in host order; enc includes the salt with AES-GCM. The keys
// are not kept beyond what the ciphers hold.
func NewSender(spi uint32, s Suite, enc, auth []byte) (*Sender, error) {
	t, err := newTransform(s, enc, auth)
	if err != nil {
		return nil, err
	}
	return &Sender{spi: spi, suite: s, at: s.layout(), t: t}, nil
}

// Suite and SPI name the SA; Seq is the sequence number of the last packet.
func (s *Sender) Suite() Suite { return s.suite }
func (s *Sender) SPI() uint32  { return s.spi }
func (s *Sender) Seq() uint32  { return s.seq }

// Seal seals the batch in order and returns how many packets were sealed. A packet without room gets ErrRoom. When
// the sequence numbers are used up, the rest of the batch is not sealed and the error is ErrExhausted: a number is
// never used twice (RFC 4303 §3.3.3).
func (s *Sender) Seal(batch []Packet) (n int, err error) {
	for i := range batch {
		p := &batch[i]
		if s.seq == math.MaxUint32 {
			for ; i < len(batch); i++ {
				batch[i].N, batch[i].Err = 0, ErrExhausted
			}
			return n, ErrExhausted
		}
		if p.Err = s.one(p); p.Err == nil {
			n++
		}
	}
	return n, nil
}

// Clear forgets the keys: it zeroes what is in reach and leaves the rest to the garbage collector, because the
// ciphers of the standard library do not let go of theirs. Packets get ErrCleared from then on.
func (s *Sender) Clear() {
	if s.t != nil {
		s.t.clear()
		s.t = nil
	}
}

func (s *Sender) one(p *Packet) error {
	p.N = 0
	if s.t == nil {
		return ErrCleared
	}
	total := s.at.sealed(len(p.Src))
	if len(p.Dst) < total || len(p.Src) > 65535 {
		return ErrRoom
	}
	plain := p.Dst[s.at.header : total-s.at.icv]
	if len(p.Src) == 0 || &plain[0] != &p.Src[0] {
		copy(plain, p.Src)
	}
	pad := len(plain) - len(p.Src) - trailerLen
	for i := range pad {
		plain[len(p.Src)+i] = byte(i + 1)
	}
	plain[len(plain)-2], plain[len(plain)-1] = byte(pad), nextIPv4
	s.seq++
	binary.BigEndian.PutUint32(p.Dst, s.spi)
	binary.BigEndian.PutUint32(p.Dst[4:], s.seq)
	s.t.seal(p.Dst[:total], plain, s.seq)
	p.N = total
	return nil
}
