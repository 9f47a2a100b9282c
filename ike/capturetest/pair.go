package capturetest

import (
	"bytes"
	"errors"
)

// Pair is the half of a recorded Diffie-Hellman exchange that one side had. It is a keymat.KeyPair whose private
// value nobody knows: it gives the recorded secret for the recorded peer, and an error for any other.
type Pair struct{ own, peer, gxy Hex }

func (p Pair) Public() []byte { return bytes.Clone(p.own) }

func (p Pair) Shared(peer []byte) ([]byte, error) {
	if len(p.gxy) == 0 || !bytes.Equal(peer, p.peer) {
		return nil, errors.New("KE of the peer is not the recorded one")
	}
	return bytes.Clone(p.gxy), nil
}

// Pair is the half of the initiator or of the responder in phase 1.
func (s *ISAKMPSA) Pair(initiator bool) Pair { return pair(s.KEI, s.KER, s.GXY, initiator) }

// Pair is the half of the initiator or of the responder of a Quick Mode with PFS.
func (c *Child) Pair(initiator bool) Pair { return pair(c.KEI, c.KER, c.GXY, initiator) }

func pair(i, r, gxy Hex, initiator bool) Pair {
	if initiator {
		return Pair{i, r, gxy}
	}
	return Pair{r, i, gxy}
}
