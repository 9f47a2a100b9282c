package ike

import (
	"errors"
	"fmt"
	"io"
	"net/netip"
	"time"

	"ezvpn/ike/keymat"
)

// Server is what the gateway's side of an association is made with. The engine's gateway side exists for tests, the
// demo and benchmarks; it answers what the client's side sends.
type Server struct {
	Rand         io.Reader
	DH           func(keymat.Group) (keymat.KeyPair, error)
	Local        netip.AddrPort
	Identity     Identity
	Group        func(Identity) (Secret, bool) // the group key of a client
	Phase1       []Phase1
	Phase2       []Suite
	Life1, Life2 time.Duration // 0: the client's
	Kilobytes    uint64        // told with RESPONDER-LIFETIME, 0 for none
	PFS          keymat.Group  // demanded, 0: the client's choice
	XAUTH        bool          // the XAUTHInit method; otherwise the plain one
	// Narrow answers a proposed selector, from the gateway's point of view; false refuses it.
	Narrow       func(Selector) (Selector, bool)
	NoDPD        bool
	NoFragments  bool
	FragmentSize int
}

// Accept makes the gateway's side. The owner gives it the first message of an unknown initiator cookie, and every
// message with the same cookie after it.
func Accept(_ time.Time, s *Server) *Conn {
	c := newConn(s.Rand, s.DH, s.FragmentSize)
	c.server, c.local = s, s.Local
	return c
}

// errClient says that a command is for the gateway's side.
var errClient = errors.New("only the gateway's side does this")

// ready says whether a command of the gateway's side can be carried out: it has an ISAKMP SA.
func (c *Conn) ready() error {
	switch {
	case c.server == nil:
		return errClient
	case c.auth == nil || c.phase == closed:
		return fmt.Errorf("no ISAKMP SA")
	}
	return nil
}
